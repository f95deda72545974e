// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand"
	"strings"
)

// trial is one chain: a seed object, ten steps, then a restart and a comparison with an operator
// that knows nothing. Everything random comes from the trial's own source.
type trial struct {
	*campaign
	number int
	plural string
	part   string // spec or status: which leaves are mutated
	random *rand.Rand
	steps  []step // as they were done, or (while shrinking) as they are to be done
	replay bool   // do s.steps, choose nothing
	spec   tree   // what is in force
	state  tree   // what the operator said about it
	good   []tree // earlier specs that were in force
	named  string // the newest run
	made   int    // runs created
	before int64  // where the audit log was at the step's beginning
}

// step is what is done at once, and what it means.
type step struct {
	name      string
	mutations []mutation
	choice    int // any further random decision
}

func (s step) String() string {
	texts := make([]string, len(s.mutations))
	for i, m := range s.mutations {
		texts[i] = m.String()
	}
	return s.name + " " + strings.Join(texts, "; ")
}

const chain = 10

var specSteps = []string{"leaf", "leaf", "several", "leaf", "rollback", "leaf", "leaf", "special", "leaf", "special"}

// choose makes the step of a place in the chain; the leaf comes from the campaign's round.
func (t *trial) choose(place int) step {
	s := step{name: specSteps[place], choice: t.random.Intn(1 << 20)}
	if t.part == "status" {
		s.name = "leaf"
	}
	count := map[string]int{"leaf": 1, "several": 3}[s.name]
	for i := 0; i < count; i++ {
		l := t.nextLeaf(t.plural, t.part)
		s.mutations = append(s.mutations, t.mutate(l))
	}
	return s
}

func (t *trial) mutate(l leaf) mutation {
	if t.random.Intn(25) == 0 {
		return unknownMember(l)
	}
	root := t.schemas[t.plural]
	parent := root.at(l.path[:len(l.path)-1])
	required := false
	if parent != nil {
		required = strings.Contains(" "+strings.Join(parent.Required, " ")+" ", " "+l.path[len(l.path)-1]+" ")
	}
	object := tree{"spec": t.spec}
	if t.part == "status" {
		object = tree{"status": t.statusNow()}
	}
	return pick(t.random, l, treeGet(object, l.path...), required)
}

func (t *trial) statusNow() any {
	object, err := t.cluster.get(objectPath(t.plural, t.subject()))
	if err != nil {
		return nil
	}
	return object["status"]
}

func (t *trial) subject() string {
	if t.plural == configs {
		return "default"
	}
	return t.named
}

// run does the whole chain; the error says which step was wrong about what.
func (t *trial) run() error {
	if err := t.begin(); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	for place := 0; place < chain; place++ {
		if t.replay && place >= len(t.steps) {
			break
		}
		var s step
		if t.replay {
			s = t.steps[place]
		} else {
			s = t.choose(place)
			t.steps = append(t.steps, s)
		}
		if err := t.one(s); err != nil {
			return fmt.Errorf("step %d (%s): %w", place+1, s, err)
		}
	}
	return t.end()
}

// one does a step and asks the oracles that hold for all of them.
func (t *trial) one(s step) error {
	t.counts.steps++
	t.before = t.auditEnd()
	act := t.configStep
	if t.plural == runs {
		act = t.runStep
	}
	if err := act(s); err != nil {
		return err
	}
	for _, m := range s.mutations {
		t.cover(t.plural, m.leaf)
	}
	return t.always()
}

// always is what no step may break.
func (t *trial) always() error {
	if err := t.operator.alive(); err != nil {
		return err
	}
	if err := t.operator.complaints(); err != nil {
		return err
	}
	if err := t.overheard(); err != nil {
		return err
	}
	writes, err := t.writesSince(t.before)
	if err != nil {
		return err
	}
	if len(writes) > 60 {
		return fmt.Errorf("%d writes for one step: %v", len(writes), writes[:10])
	}
	return nil
}

// changed applies mutations to a copy of the spec.
func (t *trial) changed(mutations []mutation) tree {
	object := tree{"spec": clone(t.spec)}
	for _, m := range mutations {
		treeSet(object, t.schemas[t.plural], m.leaf.path, clone2(m.value))
	}
	spec, _ := object["spec"].(tree)
	return spec
}

func paths(mutations []mutation) []string {
	out := make([]string, len(mutations))
	for i, m := range mutations {
		out[i] = textOf(m.leaf.path)
	}
	return out
}

// saidNo judges a refusal by the API server.
func (t *trial) saidNo(s step, a answer) error {
	t.counts.refused++
	if len(s.mutations) == 1 && s.mutations[0].want == accepted {
		return fmt.Errorf("refused, but is right: %s", a.message)
	}
	if !names(a.message, paths(s.mutations)) {
		return fmt.Errorf("refused without naming the field: %s", a.message)
	}
	return nil
}

// saidYes judges what the operator made of a spec that the API server took. problem: the message of
// its refusal, "" if it is in force.
func (t *trial) saidYes(s step, problem string) error {
	want := either
	if len(s.mutations) == 1 {
		want = s.mutations[0].want
	}
	if problem == "" {
		t.counts.valid++
		if want == refused || want == stalled || want == invalid {
			return fmt.Errorf("in force, but is wrong")
		}
		return nil
	}
	t.counts.stalled++
	if want == accepted {
		return fmt.Errorf("not in force, but is right: %s", problem)
	}
	if !names(problem, paths(s.mutations)) {
		return fmt.Errorf("the message does not name the field: %s", problem)
	}
	return nil
}
