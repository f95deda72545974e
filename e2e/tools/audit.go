// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"time"
)

// auditEvent holds the members that the e2e cases judge by.
type auditEvent struct {
	Stage     string    `json:"stage"`
	Verb      string    `json:"verb"`
	URI       string    `json:"requestURI"`
	UserAgent string    `json:"userAgent"`
	Received  time.Time `json:"requestReceivedTimestamp"`
	Time      time.Time `json:"stageTimestamp"`
	User      struct {
		Username string              `json:"username"`
		Extra    map[string][]string `json:"extra"`
	} `json:"user"`
	Object *struct {
		Group       string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Response struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
	// Bodies, of Leases alone (see the policy in cluster.sh).
	Request json.RawMessage `json:"requestObject"`
	Answer  json.RawMessage `json:"responseObject"`
}

func (e *auditEvent) resource() string {
	if e.Object == nil {
		return e.URI
	}
	name := e.Object.Resource
	if e.Object.Subresource != "" {
		name += "/" + e.Object.Subresource
	}
	if e.Object.Group != "" {
		name = e.Object.Group + "/" + name
	}
	return name
}

// writes reports whether the request changes something that is stored. Reviews of one's own access
// are POSTs, but store nothing.
func (e *auditEvent) writes() bool {
	switch e.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return e.Object == nil || e.Object.Resource != "selfsubjectaccessreviews"
	}
	return false
}

func (e *auditEvent) denied() bool {
	return e.Response.Code == 401 || e.Response.Code == 403 ||
		e.Annotations["authorization.k8s.io/decision"] == "forbid"
}

// forEachEvent reads complete events from an offset on; the server may be writing the last line.
func forEachEvent(path string, from int64, call func(*auditEvent)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var event auditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		call(&event)
	}
}

func runAudit(args []string) error {
	flags := flag.NewFlagSet("audit", flag.ExitOnError)
	user := flags.String("user", "system:serviceaccount:kube9-system:kube9-operator", "")
	from := flags.Int64("from", 0, "byte offset in the log")
	instance := flags.String("instance", "", "only requests with this credential id")
	rules := reignRules{}
	flags.DurationVar(&rules.deadline, "deadline", 10*time.Second, "reigns: the renew deadline")
	flags.DurationVar(&rules.transit, "transit", time.Second, "reigns: how long a request may be on its way")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return errors.New("wants writes, denied, uses or reigns, and a file")
	}
	what := flags.Arg(0)
	if what == "reigns" {
		return auditReigns(flags.Arg(1), *from, *user, rules, os.Stdout)
	}
	uses := map[string]int{}
	err := forEachEvent(flags.Arg(1), *from, func(e *auditEvent) {
		if e.User.Username != *user || *instance != "" && e.instance() != *instance {
			return
		}
		uses[e.Verb+" "+e.resource()]++
		// A watch appears twice (started, complete): what it was answered counts once.
		if what == "writes" && e.writes() || what == "denied" && e.denied() {
			name, namespace := "", ""
			if e.Object != nil {
				name, namespace = e.Object.Name, e.Object.Namespace
			}
			fmt.Printf("%s %d %s %s %s/%s\n", e.Time.Format("15:04:05.000"), e.Response.Code,
				e.Verb, e.resource(), namespace, name)
		}
	})
	if err != nil || what != "uses" {
		return err
	}
	keys := make([]string, 0, len(uses))
	for key := range uses {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		fmt.Println(uses[key], key)
	}
	return nil
}
