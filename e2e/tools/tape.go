// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tape holds Pods as an API server once listed them, and plays them: lists in pages, watches with
// and without initial events, and updates at a rate that an API server on the same cores cannot
// reach. What can be made before somebody asks, is; a page is packed when it is first asked for.
type tape struct {
	pods     [][]byte // as items of a list
	version  int64    // of the list
	mu       sync.Mutex
	pages    map[string][]byte // by start, limit and encoding
	watchers map[*tapeWatch]bool
	asking   sync.Mutex
	sent     int64 // resourceVersion of the last update: the time of sending, in microseconds
}

type tapeWatch struct {
	lines chan []byte
	ended <-chan struct{}
}

type podList struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// The first of each is in the Pod's own metadata, which comes first.
var (
	versionMember = regexp.MustCompile(`"resourceVersion":"[0-9]+"`)
	timeMember    = regexp.MustCompile(`"lastTransitionTime":"[^"]*"|"creationTimestamp":"[^"]*"`)
	uidStart      = regexp.MustCompile(`"uid":"[0-9a-f]{8}`)
)

func replaceFirst(text []byte, member *regexp.Regexp, with string) []byte {
	at := member.FindIndex(text)
	if at == nil {
		return text
	}
	return bytes.Join([][]byte{text[:at[0]], []byte(with), text[at[1]:]}, nil)
}

// copyOf makes another Pod of another owner with another template. Copy 0 is the Pod itself.
func copyOf(pod []byte, n int) []byte {
	if n == 0 {
		return pod
	}
	text := strings.NewReplacer("team-", fmt.Sprintf("team-%d-", n), "load/app-", fmt.Sprintf("load/app-%d-", n)).
		Replace(string(pod))
	return uidStart.ReplaceAll([]byte(text), fmt.Appendf(nil, `"uid":"%08x`, n))
}

// newTape records a list in JSON, each Pod of it so many times.
func newTape(text []byte, copies int) (*tape, error) {
	var list podList
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	if len(list.Items) == 0 {
		return nil, errors.New("there are no Pods to replay")
	}
	version, err := strconv.ParseInt(list.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		return nil, err
	}
	t := &tape{version: version, pages: map[string][]byte{}, watchers: map[*tapeWatch]bool{}}
	for n := range copies {
		for _, item := range list.Items {
			t.pods = append(t.pods, copyOf(item, n))
		}
	}
	return t, nil
}

func (t *tape) bytes() int {
	sum := 0
	for _, pod := range t.pods {
		sum += len(pod)
	}
	return sum
}

func pack(text []byte) []byte {
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // as the API server does
	w.Write(text)
	w.Close()
	return packed.Bytes()
}

