// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
)

var reasonForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// conditionsOf is status.conditions by type.
func conditionsOf(object tree) map[string]tree {
	out := map[string]tree{}
	list, _ := treeGet(object, "status", "conditions").([]any)
	for _, c := range list {
		out[textAt(c, "type")] = c.(tree)
	}
	return out
}

func statusOf(conditions map[string]tree, kind string) string {
	return textAt(conditions[kind], "status")
}

var conditionTypes = map[string][]string{
	configs: {"Ready", "Reconciling", "Stalled", "Registered", "AssessmentsCurrent", "StoreHealthy", "PermissionsSufficient"},
	runs:    {"Ready", "Reconciling", "Stalled", "Complete", "Failed"},
}

// conditionsLegal judges one version of an object by the conventions of its kind.
func conditionsLegal(kind string, object tree) error {
	conditions := conditionsOf(object)
	known := strings.Join(conditionTypes[kind], " ")
	for name, c := range conditions {
		switch {
		case !strings.Contains(" "+known+" ", " "+name+" "):
			return fmt.Errorf("condition %s is not one of %s", name, known)
		case !reasonForm.MatchString(textAt(c, "reason")):
			return fmt.Errorf("reason %q of %s is not CamelCase", textAt(c, "reason"), name)
		case len([]rune(textAt(c, "message"))) > 1024 || textAt(c, "message") == "":
			return fmt.Errorf("message of %s has %d characters", name, len([]rune(textAt(c, "message"))))
		case numberAt(c, "observedGeneration") != numberAt(object, "status", "observedGeneration"):
			return fmt.Errorf("%s is about generation %v, the status about %v", name,
				c["observedGeneration"], treeGet(object, "status", "observedGeneration"))
		case (name == "Reconciling" || name == "Stalled") && textAt(c, "status") != "True":
			return fmt.Errorf("%s is there and %s", name, textAt(c, "status"))
		}
	}
	if conditions["Ready"] == nil {
		return fmt.Errorf("there is no Ready")
	}
	if kind == configs {
		return configLegal(conditions)
	}
	return runLegal(textAt(object, "status", "phase"), conditions)
}

func configLegal(conditions map[string]tree) error {
	ready, stalledNow := conditions["Ready"], conditions["Stalled"]
	switch {
	case textAt(ready, "status") == "True" && stalledNow != nil:
		return fmt.Errorf("Ready and Stalled at once")
	case textAt(ready, "status") == "False" && stalledNow == nil:
		return fmt.Errorf("not Ready, and not Stalled")
	case textAt(ready, "status") == "False" && textAt(ready, "reason") != textAt(stalledNow, "reason"):
		return fmt.Errorf("Ready says %s, Stalled %s", textAt(ready, "reason"), textAt(stalledNow, "reason"))
	}
	return nil
}

// What each phase of a run has to be: the conditions that are True.
var phaseConditions = map[string]string{
	"Pending": "Reconciling", "Running": "Reconciling", "Completed": "Complete Ready", "Partial": "Complete Ready",
	"Failed": "Failed Stalled", "Cancelled": "Failed Stalled",
}

func runLegal(phase string, conditions map[string]tree) error {
	var now []string
	for _, name := range []string{"Complete", "Failed", "Ready", "Reconciling", "Stalled"} {
		if statusOf(conditions, name) == "True" {
			now = append(now, name)
		}
	}
	want, known := phaseConditions[phase]
	if got := strings.Join(now, " "); !known || got != want {
		return fmt.Errorf("phase %q with the conditions %q, want %q", phase, got, want)
	}
	return nil
}

func terminal(phase string) bool {
	return strings.HasPrefix(phaseConditions[phase], "Complete") || strings.HasPrefix(phaseConditions[phase], "Failed")
}

// changeLegal judges two versions that followed each other.
func changeLegal(kind string, old, now tree) error {
	if treeGet(now, "status") == nil || treeGet(now, "status", "conditions") == nil {
		return nil // just created
	}
	if err := conditionsLegal(kind, now); err != nil {
		return err
	}
	if old == nil || textAt(old, "metadata", "uid") != textAt(now, "metadata", "uid") {
		return nil
	}
	before := conditionsOf(old)
	for name, c := range conditionsOf(now) {
		was := before[name]
		if was == nil {
			continue
		}
		same := textAt(was, "status") == textAt(c, "status")
		moved := textAt(was, "lastTransitionTime") != textAt(c, "lastTransitionTime")
		if same && moved {
			return fmt.Errorf("lastTransitionTime of %s moved, its status did not", name)
		}
	}
	was, is := textAt(old, "status", "phase"), textAt(now, "status", "phase")
	if terminal(was) && was != is || was == "Running" && is == "Pending" {
		return fmt.Errorf("phase went from %s to %q", was, is)
	}
	return nil
}

// upToDate reports whether the status is about the newest generation.
func upToDate(object tree) error {
	generation := numberAt(object, "metadata", "generation")
	if seen := numberAt(object, "status", "observedGeneration"); seen != generation {
		return fmt.Errorf("%s: status is about generation %v of %v", textAt(object, "metadata", "name"), seen, generation)
	}
	return nil
}

var indexForm = regexp.MustCompile(`\[[0-9]+\]`)

// names reports whether a message speaks of one of the paths, or of something above or below one.
func names(message string, paths []string) bool {
	message = indexForm.ReplaceAllString(message, "")
	for _, path := range paths {
		steps := strings.Split(strings.ReplaceAll(path, ".[]", ""), ".")
		for n := len(steps); n > 1; n-- {
			whole, below := strings.Join(steps[:n], "."), strings.Join(steps[1:n], ".")
			// Kubernetes 1.30 names members of a status as seen from the status.
			if strings.Contains(message, whole) || strings.Contains(message, " in "+below) ||
				strings.Contains(message, " "+below+": ") || strings.Contains(message, "["+below+": ") {
				return true
			}
		}
		// The API server quotes an unknown member alone.
		if strings.Contains(message, `"`+steps[len(steps)-1]) {
			return true
		}
	}
	return false
}
