// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	configs   = "kube9configs"
	runs      = "assessmentruns"
	groupPath = "/apis/kube9.io/v1alpha1/"
	quiet     = 150 * time.Millisecond
	hardLimit = 30 * time.Second
)

// answer is what the API server says to one request.
type answer struct {
	code    int
	message string
	object  tree
}

func (a answer) ok() bool { return a.code < 300 }

// actoCluster asks the API server as admin, and hears every change of our two kinds.
type actoCluster struct {
	kube  *kubeClient
	mutex sync.Mutex
	now   map[string]tree // by plural/name
	last  time.Time       // of the newest event
	heard func(key string, old, now tree)
}

func newActoCluster(kubeconfig string) (*actoCluster, error) {
	kube, err := newKubeClient(kubeconfig, 4)
	if err != nil {
		return nil, err
	}
	c := &actoCluster{kube: kube, now: map[string]tree{}, last: time.Now()}
	go c.listen(configs)
	go c.listen(runs)
	return c, nil
}

func (c *actoCluster) hearWith(heard func(key string, old, now tree)) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.heard = heard
}

func (c *actoCluster) ask(method, path, contentType string, body any) (answer, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.kube.server+path, reader)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := c.kube.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{code: response.StatusCode}
	if err := json.Unmarshal(text, &a.object); err != nil {
		return a, fmt.Errorf("%s %s: %s: %.200s", method, path, response.Status, text)
	}
	a.message = textAt(a.object, "message")
	if a.code >= 500 || a.code == 429 {
		return a, fmt.Errorf("%s %s: %d %s", method, path, a.code, a.message)
	}
	return a, nil
}

func objectPath(kind, name string) string {
	return groupPath + kind + "/" + name
}

// get answers nil for an object that is not there.
func (c *actoCluster) get(path string) (tree, error) {
	a, err := c.ask("GET", path, "", nil)
	if err != nil || a.code == 404 {
		return nil, err
	}
	if !a.ok() {
		return nil, fmt.Errorf("GET %s: %s", path, a.message)
	}
	return a.object, nil
}

func head(kind, name string) tree {
	word := map[string]string{configs: "Kube9Config", runs: "AssessmentRun"}[kind]
	return tree{"apiVersion": "kube9.io/v1alpha1", "kind": word, "metadata": tree{"name": name}}
}

// store creates the object with this spec, or replaces the spec it has.
func (c *actoCluster) store(kind, name string, spec any) (answer, error) {
	strict := "?fieldValidation=Strict"
	for attempt := 0; attempt < 20; attempt++ {
		object, err := c.get(objectPath(kind, name))
		if err != nil {
			return answer{}, err
		}
		if object == nil {
			object = head(kind, name)
			object["spec"] = spec
			return c.ask("POST", groupPath+kind+strict, "application/json", object)
		}
		object["spec"] = spec
		a, err := c.ask("PUT", objectPath(kind, name)+strict, "application/json", object)
		if err != nil || a.code != 409 {
			return a, err
		}
	}
	return answer{}, fmt.Errorf("%s/%s: 20 conflicts in a row", kind, name)
}

// tamper replaces the status, as somebody with too many rights would.
func (c *actoCluster) tamper(kind, name string, change func(object tree)) (answer, error) {
	for attempt := 0; attempt < 20; attempt++ {
		object, err := c.get(objectPath(kind, name))
		if err != nil || object == nil {
			return answer{code: 404}, err
		}
		change(object)
		a, err := c.ask("PUT", objectPath(kind, name)+"/status?fieldValidation=Strict", "application/json", object)
		if err != nil || a.code != 409 {
			return a, err
		}
	}
	return answer{}, fmt.Errorf("%s/%s: 20 conflicts in a row", kind, name)
}

func (c *actoCluster) patch(kind, name string, body tree) (answer, error) {
	return c.ask("PATCH", objectPath(kind, name), "application/merge-patch+json", body)
}

func (c *actoCluster) remove(kind, name string) error {
	a, err := c.ask("DELETE", objectPath(kind, name), "", nil)
	if err == nil && !a.ok() && a.code != 404 {
		err = fmt.Errorf("DELETE %s/%s: %s", kind, name, a.message)
	}
	return err
}

// removeAll empties a collection.
func (c *actoCluster) removeAll(path string) error {
	_, err := c.ask("DELETE", path, "", nil)
	return err
}

// listen follows one kind for as long as the program runs.
func (c *actoCluster) listen(kind string) {
	for {
		list, err := c.get(groupPath + kind)
		if err == nil && list != nil {
			c.relist(kind, list)
			c.follow(kind, textAt(list, "metadata", "resourceVersion"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (c *actoCluster) relist(kind string, list tree) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for key := range c.now {
		if strings.HasPrefix(key, kind+"/") {
			delete(c.now, key)
		}
	}
	items, _ := list["items"].([]any)
	for _, item := range items {
		c.now[kind+"/"+textAt(item, "metadata", "name")] = item.(tree)
	}
}

func (c *actoCluster) follow(kind, version string) {
	response, err := c.kube.http.Get(c.kube.server + groupPath + kind + "?watch=1&resourceVersion=" + version)
	if err != nil {
		return
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(response.Body)
	for {
		var event struct {
			Type   string `json:"type"`
			Object tree   `json:"object"`
		}
		if decoder.Decode(&event) != nil || event.Type == "ERROR" {
			return
		}
		c.hear(kind+"/"+textAt(event.Object, "metadata", "name"), event.Type, event.Object)
	}
}

func (c *actoCluster) hear(key, what string, object tree) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	old := c.now[key]
	c.last = time.Now()
	if what == "DELETED" {
		delete(c.now, key)
		return
	}
	c.now[key] = object
	if c.heard != nil {
		c.heard(key, old, object)
	}
}

// untilQuiet waits until nothing was heard for the quiet period.
func (c *actoCluster) untilQuiet() error {
	began := time.Now()
	for {
		c.mutex.Lock()
		still := time.Since(c.last)
		c.mutex.Unlock()
		if still >= quiet && time.Since(began) >= quiet {
			return nil
		}
		if time.Since(began) > hardLimit {
			return fmt.Errorf("events go on after %s", hardLimit)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// until polls; the error of the last look is the answer when the hard limit passes.
func until(look func() error) error {
	began := time.Now()
	for {
		err := look()
		if err == nil || time.Since(began) > hardLimit {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
