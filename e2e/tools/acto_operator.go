// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// actoOperator is the process under test. A restart keeps its database and its Lease's identity.
type actoOperator struct {
	program, kubeconfig, dir string
	db                       string
	command                  *exec.Cmd
	ended                    chan error
	logged                   int64 // how much of the log was looked at
	from                     int64 // where the log was when the operator started
}

func (o *actoOperator) log() string {
	return filepath.Join(o.dir, "operator.log")
}

func (o *actoOperator) logEnd() int64 {
	info, err := os.Stat(o.log())
	if err != nil {
		return 0
	}
	return info.Size()
}

// fresh forgets the history: the next start makes a new database.
func (o *actoOperator) fresh(number int) {
	o.db = filepath.Join(o.dir, fmt.Sprintf("acto-%d.db", number))
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (o *actoOperator) start() error {
	address, err := freePort()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(o.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	o.from = o.logEnd()
	o.command = exec.Command(o.program, "serve", "--kubeconfig", o.kubeconfig, "--db", o.db, "--listen", address)
	o.command.Env = append(os.Environ(), "POD_UID=acto-operator")
	o.command.Stdout, o.command.Stderr = log, log
	o.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := o.command.Start(); err != nil {
		return err
	}
	o.ended = make(chan error, 1)
	go func(c *exec.Cmd, ended chan error) { ended <- c.Wait() }(o.command, o.ended)
	return until(func() error {
		if err := o.alive(); err != nil {
			return err
		}
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != 200 {
			return fmt.Errorf("/readyz: %s", response.Status)
		}
		return nil
	})
}

// alive fails once the process has ended by itself.
func (o *actoOperator) alive() error {
	select {
	case err := <-o.ended:
		o.ended <- err
		return fmt.Errorf("the operator ended: %v", err)
	default:
		return nil
	}
}

// kill ends it as a crash would.
func (o *actoOperator) kill() {
	if o.command == nil {
		return
	}
	_ = o.command.Process.Kill()
	err := <-o.ended
	o.ended <- err
	o.command = nil
}

// stop asks it to end and waits: with a sanitizer this is when leaks are told.
func (o *actoOperator) stop() error {
	_ = o.command.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-o.ended:
		o.ended <- err
		o.command = nil
		if err != nil {
			return fmt.Errorf("SIGTERM: the operator ended with %v", err)
		}
		return nil
	case <-time.After(hardLimit):
		o.kill()
		return errors.New("SIGTERM: the operator did not end")
	}
}

var report = regexp.MustCompile(`AddressSanitizer|LeakSanitizer|runtime error:|ThreadSanitizer|Assertion`)

// complaints looks at what was logged since the last look: sanitizer reports, lines that are no JSON,
// and errors. No error is allowed: what a user may write is at most a warning.
func (o *actoOperator) complaints() error {
	text, err := os.ReadFile(o.log())
	if err != nil {
		return err
	}
	news := text[min(o.logged, int64(len(text))):]
	end := bytes.LastIndexByte(news, '\n') + 1
	o.logged += int64(end)
	for _, line := range bytes.Split(news[:end], []byte("\n")) {
		var entry struct {
			Level string `json:"level"`
		}
		switch {
		case len(line) == 0:
		case report.Match(line):
			return fmt.Errorf("sanitizer: %s", line)
		case json.Unmarshal(line, &entry) != nil:
			return fmt.Errorf("log line is no JSON: %.200s", line)
		case entry.Level == "error":
			return fmt.Errorf("log: %.400s", line)
		}
	}
	return nil
}
