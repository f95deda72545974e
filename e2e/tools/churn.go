// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// churner changes the cluster at a steady rate. Each of its workers owns a part of the places, so
// that what is in a place is known; after a failure it is emptied first, since nobody knows.
type churner struct {
	create, merge, patch *kubeClient
	rate                 float64 // changes per second, all workers together
	running              sync.RWMutex
	stop                 chan struct{}
	workers              sync.WaitGroup
	done                 [churnVerbs]atomic.Int64
	failures             atomic.Int64
	mutex                sync.Mutex
	lastError            string
}

type churnVerb int

const (
	churnCreate churnVerb = iota
	churnUpdate
	churnDelete
	churnVerbs
)

type churnPlace struct {
	kind    *churnKind
	number  int
	name    string
	taken   bool
	unknown bool
	names   int // fresh ones so far
}

func withContentType(client *kubeClient, contentType string) *kubeClient {
	other := *client
	other.contentType = contentType
	return &other
}

func (p *churnPlace) collection() string {
	if p.kind.cluster {
		return "/" + p.kind.group + "/" + p.kind.plural
	}
	return fmt.Sprintf("/%s/namespaces/churn-%d/%s", p.kind.group, p.number%churnNamespaces, p.kind.plural)
}

func (p *churnPlace) path() string {
	return p.collection() + "/" + p.name
}

func newChurner(client *kubeClient, rate float64) *churner {
	return &churner{
		create: client,
		merge:  withContentType(client, "application/merge-patch+json"),
		patch:  withContentType(client, "application/json-patch+json"),
		rate:   rate,
		stop:   make(chan struct{}),
	}
}

// prepare makes the namespaces that stay, and the account that Pods in them want.
func (c *churner) prepare() error {
	for n := range churnNamespaces {
		name := fmt.Sprintf("churn-%d", n)
		if err := c.create.do("POST", "/api/v1/namespaces", object{"metadata": object{"name": name}}, nil); err != nil {
			return err
		}
		err := c.create.do("POST", "/api/v1/namespaces/"+name+"/serviceaccounts",
			object{"metadata": object{"name": "default"}}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *churner) start(workers int, seed uint64) {
	places := make([][]*churnPlace, workers)
	n := 0
	for i := range churnKinds {
		for number := range churnKinds[i].places {
			place := &churnPlace{kind: &churnKinds[i], number: number}
			place.name = fmt.Sprintf("place-%d", number)
			places[n%workers] = append(places[n%workers], place)
			n++
		}
	}
	for worker := range workers {
		c.workers.Add(1)
		go c.work(places[worker], rand.New(rand.NewPCG(seed, uint64(worker))), c.rate/float64(workers))
	}
}

func (c *churner) end() {
	close(c.stop)
	c.workers.Wait()
}

// pause waits until no change is under way, and keeps it so until resume.
func (c *churner) pause()  { c.running.Lock() }
func (c *churner) resume() { c.running.Unlock() }

func (c *churner) work(places []*churnPlace, random *rand.Rand, rate float64) {
	defer c.workers.Done()
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		c.running.RLock()
		place := places[random.IntN(len(places))]
		if err := c.step(place, random.IntN(100)); err != nil {
			place.unknown = true
			c.failed(err)
		}
		c.running.RUnlock()
	}
}

func (c *churner) failed(err error) {
	c.failures.Add(1)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lastError = err.Error()
}

func (c *churner) step(p *churnPlace, dice int) error {
	switch {
	case p.unknown:
		return c.empty(p)
	case !p.taken:
		return c.fill(p)
	case dice < 70:
		return c.change(p, dice)
	case dice < 85:
		return c.remove(p)
	}
	if err := c.remove(p); err != nil {
		return err
	}
	return c.fill(p) // at once, under the old name or a new one
}

func (c *churner) fill(p *churnPlace) error {
	if p.kind.fresh {
		p.names++
		if p.names%2 == 0 {
			p.name = fmt.Sprintf("place-%d-%d", p.number, p.names/2)
		}
	}
	body := p.kind.body(p.number)
	body["metadata"] = object{"name": p.name, "labels": object{"app": fmt.Sprintf("churn-%d", p.number)}}
	if err := c.create.do("POST", p.collection(), body, nil); err != nil {
		return err
	}
	p.taken = true
	c.done[churnCreate].Add(1)
	return nil
}

func (c *churner) change(p *churnPlace, dice int) error {
	var err error
	if p.kind.image != "" && dice%2 == 0 {
		image := fmt.Sprintf("registry.example.com/churn/app-%d:1.%d", p.number, time.Now().UnixNano()%50)
		err = c.patch.do("PATCH", p.path(), []object{{"op": "replace", "path": p.kind.image, "value": image}}, nil)
	} else {
		err = c.merge.do("PATCH", p.path(), object{"metadata": object{
			"annotations": object{"example.com/step": fmt.Sprint(time.Now().UnixNano())},
		}}, nil)
	}
	if err == nil {
		c.done[churnUpdate].Add(1)
	}
	return err
}

// remove leaves nothing behind: without a kubelet nobody ends a Pod, without a controller-manager
// nobody a namespace, a claim or a job.
func (c *churner) remove(p *churnPlace) error {
	err := c.create.do("DELETE", p.path(), object{
		"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "propagationPolicy": "Background",
	}, nil)
	if err != nil {
		return err
	}
	switch p.kind.plural {
	case "namespaces":
		err = c.create.do("PUT", p.path()+"/finalize", object{
			"kind": "Namespace", "apiVersion": "v1", "metadata": object{"name": p.name}, "spec": object{"finalizers": []string{}},
		}, nil)
	case "persistentvolumeclaims":
		err = c.merge.do("PATCH", p.path(), object{"metadata": object{"finalizers": nil}}, nil)
	}
	if err != nil {
		return err
	}
	p.taken = false
	c.done[churnDelete].Add(1)
	return nil
}

// empty removes what may or may not be there.
func (c *churner) empty(p *churnPlace) error {
	var found json.RawMessage
	err := c.create.do("GET", p.path(), nil, &found)
	if err == nil {
		err = c.remove(p)
	} else if isNotFound(err) {
		err = nil
	}
	if err == nil {
		p.unknown, p.taken = false, false
	}
	return err
}

func (c *churner) counts() (created, updated, deleted, failed int64) {
	return c.done[churnCreate].Load(), c.done[churnUpdate].Load(), c.done[churnDelete].Load(), c.failures.Load()
}

func (c *churner) changes() int64 {
	created, updated, deleted, _ := c.counts()
	return created + updated + deleted
}
