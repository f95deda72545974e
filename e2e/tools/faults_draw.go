// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

type requestClass int

const (
	classList requestClass = iota
	classWatch
	classGet
	classWrite
	classCount
)

// requestFault happens instead of the request (answer true: it is over), or to its answer.
type requestFault struct {
	name    string
	classes []requestClass // nil: all
	instead func(p *faultProxy, w http.ResponseWriter, r *http.Request)
	after   func(p *faultProxy, w http.ResponseWriter, r *http.Request, response *http.Response)
}

func (f *requestFault) before(p *faultProxy, w http.ResponseWriter, r *http.Request) bool {
	if f.instead == nil {
		return false
	}
	f.instead(p, w, r)
	return true
}

func (f *requestFault) about(class requestClass) bool {
	for _, c := range f.classes {
		if c == class {
			return true
		}
	}
	return f.classes == nil
}

// faultDraw decides, from one seeded sequence.
type faultDraw struct {
	mutex           sync.Mutex
	random          *rand.Rand
	requests, lines float64 // shares
	requestsSeen    int64
	linesSeen       int64
	injected        map[string]int64
	byClass         [classCount][]*requestFault
}

func newFaultDraw(seed uint64, requests, lines float64) *faultDraw {
	d := &faultDraw{
		random:   rand.New(rand.NewPCG(seed, seed)),
		requests: requests, lines: lines,
		injected: map[string]int64{},
	}
	for class := range classCount {
		for i := range requestFaults {
			if requestFaults[i].about(class) {
				d.byClass[class] = append(d.byClass[class], &requestFaults[i])
			}
		}
	}
	return d
}

var noFault requestFault

func (d *faultDraw) request(class requestClass) *requestFault {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.requestsSeen++
	if d.random.Float64() >= d.requests {
		return &noFault
	}
	fault := d.byClass[class][d.random.IntN(len(d.byClass[class]))]
	d.injected[fault.name]++
	return fault
}

// line returns nil for most lines.
func (d *faultDraw) line() *lineFault {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.linesSeen++
	if d.random.Float64() >= d.lines {
		return nil
	}
	fault := &lineFaults[d.random.IntN(len(lineFaults))]
	d.injected[fault.name]++
	return fault
}

// between draws a time.
func (d *faultDraw) between(low, high time.Duration) time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return low + time.Duration(d.random.Int64N(int64(high-low)))
}

func (d *faultDraw) count(name string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.injected[name]++
}

func (d *faultDraw) setRates(requests, lines float64) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.requests, d.lines = requests, lines
}

func (d *faultDraw) counts() faultCounts {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	c := faultCounts{Requests: d.requestsSeen, Lines: d.linesSeen, Injected: map[string]int64{}}
	for name, n := range d.injected {
		c.Injected[name] = n
	}
	return c
}
