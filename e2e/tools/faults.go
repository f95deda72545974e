// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// faultProxy stands in front of a real API server and breaks a seeded share of what goes through:
// of requests (before the server sees them, or after it did: the answer is lost), and of single
// lines of watches. HTTP/2 on both sides. What it did is counted; -control serves the counts and
// takes other rates.
type faultProxy struct {
	server    string
	upstream  *http.Transport
	draw      *faultDraw
	closedTo  atomic.Int64 // until then (ns since 1970) new connections are reset
	forwarded sync.Map     // "PATCH pods/status" -> *atomic.Int64: what reached the server
	open      sync.Map     // *net.TCPConn of clients
}

type connectionKey struct{}

// resetConnection ends the client's connection with a TCP reset, or politely.
func resetConnection(r *http.Request, reset bool) {
	c, ok := r.Context().Value(connectionKey{}).(*tls.Conn)
	if !ok {
		return
	}
	tcp, ok := c.NetConn().(*net.TCPConn)
	if !ok {
		return
	}
	if reset {
		tcp.SetLinger(0)
	}
	tcp.Close()
}

// abort ends the stream without its end: RST_STREAM.
func abort() {
	panic(http.ErrAbortHandler)
}

// resourceOf names what a path is about: "pods", "pods/status", "leases".
func resourceOf(path string) (resource string, named bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return path, true
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	if len(parts) > 2 {
		return parts[0] + "/" + parts[2], true
	}
	return parts[0], len(parts) == 2
}

func classOf(r *http.Request) requestClass {
	_, named := resourceOf(r.URL.Path)
	switch {
	case r.Method != http.MethodGet:
		return classWrite
	case r.FormValue("watch") == "true" || r.FormValue("watch") == "1":
		return classWatch
	case named:
		return classGet
	}
	return classList
}

func (p *faultProxy) countForwarded(r *http.Request) {
	resource, _ := resourceOf(r.URL.Path)
	counter, _ := p.forwarded.LoadOrStore(r.Method+" "+resource, &atomic.Int64{})
	counter.(*atomic.Int64).Add(1)
}

// forward sends the request on as it came and returns the server's answer. If there is none the
// client's connection ends, as it would without a proxy.
func (p *faultProxy) forward(r *http.Request) *http.Response {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = "https", strings.TrimPrefix(p.server, "https://")
	out.Host = ""
	response, err := p.upstream.RoundTrip(out)
	if err != nil {
		if r.Context().Err() == nil {
			p.draw.count("(server down)")
			resetConnection(r, true)
		}
		abort()
	}
	p.countForwarded(r)
	return response
}

func copyHeaders(w http.ResponseWriter, response *http.Response) {
	for name, values := range response.Header {
		w.Header()[name] = values
	}
}

func (p *faultProxy) pass(w http.ResponseWriter, response *http.Response) {
	defer response.Body.Close()
	copyHeaders(w, response)
	w.WriteHeader(response.StatusCode)
	if _, err := io.Copy(w, response.Body); err != nil {
		abort()
	}
}

func (p *faultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	class := classOf(r)
	fault := p.draw.request(class)
	if fault.before(p, w, r) {
		return
	}
	response := p.forward(r)
	if fault.after != nil {
		defer response.Body.Close()
		fault.after(p, w, r, response)
		return
	}
	if class == classWatch && response.StatusCode == http.StatusOK {
		p.passLines(w, r, response)
		return
	}
	p.pass(w, response)
}

// refusingListener resets new connections while the proxy plays dead.
type refusingListener struct {
	*net.TCPListener
	proxy *faultProxy
}

func (l refusingListener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptTCP()
		if err != nil || time.Now().UnixNano() > l.proxy.closedTo.Load() {
			return c, err
		}
		c.SetLinger(0)
		c.Close()
		l.proxy.draw.count("(connection refused)")
	}
}

func (p *faultProxy) listen(address, cert, key string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: p,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			tcp := c.(*tls.Conn).NetConn()
			if state == http.StateNew {
				p.open.Store(tcp, nil)
			} else if state == http.StateClosed {
				p.open.Delete(tcp)
			}
		},
	}
	return server.ServeTLS(refusingListener{listener.(*net.TCPListener), p}, cert, key)
}

type faultCounts struct {
	Requests  int64            `json:"requests"`
	Lines     int64            `json:"lines"`
	Injected  map[string]int64 `json:"injected"`
	Forwarded map[string]int64 `json:"forwarded"`
}

// total leaves out what was not drawn: consequences, in parentheses.
func (c *faultCounts) total() int64 {
	var sum int64
	for name, n := range c.Injected {
		if name[0] != '(' {
			sum += n
		}
	}
	return sum
}

func (p *faultProxy) counts() faultCounts {
	c := p.draw.counts()
	c.Forwarded = map[string]int64{}
	p.forwarded.Range(func(name, counter any) bool {
		c.Forwarded[name.(string)] = counter.(*atomic.Int64).Load()
		return true
	})
	return c
}

// playDead resets all connections and every new one for a while.
func (p *faultProxy) playDead(d time.Duration) {
	p.closedTo.Store(time.Now().Add(d).UnixNano())
	p.open.Range(func(c, _ any) bool {
		c.(*net.TCPConn).SetLinger(0)
		c.(*net.TCPConn).Close()
		return true
	})
}

// serveControl: GET tells the counts; POST ?requests=0.01&lines=0.002 sets the shares, ?dead=2s plays
// dead.
func (p *faultProxy) serveControl(w http.ResponseWriter, r *http.Request) {
	if d, err := time.ParseDuration(r.FormValue("dead")); r.Method == http.MethodPost && err == nil {
		p.playDead(d)
		return
	}
	if r.Method == http.MethodPost {
		requests, err1 := strconv.ParseFloat(r.FormValue("requests"), 64)
		lines, err2 := strconv.ParseFloat(r.FormValue("lines"), 64)
		if err := errors.Join(err1, err2); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.draw.setRates(requests, lines)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(p.counts())
}

func printCounts(c faultCounts) {
	fmt.Printf("%d requests, %d watch lines, %d faults\n", c.Requests, c.Lines, c.total())
	var names []string
	for name := range c.Injected {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("  %-34s %6d\n", name, c.Injected[name])
	}
}

func runFaults(args []string) error {
	flags := flag.NewFlagSet("faults", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "of an administrator")
	listen := flags.String("listen", "127.0.0.1:16443", "")
	control := flags.String("control", "127.0.0.1:16444", "plain HTTP: /faults")
	cert := flags.String("cert", "", "the API server's certificate")
	key := flags.String("key", "", "and its key")
	seed := flags.Uint64("seed", 1, "the same seed draws the same faults in the same order")
	requests := flags.Float64("requests", 0.01, "share of requests that get a fault")
	lines := flags.Float64("lines", 0.002, "share of watch lines that get one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newKubeClient(*config, 1)
	if err != nil {
		return err
	}
	roots := client.http.Transport.(*http.Transport).TLSClientConfig.RootCAs
	p := &faultProxy{
		server: client.server,
		upstream: &http.Transport{
			TLSClientConfig:    &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2:  true,
			DisableCompression: true,
		},
		draw: newFaultDraw(*seed, *requests, *lines),
	}
	failed := make(chan error, 2)
	mux := http.NewServeMux()
	mux.HandleFunc("/faults", p.serveControl)
	go func() { failed <- http.ListenAndServe(*control, mux) }()
	go func() { failed <- p.listen(*listen, *cert, *key) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		return err
	case <-stop:
		printCounts(p.counts())
		return nil
	}
}
