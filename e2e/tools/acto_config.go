// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The steps of a chain about the Kube9Config.

func (t *trial) configStep(s step) error {
	switch {
	case t.part == "status":
		return t.tamperConfig(s)
	case s.name == "rollback":
		return t.rollBack(t.good[s.choice%len(t.good)])
	case s.name == "special":
		return t.specialConfig(s)
	}
	spec := t.changed(s.mutations)
	a, err := t.cluster.store(configs, "default", spec)
	if err != nil {
		return err
	}
	if !a.ok() {
		return t.saidNo(s, a)
	}
	problem, err := t.settled()
	if err == nil {
		err = t.saidYes(s, problem)
	}
	if err != nil {
		return err
	}
	if problem != "" {
		return t.rollBack(nil) // error to recovery
	}
	return t.adopt(spec)
}

// settled waits until the operator has judged the newest generation; the message of its refusal.
func (t *trial) settled() (string, error) {
	var config tree
	err := until(func() error {
		var err error
		config, err = t.cluster.get(objectPath(configs, "default"))
		if err != nil {
			return err
		}
		if treeGet(config, "status", "active") != nil {
			return errors.New("a scheduled run goes on")
		}
		return errors.Join(upToDate(config), t.operator.alive())
	})
	if err == nil {
		err = t.cluster.untilQuiet()
	}
	if err == nil {
		config, err = t.cluster.get(objectPath(configs, "default"))
	}
	if err != nil {
		return "", err
	}
	if err := conditionsLegal(configs, config); err != nil {
		return "", err
	}
	conditions := conditionsOf(config)
	if statusOf(conditions, "Ready") == "True" {
		return "", t.inForce(config)
	}
	return textAt(conditions["Ready"], "message"), nil
}

// inForce looks for the spec where it can be seen.
func (t *trial) inForce(config tree) error {
	suspended, _ := treeGet(config, "spec", "assessment", "suspend").(bool)
	next := textAt(config, "status", "nextAssessmentTime")
	conditions := conditionsOf(config)
	current := textAt(conditions["AssessmentsCurrent"], "reason")
	if suspended != (current == "Suspended") || suspended != (next == "") {
		return fmt.Errorf("suspend is %v, but nextAssessmentTime %q and AssessmentsCurrent %s", suspended, next, current)
	}
	line := fmt.Sprintf(`"generation":%d,`, int64(numberAt(config, "metadata", "generation")))
	return until(func() error { return t.operator.said(t.operator.from, "configuration in force", line) })
}

// adopt makes a spec the one that is in force.
func (t *trial) adopt(spec tree) error {
	state, err := t.cluster.state()
	t.spec, t.state = spec, tree{"status": state["status"]}
	t.good = append(t.good, spec)
	if t.states[show(spec)] == nil {
		t.states[show(spec)] = t.state
	}
	return err
}

// rollBack puts an earlier spec in force (nil: the newest good one). The state has to be what it was
// then: the same one for the newest, and what its own first time gave for others.
func (t *trial) rollBack(spec tree) error {
	if spec == nil {
		spec = t.spec
	}
	first := t.states[show(spec)]
	if show(spec) == show(t.spec) {
		first = t.state
	}
	a, err := t.cluster.store(configs, "default", spec)
	if err == nil && !a.ok() {
		err = fmt.Errorf("an earlier good spec is refused: %s", a.message)
	}
	var problem string
	if err == nil {
		problem, err = t.settled()
	}
	if err == nil && problem != "" {
		err = fmt.Errorf("an earlier good spec is not in force: %s", problem)
	}
	if err == nil && first != nil {
		t.counts.rollbacks++
		err = t.sameStatus(first)
	}
	if err != nil {
		return fmt.Errorf("rollback: %w", err)
	}
	return t.adopt(spec)
}

