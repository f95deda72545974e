// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

// replayServer serves the Pods of a tape. Without an API server that is all it knows; in front of
// one everything else goes through.
type replayServer struct {
	tape  *tape
	proxy *httputil.ReverseProxy // nil: without an API server
}

func (r *replayServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.URL.Path == "/replay":
		r.tape.serveUpdates(w, req)
	case req.URL.Path == "/api/v1/pods" && req.Method == "GET":
		r.tape.serve(w, req)
	case r.proxy != nil:
		r.proxy.ServeHTTP(w, req)
	case req.URL.Path == "/healthz":
		fmt.Fprintln(w, "ok")
	default:
		http.NotFound(w, req)
	}
}

// behind sends what is not on the tape to the API server, and returns its list of Pods.
func (r *replayServer) behind(config string) ([]byte, error) {
	client, err := newKubeClient(config, 1)
	if err != nil {
		return nil, err
	}
	server, err := url.Parse(client.server)
	if err != nil {
		return nil, err
	}
	roots := client.http.Transport.(*http.Transport).TLSClientConfig.RootCAs
	r.proxy = httputil.NewSingleHostReverseProxy(server)
	r.proxy.FlushInterval = -1
	r.proxy.Transport = &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}
	response, err := client.http.Get(client.server + "/api/v1/pods")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

func runReplay(args []string) error {
	flags := flag.NewFlagSet("replay", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "of an administrator; the Pods are recorded there")
	from := flags.String("from", "", "a list of Pods recorded before (JSON), instead of an API server")
	copies := flags.Int("copies", 1, "how often each Pod is there, each time with another owner")
	listen := flags.String("listen", "127.0.0.1:16443", "")
	cert := flags.String("cert", "", "the API server's certificate")
	key := flags.String("key", "", "and its key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if (*config == "") == (*from == "") || *copies < 1 {
		return errors.New("wants one of -kubeconfig and -from, and at least one copy")
	}
	var r replayServer
	var list []byte
	var err error
	if *config != "" {
		list, err = r.behind(*config)
	} else {
		list, err = os.ReadFile(*from)
	}
	if err != nil {
		return err
	}
	if r.tape, err = newTape(list, *copies); err != nil {
		return err
	}
	fmt.Printf("%d Pods of %d bytes\n", len(r.tape.pods), r.tape.bytes()/len(r.tape.pods))
	return http.ListenAndServeTLS(*listen, *cert, *key, &r)
}
