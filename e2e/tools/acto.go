// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"
)

// The campaign: trials until the number of steps is reached, each a chain of mutations of a custom
// resource, judged after every step. The idea is that of Acto (SOSP '23).

type actoCounts struct {
	steps, refused, valid, stalled, rollbacks, differentials, restarts, repaired, violations int
}

type campaign struct {
	cluster  *actoCluster
	operator *actoOperator
	audit    string
	seed     int64
	schemas  map[string]*shape
	rounds   map[string][]leaf // per kind and part, in the campaign's order
	covered  map[string]bool
	seeds    []tree
	states   map[string]tree // of a config: spec to what its first time gave
	results  map[string]tree // of a run
	counts   actoCounts
	told     []string // violations
	mutex    sync.Mutex
	illegal  []string        // heard since the last look
	exempt   map[string]bool // objects whose status somebody else wrote
	fresh    int
	taken    map[string]int
}

// clone2 copies a mutation's value, of which removed is none.
func clone2(value any) any {
	if value == any(removed) || value == nil {
		return value
	}
	return clone(value)
}

func (c *campaign) exemptNow(key string, on bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.exempt[key] = on
}

func (c *campaign) hear(key string, old, now tree) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	kind, _, _ := strings.Cut(key, "/")
	if err := changeLegal(kind, old, now); err != nil && !c.exempt[key] {
		c.illegal = append(c.illegal, fmt.Sprintf("%s: %v", key, err))
	}
}

func (c *campaign) overheard() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.illegal) == 0 {
		return nil
	}
	err := errors.New(strings.Join(c.illegal, "; "))
	c.illegal = nil
	return err
}

// nextLeaf goes round all leaves of a part, so that none is left out.
func (c *campaign) nextLeaf(plural, part string) leaf {
	round := c.rounds[plural+" "+part]
	i := c.taken[plural+" "+part]
	c.taken[plural+" "+part]++
	return round[i%len(round)]
}

func (c *campaign) cover(plural string, l leaf) {
	c.covered[plural+" "+l.String()] = true
}

// auditEnd is where the last complete line of the audit log ends.
func (c *campaign) auditEnd() int64 {
	file, err := os.Open(c.audit)
	if err != nil {
		return 0
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0
	}
	tail := make([]byte, min(size, 1<<16))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0
	}
	return size - int64(len(tail)) + int64(bytes.LastIndexByte(tail, '\n')+1)
}

// writesSince lists what the operator wrote from an offset of the audit log on, but for its Lease,
// the heartbeat and Events.
func (c *campaign) writesSince(from int64) ([]string, error) {
	var out []string
	err := forEachEvent(c.audit, from, func(e *auditEvent) {
		resource := e.resource()
		if e.User.Username == "system:serviceaccount:kube9-system:kube9-operator" && e.writes() &&
			resource != "coordination.k8s.io/leases" && resource != "configmaps" && !strings.HasSuffix(resource, "events") {
			out = append(out, fmt.Sprintf("%s %s %d", e.Verb, e.URI, e.Response.Code))
		}
	})
	return out, err
}