// page is the list from a Pod on, limit Pods long (0: all of them).
func (t *tape) page(start, limit int, packed bool) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := fmt.Sprint(start, limit, packed)
	if page, ok := t.pages[key]; ok {
		return page
	}
	end, more := len(t.pods), ""
	if limit > 0 && start+limit < end {
		end = start + limit
		more = fmt.Sprintf(`,"continue":"%d","remainingItemCount":%d`, end, len(t.pods)-end)
	}
	page := fmt.Appendf(nil, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"%d"%s},"items":[`,
		t.version, more)
	page = append(page, bytes.Join(t.pods[start:end], []byte(","))...)
	page = append(page, "]}\n"...)
	if packed {
		page = pack(page)
	}
	t.pages[key] = page
	return page
}

func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.Atoi(text)
}

func (t *tape) serveList(w http.ResponseWriter, req *http.Request) {
	start, err1 := number(req.FormValue("continue"))
	limit, err2 := number(req.FormValue("limit"))
	if errors.Join(err1, err2) != nil || start < 0 || start > len(t.pods) || limit < 0 {
		http.Error(w, "continue and limit", http.StatusBadRequest)
		return
	}
	packed := strings.Contains(req.Header.Get("Accept-Encoding"), "gzip")
	w.Header().Set("Content-Type", "application/json")
	if packed {
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Write(t.page(start, limit, packed))
}

// podEvent is one line of a watch.
func podEvent(kind string, pod []byte) []byte {
	return []byte(`{"type":"` + kind + `","object":{"kind":"Pod","apiVersion":"v1",` + string(pod[1:]) + "}\n")
}

// initialEvents writes all Pods and the bookmark that ends them.
func (t *tape) initialEvents(w http.ResponseWriter) {
	for _, pod := range t.pods {
		w.Write(podEvent("ADDED", pod))
	}
	fmt.Fprintf(w, `{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"%d",`+
		`"creationTimestamp":null,"annotations":{"k8s.io/initial-events-end":"true"}},"spec":{"containers":null},"status":{}}}`+"\n",
		t.version)
}

// serveWatch flushes line by line, as the API server does when it keeps up.
func (t *tape) serveWatch(w http.ResponseWriter, req *http.Request) {
	watch := &tapeWatch{lines: make(chan []byte, 1), ended: req.Context().Done()}
	t.mu.Lock()
	t.watchers[watch] = true
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.watchers, watch)
		t.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	if req.FormValue("sendInitialEvents") == "true" {
		t.initialEvents(w)
	}
	w.(http.Flusher).Flush()
	for {
		select {
		case line := <-watch.lines:
			w.Write(line)
			w.(http.Flusher).Flush()
		case <-watch.ended:
			return
		}
	}
}

func (t *tape) serve(w http.ResponseWriter, req *http.Request) {
	if watch := req.FormValue("watch"); watch == "true" || watch == "1" {
		t.serveWatch(w, req)
		return
	}
	t.serveList(w, req)
}

// update is one Pod with another time in it. The version is put in when it is sent: it has 16 digits.
func (t *tape) update(n int) (line []byte, version int) {
	stamp := time.Unix(1767225600+int64(n), 0).UTC().Format(time.RFC3339)
	pod := replaceFirst(t.pods[n%len(t.pods)], timeMember, fmt.Sprintf(`"creationTimestamp":"%s"`, stamp))
	line = podEvent("MODIFIED", replaceFirst(pod, versionMember, `"resourceVersion":"0000000000000000"`))
	return line, bytes.Index(line, []byte(`"0000000000000000"`)) + 1
}

// send gives a line the time of sending, which nobody gets twice, and hands it to all watches.
func (t *tape) send(line []byte, version int) {
	t.sent = max(t.sent+1, time.Now().UnixMicro())
	copy(line[version:], strconv.FormatInt(t.sent, 10))
	t.mu.Lock()
	defer t.mu.Unlock()
	for watch := range t.watchers {
		select {
		case watch.lines <- line:
		case <-watch.ended:
		}
	}
}

// serveUpdates sends count updates, rate of them each second, and answers when the last is written.
func (t *tape) serveUpdates(w http.ResponseWriter, req *http.Request) {
	t.asking.Lock()
	defer t.asking.Unlock()
	count, err1 := strconv.Atoi(req.FormValue("count"))
	rate, err2 := strconv.Atoi(req.FormValue("rate"))
	if err := errors.Join(err1, err2); err != nil || rate <= 0 {
		http.Error(w, fmt.Sprint("count and rate: ", err), http.StatusBadRequest)
		return
	}
	lines, versions := make([][]byte, count), make([]int, count)
	for n := range lines {
		lines[n], versions[n] = t.update(n)
	}
	begin := time.Now()
	for n, line := range lines {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * time.Second / time.Duration(rate))))
		t.send(line, versions[n])
	}
	seconds := time.Since(begin).Seconds()
	fmt.Fprintf(w, "%d updates of %d bytes in %.1f s, up to %d, %.0f/s\n", count, len(lines[0]), seconds, t.sent,
		float64(count)/seconds)
}
