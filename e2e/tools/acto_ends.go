// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// How a chain begins and ends.

// said looks for a log line with both texts, from an offset on.
func (o *actoOperator) said(from int64, what, detail string) error {
	text, err := os.ReadFile(o.log())
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(text[min(from, int64(len(text))):]), "\n") {
		if strings.Contains(line, what) && strings.Contains(line, detail) {
			return nil
		}
	}
	return fmt.Errorf("the log does not say %q with %s", what, detail)
}

// nothing ends the operator and takes away all it knows and made.
func (t *trial) nothing() error {
	t.operator.kill()
	for _, path := range []string{groupPath + configs, groupPath + runs,
		"/apis/coordination.k8s.io/v1/namespaces/kube9-system/leases", "/api/v1/namespaces/kube9-system/configmaps"} {
		if err := t.cluster.removeAll(path); err != nil {
			return err
		}
	}
	t.campaign.fresh++
	t.operator.fresh(t.campaign.fresh)
	t.mutex.Lock()
	t.exempt = map[string]bool{}
	t.mutex.Unlock()
	return nil
}

// newborn starts an operator that knows nothing, with one configuration.
func (t *trial) newborn(spec tree) error {
	if err := t.nothing(); err != nil {
		return err
	}
	a, err := t.cluster.store(configs, "default", spec)
	if err == nil && !a.ok() {
		err = errors.New(a.message)
	}
	if err == nil {
		err = t.operator.start()
	}
	if err == nil {
		err = until(func() error { return t.firstRun(spec) })
	}
	if err != nil {
		return err
	}
	_, err = t.settled()
	return err
}

// firstRun is there and has ended, with what the configuration asks for.
func (t *trial) firstRun(spec tree) error {
	if err := t.operator.alive(); err != nil {
		return err
	}
	if suspended, _ := treeGet(spec, "assessment", "suspend").(bool); suspended {
		return nil
	}
	list, err := t.cluster.get(groupPath + runs)
	if err != nil {
		return err
	}
	items, _ := list["items"].([]any)
	if len(items) != 1 {
		return fmt.Errorf("%d first runs", len(items))
	}
	if phase := textAt(items[0], "status", "phase"); !terminal(phase) {
		return fmt.Errorf("the first run is %q", phase)
	}
	want := tree{"mode": "Full", "profile": "default", "timeoutSeconds": float64(300)}
	for _, name := range []string{"mode", "profile", "timeoutSeconds", "pillars", "checks"} {
		if value := treeGet(spec, "assessment", name); value != nil && show(value) != "[]" {
			want[name] = value
		}
	}
	got := treeGet(items[0], "spec").(tree)
	if found := diffs(tidy(want), tidy(got), "spec"); len(found) > 0 {
		return fmt.Errorf("the first run asks for something else: %s", strings.Join(found, "; "))
	}
	return nil
}

// tidy takes empty lists, nulls and empty objects away, which say nothing.
func tidy(spec tree) tree {
	spec = clone(spec)
	if checks, ok := spec["checks"].(tree); ok {
		for name, list := range checks {
			if list == nil || show(list) == "[]" {
				delete(checks, name)
			}
		}
		if len(checks) == 0 {
			delete(spec, "checks")
		}
	}
	return spec
}

func (t *trial) begin() error {
	t.campaign.states, t.campaign.results = map[string]tree{}, map[string]tree{}
	config := clone(t.seeds[t.number/len(turns)%len(t.seeds)])
	if t.plural == runs {
		config = tree{"assessment": tree{"exemptions": []any{tree{"name": "all-of-legacy", "namespaces": []any{"legacy"}, "reason": "old"}}}}
	}
	t.before = t.auditEnd()
	if err := t.newborn(config); err != nil {
		return err
	}
	if t.plural == configs {
		if err := t.adopt(config); err != nil {
			return err
		}
		return t.always()
	}
	t.spec = tree{}
	if _, err := t.create(t.spec); err != nil {
		return err
	}
	run, err := t.finished(t.named)
	if err != nil {
		return err
	}
	t.good, t.results[show(t.spec)] = []tree{t.spec}, resultOf(run)
	return t.always()
}

// end: a restart in a quiet state writes nothing, and an operator that knows nothing comes to the
// same state.
func (t *trial) end() error {
	if err := t.cluster.untilQuiet(); err != nil {
		return err
	}
	if err := t.restart(); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	err := t.differential()
	if err == nil {
		err = t.always()
	}
	if err != nil {
		return fmt.Errorf("differential: %w", err)
	}
	return nil
}

// settle waits until nothing has happened for some time, also on a slow machine.
func (t *trial) settle() error {
	if err := t.cluster.untilQuiet(); err != nil {
		return err
	}
	time.Sleep(4 * quiet)
	return t.cluster.untilQuiet()
}

func (t *trial) restart() error {
	t.counts.restarts++
	// A write that is on its way when the process ends would be one of the next process.
	if err := t.settle(); err != nil {
		return err
	}
	// Half of the restarts are crashes; the others give a sanitizer the time to tell of leaks.
	if t.number%2 == 0 {
		t.operator.kill()
	} else if err := t.operator.stop(); err != nil {
		return err
	}
	from := t.auditEnd()
	before, err := t.cluster.get(objectPath(configs, "default"))
	if err != nil {
		return err
	}
	if err := t.operator.start(); err != nil {
		return err
	}
	if err := t.settle(); err != nil {
		return err
	}
	writes, err := t.writesSince(from)
	if err != nil {
		return err
	}
	// A scheduled time may have come meanwhile: then there is a new run, and all that follows of it.
	if len(writes) > 0 && !strings.Contains(writes[0], "create") {
		after, _ := t.cluster.get(objectPath(configs, "default"))
		return fmt.Errorf("writes in a quiet state: %s; %s", strings.Join(writes, ", "),
			strings.Join(diffs(before["status"], after["status"], "status"), "; "))
	}
	return t.always()
}

func (t *trial) differential() error {
	t.counts.differentials++
	if t.plural == runs {
		config, err := t.cluster.get(objectPath(configs, "default"))
		if err != nil {
			return err
		}
		if err := t.newborn(treeGet(config, "spec").(tree)); err != nil {
			return err
		}
		return t.sameResult(t.spec)
	}
	whole := t.number%3 == 0
	if whole {
		time.Sleep(2500 * time.Millisecond) // the heartbeat follows a change after two seconds
	}
	want, err := t.cluster.state()
	if err != nil {
		return err
	}
	if err := t.newborn(t.spec); err != nil {
		return err
	}
	if whole {
		return t.cluster.untilState(want)
	}
	return t.sameStatus(want)
}
