// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
)

// The steps of a chain about AssessmentRuns. A run cannot be changed once it has started, so each
// step is a new object with one more mutation.

func (t *trial) runStep(s step) error {
	switch {
	case t.part == "status":
		return t.tamperRun(s)
	case s.name == "rollback":
		return t.sameResult(t.good[s.choice%len(t.good)])
	case s.name == "special":
		return t.specialRun(s)
	}
	spec := t.changed(s.mutations)
	a, err := t.create(spec)
	if err != nil {
		return err
	}
	if !a.ok() {
		return t.saidNo(s, a)
	}
	run, err := t.finished(t.named)
	if err != nil || run == nil {
		return err // nil: its time to live was over
	}
	if textAt(run, "status", "phase") == "Cancelled" {
		t.counts.valid++ // nobody looked at the rest of its spec
		return nil
	}
	problem := ""
	if conditions := conditionsOf(run); textAt(conditions["Failed"], "reason") == "InvalidSpec" {
		problem = textAt(conditions["Failed"], "message")
	}
	if err := t.saidYes(s, problem); err != nil {
		return err
	}
	if problem != "" {
		return t.sameResult(t.spec)
	}
	t.spec = spec
	t.good = append(t.good, spec)
	t.results[show(spec)] = resultOf(run)
	return nil
}

func (t *trial) create(spec tree) (answer, error) {
	t.made++
	t.named = fmt.Sprintf("acto-%d-%d", t.number, t.made)
	return t.cluster.store(runs, t.named, spec)
}

// finished waits for the end of a run; nil if it is gone.
func (t *trial) finished(name string) (tree, error) {
	var run tree
	err := until(func() error {
		var err error
		run, err = t.cluster.get(objectPath(runs, name))
		if err != nil || run == nil {
			return err
		}
		if phase := textAt(run, "status", "phase"); !terminal(phase) {
			return errors.Join(fmt.Errorf("%s is %q", name, phase), t.operator.alive())
		}
		return upToDate(run)
	})
	if err != nil || run == nil {
		return nil, err
	}
	return run, conditionsLegal(runs, run)
}

// sameResult creates a run that was there before and compares what comes out.
func (t *trial) sameResult(spec tree) error {
	first := t.results[show(spec)]
	a, err := t.create(spec)
	if err == nil && !a.ok() {
		err = fmt.Errorf("an earlier good spec is refused: %s", a.message)
	}
	var run tree
	if err == nil {
		run, err = t.finished(t.named)
	}
	if err != nil || run == nil || first == nil {
		return err
	}
	t.counts.rollbacks++
	if found := diffs(first, resultOf(run), "status"); len(found) > 0 {
		return fmt.Errorf("rollback: result differs: %s", strings.Join(found, "; "))
	}
	return nil
}

// tamperRun edits the status of a finished run. What is still finished is left alone; what is not
// runs again, and ends.
func (t *trial) tamperRun(s step) error {
	t.exemptNow(runs+"/"+t.named, true)
	a, err := t.cluster.tamper(runs, t.named, func(object tree) {
		for _, m := range s.mutations {
			treeSet(object, t.schemas[runs], m.leaf.path, clone2(m.value))
		}
	})
	if err != nil {
		return err
	}
	if !a.ok() {
		return t.saidNo(s, a)
	}
	t.counts.valid++
	if err := until(func() error {
		run, err := t.cluster.get(objectPath(runs, t.named))
		if err == nil && run != nil && !terminal(textAt(run, "status", "phase")) {
			err = fmt.Errorf("%s is %q", t.named, textAt(run, "status", "phase"))
		}
		return errors.Join(err, t.operator.alive())
	}); err != nil {
		return fmt.Errorf("tampered status: %w", err)
	}
	t.counts.repaired++
	return errors.Join(t.cluster.untilQuiet(), t.sameResult(t.spec))
}

func (t *trial) specialRun(s step) error {
	all := []func(step) error{t.changeFinished, t.cancelled, t.removedEarly, t.againSameName}
	return all[s.choice%len(all)](s)
}

// changeFinished changes what may still change of a finished run; the rest is refused.
func (t *trial) changeFinished(s step) error {
	if err := t.sameResult(t.good[0]); err != nil {
		return err
	}
	allowed := []tree{{"spec": tree{"ttlSecondsAfterFinished": 86400}}, {"spec": tree{"cancel": true}},
		{"metadata": tree{"labels": tree{"team": "a"}}}}
	a, err := t.cluster.patch(runs, t.named, allowed[s.choice/8%len(allowed)])
	if err == nil && !a.ok() {
		err = fmt.Errorf("a finished run: %s", a.message)
	}
	if err == nil {
		_, err = t.finished(t.named)
	}
	if err != nil {
		return fmt.Errorf("changed after its end: %w", err)
	}
	a, err = t.cluster.patch(runs, t.named, tree{"spec": tree{"timeoutSeconds": 77}})
	if err == nil && a.ok() {
		err = errors.New("timeoutSeconds of a finished run was changed")
	}
	return err
}

// cancelled asks to stop at once: the run ends either way.
func (t *trial) cancelled(step) error {
	a, err := t.create(t.spec)
	if err == nil && a.ok() {
		_, err = t.cluster.patch(runs, t.named, tree{"spec": tree{"cancel": true}})
	}
	if err == nil {
		_, err = t.finished(t.named)
	}
	return err
}

// removedEarly deletes one of three runs while they wait or go on.
func (t *trial) removedEarly(s step) error {
	var made []string
	for i := 0; i < 3; i++ {
		if _, err := t.create(t.spec); err != nil {
			return err
		}
		made = append(made, t.named)
	}
	if err := t.cluster.remove(runs, made[s.choice%3]); err != nil {
		return err
	}
	for _, name := range made {
		if _, err := t.finished(name); err != nil {
			return err
		}
	}
	return nil
}

// againSameName makes another object of a name that was there: it has a run of its own.
func (t *trial) againSameName(step) error {
	if err := t.cluster.remove(runs, t.named); err != nil {
		return err
	}
	t.exemptNow(runs+"/"+t.named, false)
	a, err := t.cluster.store(runs, t.named, t.good[0])
	if err == nil && !a.ok() {
		err = errors.New(a.message)
	}
	var run tree
	if err == nil {
		run, err = t.finished(t.named)
	}
	if err == nil && run != nil {
		if found := diffs(t.results[show(t.good[0])], resultOf(run), "status"); len(found) > 0 {
			err = fmt.Errorf("result differs: %s", strings.Join(found, "; "))
		}
	}
	return err
}