func (c *campaign) readSchema(plural string) error {
	var found struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					Root *shape `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	path := "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + plural + ".kube9.io"
	if err := c.cluster.kube.do("GET", path, nil, &found); err != nil {
		return err
	}
	root := found.Spec.Versions[0].Schema.Root
	c.schemas[plural] = root
	for _, part := range []string{"spec", "status"} {
		round := root.Properties[part].leaves(part)
		shuffle := rand.New(rand.NewSource(c.seed))
		shuffle.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
		c.rounds[plural+" "+part] = round
	}
	return nil
}

// readSeeds makes the objects that chains begin with: nothing, the sample, and everything there is.
func (c *campaign) readSeeds(sample string) error {
	text, err := os.ReadFile(sample)
	if err != nil {
		return err
	}
	var object tree
	if err := yaml.Unmarshal(text, &object); err != nil {
		return err
	}
	all := c.schemas[configs].Properties["spec"].full([]string{"spec"}).(tree)
	settings := all["assessment"].(tree)
	delete(settings, "pillars")
	settings["suspend"] = false
	delete(treeGet(all, "alerting", "webhooks", "[]").(tree), "urlSecretRef")
	c.seeds = []tree{{}, object["spec"].(tree), all}
	return nil
}

// Which part a trial is about, in turn.
var turns = [][2]string{{configs, "spec"}, {runs, "spec"}, {configs, "spec"}, {configs, "status"}, {runs, "status"}}

func (c *campaign) newTrial(number int) *trial {
	turn := turns[number%len(turns)]
	t := &trial{campaign: c, number: number, plural: turn[0], part: turn[1],
		random: rand.New(rand.NewSource(c.seed*1000003 + int64(number)))}
	// Where in the round this trial begins follows from its number alone, so that it can be replayed.
	nth := 0
	for i := 0; i < number; i++ {
		if turns[i%len(turns)] == turn {
			nth++
		}
	}
	leaves := map[string]int{"spec": 9, "status": chain}[turn[1]]
	c.taken[turn[0]+" "+turn[1]] = nth * leaves
	return t
}

// starved: the machine gave the operator no time, so it lost its Lease and ended, as it has to.
var starved = errors.New("the operator had no time to renew its Lease")

// play does a trial; one that was starved is done again, three times at most.
func (c *campaign) play(number int) (t *trial, err error) {
	for attempt := 0; attempt < 3; attempt++ {
		began := time.Now()
		t = c.newTrial(number)
		before := c.counts
		if err = t.run(); err == nil {
			fmt.Printf("trial %d: %s %s, %d steps, %.1f s\n", number, t.plural, t.part, len(t.steps), time.Since(began).Seconds())
			return t, nil
		}
		if c.operator.said(c.operator.from, "cannot go on", "leadership lost") != nil {
			return t, err
		}
		c.counts = before
		fmt.Printf("trial %d is done again: %v\n", number, starved)
	}
	return t, errors.Join(err, starved)
}

// shrink leaves steps out as long as the trial still fails.
func (c *campaign) shrink(t *trial) ([]step, error) {
	left, last := t.steps, error(nil)
	for i := len(left) - 2; i >= 0; i-- {
		shorter := append(append([]step{}, left[:i]...), left[i+1:]...)
		again := c.newTrial(t.number)
		again.steps, again.replay = shorter, true
		if err := again.run(); err != nil {
			left, last = shorter, err
		}
	}
	return left, last
}

func (c *campaign) tell(t *trial, err error) {
	c.counts.violations++
	text := fmt.Sprintf("VIOLATION in trial %d (%s %s): %v\n  replay: make acto SEED=%d TRIAL=%d\n", t.number, t.plural, t.part, err, c.seed, t.number)
	fmt.Print(text)
	c.told = append(c.told, text)
	if c.counts.violations > 1 {
		return // a chain costs seconds, and the first one shows what is wrong
	}
	counts := c.counts
	shortest, last := c.shrink(t)
	c.counts = counts
	if last != nil {
		fmt.Printf("  shortest chain found: %v\n", last)
		for _, s := range shortest {
			fmt.Printf("    %s\n", s)
		}
	}
}

// summary says the violations again: a reader of a long log looks at its end.
func (c *campaign) summary() {
	n := c.counts
	fmt.Print(strings.Join(c.told, ""))
	fmt.Printf("  %d steps: %d refused by the API server, %d accepted, %d accepted but stalled\n", n.steps, n.refused, n.valid, n.stalled)
	fmt.Printf("  %d rollbacks compared, %d differentials compared, %d restarts, %d tampered statuses, %d violations\n",
		n.rollbacks, n.differentials, n.restarts, n.repaired, n.violations)
	for _, plural := range []string{configs, runs} {
		done, all := 0, 0
		var open []string
		for _, part := range []string{"spec", "status"} {
			for _, l := range c.rounds[plural+" "+part] {
				all++
				if c.covered[plural+" "+l.String()] {
					done++
				} else {
					open = append(open, l.String())
				}
			}
		}
		fmt.Printf("  %s: %d of %d leaf paths mutated\n", plural, done, all)
		if len(open) > 0 && done*10 > all*9 {
			sort.Strings(open)
			fmt.Printf("    not: %s\n", strings.Join(open, " "))
		}
	}
}

func runActo(args []string) error {
	flags := flag.NewFlagSet("acto", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "of the admin")
	o := &actoOperator{}
	flags.StringVar(&o.program, "program", "", "the operator")
	flags.StringVar(&o.kubeconfig, "operator-config", "", "the operator's kubeconfig")
	flags.StringVar(&o.dir, "dir", "", "for databases and the log")
	sample := flags.String("sample", "", "a Kube9Config to begin with")
	steps := flags.Int("steps", 100, "")
	limit := flags.Duration("limit", 24*time.Hour, "begin no further trial after this time")
	only := flags.Int("trial", -1, "only this trial")
	c := &campaign{operator: o, schemas: map[string]*shape{}, rounds: map[string][]leaf{}, covered: map[string]bool{},
		states: map[string]tree{}, results: map[string]tree{}, exempt: map[string]bool{}, taken: map[string]int{}}
	flags.StringVar(&c.audit, "audit", "", "the API server's audit log")
	flags.Int64Var(&c.seed, "seed", 1, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if c.cluster, err = newActoCluster(*kubeconfig); err != nil {
		return err
	}
	c.cluster.hearWith(c.hear)
	if err := errors.Join(c.readSchema(configs), c.readSchema(runs)); err != nil {
		return err
	}
	if err := c.readSeeds(*sample); err != nil {
		return err
	}
	defer o.kill()
	began := time.Now()
	for number := 0; c.counts.steps < *steps && time.Since(began) < *limit; number++ {
		if *only >= 0 {
			number = *only
		}
		if t, err := c.play(number); err != nil {
			c.tell(t, err)
		}
		if *only >= 0 || c.counts.violations >= 20 {
			break
		}
	}
	c.summary()
	if c.counts.violations > 0 {
		return fmt.Errorf("%d violations", c.counts.violations)
	}
	return nil
}
