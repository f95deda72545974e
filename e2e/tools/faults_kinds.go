// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"
)

// statusText is the body of a failure as the API server says it.
func statusText(code int, reason, message, details string) string {
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,`+
		`"reason":%q,"details":{%s},"code":%d}`, message, reason, details, code)
}

var (
	tooMany     = statusText(429, "TooManyRequests", "injected: too many requests", `"retryAfterSeconds":1`)
	broken      = statusText(500, "InternalError", "injected: broken", "")
	unavailable = statusText(503, "ServiceUnavailable", "injected: unavailable", "")
	expired     = statusText(410, "Expired", "injected: too old resource version: 1 (2)", "")
	timedOut    = statusText(504, "Timeout", "injected: the answer took too long", "")
	tooLarge    = statusText(504, "Timeout", "Too large resource version: 9, current: 1",
		`"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1`)
)

func say(w http.ResponseWriter, code int, body, retryAfter string) {
	w.Header().Set("Content-Type", "application/json")
	if retryAfter != "" {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.WriteHeader(code)
	io.WriteString(w, body)
}

func answering(code int, body, retryAfter string) func(*faultProxy, http.ResponseWriter, *http.Request) {
	return func(_ *faultProxy, w http.ResponseWriter, _ *http.Request) {
		say(w, code, body, retryAfter)
	}
}

var reads = []requestClass{classList, classWatch}

var requestFaults = []requestFault{
	{name: "429", instead: answering(429, tooMany, "")},
	{name: "429, Retry-After", instead: answering(429, tooMany, "1")},
	{name: "500", instead: answering(500, broken, "")},
	{name: "503", instead: answering(503, unavailable, "")},
	{name: "503, Retry-After", instead: answering(503, unavailable, "1")},
	{name: "410", classes: reads, instead: answering(410, expired, "")},
	{name: "504 too large RV", classes: reads, instead: answering(504, tooLarge, "1")},
	{name: "connection reset", instead: cutInstead(true)},
	{name: "connection closed", instead: cutInstead(false)},
	{name: "connections refused for 1-3 s", instead: playDead},
	{name: "stream reset", instead: func(*faultProxy, http.ResponseWriter, *http.Request) { abort() }},
	{name: "list cut, stream reset", classes: []requestClass{classList}, after: cutBody(true)},
	{name: "list cut, clean end", classes: []requestClass{classList}, after: cutBody(false)},
	{name: "slow body", classes: []requestClass{classList, classGet}, after: slowBody},
	{name: "written, stream reset", classes: []requestClass{classWrite}, after: loseAnswer},
	{name: "written, 504", classes: []requestClass{classWrite}, after: lie},
}

func cutInstead(reset bool) func(*faultProxy, http.ResponseWriter, *http.Request) {
	return func(_ *faultProxy, _ http.ResponseWriter, r *http.Request) {
		resetConnection(r, reset)
		abort()
	}
}

func playDead(p *faultProxy, _ http.ResponseWriter, _ *http.Request) {
	p.playDead(p.draw.between(time.Second, 3*time.Second))
	abort()
}

// cutBody loses the second half of the answer.
func cutBody(reset bool) func(*faultProxy, http.ResponseWriter, *http.Request, *http.Response) {
	return func(_ *faultProxy, w http.ResponseWriter, _ *http.Request, response *http.Response) {
		body, _ := io.ReadAll(response.Body)
		copyHeaders(w, response)
		w.Header().Del("Content-Length")
		w.WriteHeader(response.StatusCode)
		w.Write(body[:len(body)/2])
		if reset {
			w.(http.Flusher).Flush()
			abort()
		}
	}
}

// slowBody takes two to six seconds for it.
func slowBody(p *faultProxy, w http.ResponseWriter, r *http.Request, response *http.Response) {
	const pieces = 20
	body, _ := io.ReadAll(response.Body)
	copyHeaders(w, response)
	w.WriteHeader(response.StatusCode)
	pause := p.draw.between(2*time.Second, 6*time.Second) / pieces
	for i := range pieces {
		w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces])
		w.(http.Flusher).Flush()
		if !sleepFor(r, pause) {
			return
		}
	}
}

func loseAnswer(_ *faultProxy, _ http.ResponseWriter, _ *http.Request, response *http.Response) {
	io.Copy(io.Discard, response.Body)
	abort()
}

func lie(_ *faultProxy, w http.ResponseWriter, _ *http.Request, response *http.Response) {
	io.Copy(io.Discard, response.Body)
	say(w, 504, timedOut, "")
}

// sleepFor is false when the client went away meanwhile.
func sleepFor(r *http.Request, d time.Duration) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-time.After(d):
		return true
	}
}

// lineFault happens to one line of a watch; true: the watch goes on.
type lineFault struct {
	name string
	do   func(s *lineStream, line []byte) bool
}

type lineStream struct {
	p *faultProxy
	w http.ResponseWriter
	r *http.Request
}

func (s *lineStream) write(text []byte) {
	s.w.Write(text)
	s.w.(http.Flusher).Flush()
}

var lineFaults = []lineFault{
	{"line: clean end before it", func(*lineStream, []byte) bool { return false }},
	{"line: stream reset before it", func(*lineStream, []byte) bool { abort(); return false }},
	{"line: clean end inside", func(s *lineStream, line []byte) bool { s.write(line[:len(line)/2]); return false }},
	{"line: stream reset inside", func(s *lineStream, line []byte) bool { s.write(line[:len(line)/2]); abort(); return false }},
	{"line: connection reset", cutLine(true)},
	{"line: connection closed", cutLine(false)},
	{"line: twice", func(s *lineStream, line []byte) bool { s.write(append(bytes.Clone(line), line...)); return true }},
	{"line: 2-10 s late", stall(true)},
	{"line: silence for 2-10 s, then cut", stall(false)},
	{"line: ERROR 410", errorLine(expired)},
	{"line: ERROR 429", errorLine(tooMany)},
	{"line: ERROR 500", errorLine(broken)},
	{"line: ERROR 504 too large RV", errorLine(tooLarge)},
	{"line: no JSON", func(s *lineStream, line []byte) bool { s.write([]byte("{\"type\":\"MODIF\x00\n")); return false }},
}

func cutLine(reset bool) func(*lineStream, []byte) bool {
	return func(s *lineStream, line []byte) bool {
		resetConnection(s.r, reset)
		return false
	}
}

func stall(goesOn bool) func(*lineStream, []byte) bool {
	return func(s *lineStream, line []byte) bool {
		if !sleepFor(s.r, s.p.draw.between(2*time.Second, 10*time.Second)) {
			return false
		}
		if !goesOn {
			abort()
		}
		s.write(line)
		return true
	}
}

func errorLine(status string) func(*lineStream, []byte) bool {
	return func(s *lineStream, _ []byte) bool {
		s.write([]byte(`{"type":"ERROR","object":` + status + "}\n"))
		return false
	}
}

// passLines sends a watch on line by line.
func (p *faultProxy) passLines(w http.ResponseWriter, r *http.Request, response *http.Response) {
	defer response.Body.Close()
	s := &lineStream{p, w, r}
	copyHeaders(w, response)
	w.WriteHeader(response.StatusCode)
	w.(http.Flusher).Flush()
	reader := bufio.NewReaderSize(response.Body, 64<<10)
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return
		}
		if err != nil {
			s.write(line)
			abort()
		}
		if fault := p.draw.line(); fault == nil {
			s.write(line)
		} else if !fault.do(s, line) {
			return
		}
	}
}
