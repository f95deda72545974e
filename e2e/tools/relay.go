// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// relay is a TCP relay between one client and the API server that can be told to behave like a
// broken network. What is under way when it stops passing is kept and delivered when it passes
// again, also if the client is gone by then: late packets are part of a broken network.
type relay struct {
	to      string
	mu      sync.Mutex
	changed *sync.Cond
	mode    string
	conns   map[net.Conn]bool
}

// Modes: which directions pass bytes. cut also ends all connections and every new one.
var relayModes = map[string]struct{ up, down bool }{
	"pass":  {true, true},
	"stall": {false, false}, // connections stay open, nothing moves
	"half":  {true, false},  // requests arrive, answers do not
	"cut":   {false, false},
}

func newRelay(to string) *relay {
	r := &relay{to: to, mode: "pass", conns: map[net.Conn]bool{}}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *relay) set(mode string) error {
	if _, known := relayModes[mode]; !known {
		return fmt.Errorf("unknown mode %q", mode)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == mode {
		return nil
	}
	r.mode = mode
	if mode == "cut" {
		for conn := range r.conns {
			conn.Close()
		}
	}
	r.changed.Broadcast()
	fmt.Printf("%s %s\n", time.Now().Format("15:04:05.000"), mode)
	return nil
}

// gate waits until the direction passes; false: the connection is to end.
func (r *relay) gate(up bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		m := relayModes[r.mode]
		if r.mode == "cut" {
			return false
		}
		if up && m.up || !up && m.down {
			return true
		}
		r.changed.Wait()
	}
}

func (r *relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == "cut" {
		return false
	}
	r.conns[conn] = true
	return true
}

func (r *relay) forget(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, conn)
	conn.Close()
}

func (r *relay) pump(from, to net.Conn, up bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !r.gate(up) {
			break
		}
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	if tcp, ok := to.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
}

func (r *relay) serve(client net.Conn) {
	if !r.keep(client) {
		client.Close()
		return
	}
	defer r.forget(client)
	if !r.gate(true) { // a stalled network opens no connection either
		return
	}
	server, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	if !r.keep(server) {
		server.Close()
		return
	}
	defer r.forget(server)
	done := make(chan struct{})
	go func() {
		r.pump(server, client, false)
		close(done)
	}()
	r.pump(client, server, true)
	<-done
}

// follow reads the mode from the control file, fifty times a second.
func (r *relay) follow(path string) {
	for {
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			if err := r.set(strings.TrimSpace(string(text))); err != nil {
				fmt.Fprintln(os.Stderr, "k9e2e relay:", err)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func runRelay(args []string) error {
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	to := flags.String("to", "", "HOST:PORT of the API server")
	listen := flags.String("listen", "127.0.0.1:0", "")
	control := flags.String("control", "", "file that holds the mode: pass, stall, half or cut")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *to == "" || *control == "" || flags.NArg() != 0 {
		return errors.New("wants -to and -control")
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("%s to %s\n", listener.Addr(), *to)
	r := newRelay(*to)
	go r.follow(*control)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go r.serve(conn)
	}
}