func (t *trial) sameStatus(want tree) error {
	return until(func() error {
		now, err := t.cluster.state()
		if err != nil {
			return err
		}
		if found := diffs(want["status"], now["status"], "status"); len(found) > 0 {
			return fmt.Errorf("state differs: %s", strings.Join(found, "; "))
		}
		return nil
	})
}

// tamperConfig edits the status as somebody with too many rights would: the operator puts it right.
func (t *trial) tamperConfig(s step) error {
	t.exemptNow(configs+"/default", true)
	a, err := t.cluster.tamper(configs, "default", func(object tree) {
		for _, m := range s.mutations {
			treeSet(object, t.schemas[configs], m.leaf.path, clone2(m.value))
		}
	})
	if err != nil {
		return err
	}
	if !a.ok() {
		t.exemptNow(configs+"/default", false)
		return t.saidNo(s, a)
	}
	t.counts.valid++
	if err := t.sameStatus(t.state); err != nil {
		return fmt.Errorf("tampered status: %w", err)
	}
	t.counts.repaired++
	_, err = t.settled()
	t.exemptNow(configs+"/default", false)
	return err
}

func (t *trial) specialConfig(s step) error {
	all := []func(step) error{t.recreate, t.labels, t.finalizer, t.burst, t.otherName}
	return all[s.choice%len(all)](s)
}

func (t *trial) storeAgain() error {
	a, err := t.cluster.store(configs, "default", t.spec)
	if err == nil && !a.ok() {
		err = fmt.Errorf("the same spec is refused: %s", a.message)
	}
	if err == nil {
		_, err = t.settled()
	}
	if err == nil {
		err = t.sameStatus(t.state)
	}
	return err
}

func (t *trial) recreate(s step) error {
	from := t.operator.logEnd()
	if err := t.cluster.remove(configs, "default"); err != nil {
		return err
	}
	if s.choice&1024 != 0 { // seen as absent, or only as another uid
		if err := until(func() error { return t.operator.said(from, "configuration in force", `"source":"defaults"`) }); err != nil {
			return fmt.Errorf("absence: %w", err)
		}
	}
	if err := t.storeAgain(); err != nil {
		return fmt.Errorf("recreated: %w", err)
	}
	return nil
}

func (t *trial) labels(step) error {
	a, err := t.cluster.patch(configs, "default", tree{"metadata": tree{
		"labels": tree{"team": "a"}, "annotations": tree{"note": strings.Repeat("n", 1000)}}})
	if err == nil && !a.ok() {
		err = errors.New(a.message)
	}
	if err == nil {
		err = t.storeAgain()
	}
	return err
}

// finalizer holds the object in deletion for a while: nothing of it changes meanwhile.
func (t *trial) finalizer(step) error {
	hold := func(list []any) error {
		a, err := t.cluster.patch(configs, "default", tree{"metadata": tree{"finalizers": list}})
		if err == nil && !a.ok() {
			err = errors.New(a.message)
		}
		return err
	}
	if err := hold([]any{"kube9.io/acto"}); err != nil {
		return err
	}
	if err := t.cluster.remove(configs, "default"); err != nil {
		return err
	}
	time.Sleep(2 * quiet)
	if err := hold([]any{}); err != nil {
		return err
	}
	if err := t.storeAgain(); err != nil {
		return fmt.Errorf("after a finalizer: %w", err)
	}
	return nil
}

// burst changes the object five times without waiting; only the last one counts.
func (t *trial) burst(s step) error {
	for i := 0; i < 5; i++ {
		spec := clone(t.good[(s.choice+i)%len(t.good)])
		if i%2 == 1 {
			spec["assessment"] = tree{"schedule": "@never"}
		}
		if _, err := t.cluster.store(configs, "default", spec); err != nil {
			return err
		}
	}
	return t.storeAgain()
}

func (t *trial) otherName(step) error {
	a, err := t.cluster.store(configs, "other", tree{})
	if err == nil && a.ok() {
		err = errors.New("a Kube9Config of another name was taken")
	}
	return err
}
