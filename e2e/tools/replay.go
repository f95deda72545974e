// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// replayServer stands in front of a real API server. Everything goes through, but for the list and
// watch of all Pods: the list is recorded once and served from memory, the watch says what POST
// /replay asks for, at a rate that an API server on the same two cores cannot reach.
type replayServer struct {
	plain, packed []byte
	pods          [][]byte
	version       int
	updates       chan []byte
	proxy         *httputil.ReverseProxy
	asking        sync.Mutex
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
)

func replaceFirst(text []byte, member *regexp.Regexp, with string) []byte {
	at := member.FindIndex(text)
	if at == nil {
		return text
	}
	return bytes.Join([][]byte{text[:at[0]], []byte(with), text[at[1]:]}, nil)
}

func (r *replayServer) record(client *kubeClient) error {
	response, err := client.http.Get(client.server + "/api/v1/pods")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if r.plain, err = io.ReadAll(response.Body); err != nil {
		return err
	}
	var list podList
	if err := json.Unmarshal(r.plain, &list); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return errors.New("there are no Pods to replay")
	}
	for _, item := range list.Items {
		r.pods = append(r.pods, item)
	}
	r.version, err = strconv.Atoi(list.Metadata.ResourceVersion)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // as the API server does
	w.Write(r.plain)
	w.Close()
	r.packed = packed.Bytes()
	return nil
}

func (r *replayServer) serveList(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(r.packed)
		return
	}
	w.Write(r.plain)
}

// serveWatch flushes line by line, as the API server does when it keeps up.
func (r *replayServer) serveWatch(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.(http.Flusher).Flush()
	for {
		select {
		case line := <-r.updates:
			w.Write(line)
			w.(http.Flusher).Flush()
		case <-req.Context().Done():
			return
		}
	}
}

func (r *replayServer) line(n int) []byte {
	r.version++
	pod := replaceFirst(r.pods[n%len(r.pods)], versionMember, fmt.Sprintf(`"resourceVersion":"%d"`, r.version))
	stamp := time.Unix(1767225600+int64(n), 0).UTC().Format(time.RFC3339)
	pod = replaceFirst(pod, timeMember, fmt.Sprintf(`"creationTimestamp":"%s"`, stamp))
	return []byte(`{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1",` + string(pod[1:]) + "}\n")
}

// serveUpdates sends count updates, rate of them each second, and answers when the last is written.
func (r *replayServer) serveUpdates(w http.ResponseWriter, req *http.Request) {
	r.asking.Lock()
	defer r.asking.Unlock()
	count, err1 := strconv.Atoi(req.FormValue("count"))
	rate, err2 := strconv.Atoi(req.FormValue("rate"))
	if err := errors.Join(err1, err2); err != nil || rate <= 0 {
		http.Error(w, fmt.Sprint("count and rate: ", err), http.StatusBadRequest)
		return
	}
	lines := make([][]byte, count)
	for n := range lines {
		lines[n] = r.line(n)
	}
	begin := time.Now()
	for n, line := range lines {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * time.Second / time.Duration(rate))))
		r.updates <- line
	}
	seconds := time.Since(begin).Seconds()
	fmt.Fprintf(w, "%d updates of %d bytes in %.1f s, %.0f/s\n", count, len(lines[0]), seconds, float64(count)/seconds)
}

func (r *replayServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.URL.Path == "/replay":
		r.serveUpdates(w, req)
	case req.URL.Path != "/api/v1/pods" || req.Method != "GET":
		r.proxy.ServeHTTP(w, req)
	case req.FormValue("watch") == "true" || req.FormValue("watch") == "1":
		r.serveWatch(w, req)
	default:
		r.serveList(w, req)
	}
}

func runReplay(args []string) error {
	flags := flag.NewFlagSet("replay", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "of an administrator")
	listen := flags.String("listen", "127.0.0.1:16443", "")
	cert := flags.String("cert", "", "the API server's certificate")
	key := flags.String("key", "", "and its key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newKubeClient(*config, 1)
	if err != nil {
		return err
	}
	r := &replayServer{updates: make(chan []byte, 1)}
	if err := r.record(client); err != nil {
		return err
	}
	server, err := url.Parse(client.server)
	if err != nil {
		return err
	}
	roots := client.http.Transport.(*http.Transport).TLSClientConfig.RootCAs
	r.proxy = httputil.NewSingleHostReverseProxy(server)
	r.proxy.FlushInterval = -1
	r.proxy.Transport = &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}
	fmt.Printf("%d Pods, %.1f MB, %.1f MB packed\n", len(r.pods), float64(len(r.plain))/1e6, float64(len(r.packed))/1e6)
	return http.ListenAndServeTLS(*listen, *cert, *key, r)
}
