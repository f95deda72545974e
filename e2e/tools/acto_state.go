// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// What depends on when something happened, or on how often before.
var passing = map[string]bool{
	"lastTransitionTime": true, "observedGeneration": true, "lastScheduleTime": true,
	"nextAssessmentTime": true, "lastAssessment": true, "startTime": true, "completionTime": true,
	"duration": true, "historyID": true, "configGeneration": true, "lastUpdate": true, "lastChecked": true,
}

// steady copies a document without what passes; whether such a member is there still counts.
func steady(value any) any {
	switch v := value.(type) {
	case tree:
		out := tree{}
		for name, member := range v {
			switch {
			case strings.HasPrefix(name, "lastScheduled"):
			case passing[name]:
				out[name] = "<present>"
			default:
				out[name] = steady(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = steady(v[i])
		}
		return byType(out)
	}
	return value
}

// byType turns a list of conditions into a map: their order means nothing.
func byType(list []any) any {
	out := tree{}
	for _, item := range list {
		name := textAt(item, "type")
		if name == "" {
			return list
		}
		out[name] = item
	}
	if len(out) == 0 {
		return list
	}
	return out
}

// state is what the operator says about a configuration: its status, and the status ConfigMap.
func (c *actoCluster) state() (tree, error) {
	config, err := c.get(objectPath(configs, "default"))
	if err != nil {
		return nil, err
	}
	shown, err := c.get("/api/v1/namespaces/kube9-system/configmaps/kube9-operator-status")
	if err != nil {
		return nil, err
	}
	var document any
	if text := textAt(shown, "data", "status"); text != "" {
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return nil, fmt.Errorf("status ConfigMap: %w", err)
		}
	}
	status := steady(config["status"])
	if suspended, _ := treeGet(config, "spec", "assessment", "suspend").(bool); suspended {
		// It makes no run, but keeps those from before it was suspended.
		said, _ := status.(tree)
		delete(said, "lastAssessment")
		delete(said, "lastScheduleTime")
	}
	return tree{"status": status, "configMap": steady(document)}, nil
}

// untilState waits until the state is the wanted one.
func (c *actoCluster) untilState(want tree) error {
	return until(func() error {
		now, err := c.state()
		if err != nil {
			return err
		}
		if found := diffs(want, now, ""); len(found) > 0 {
			return fmt.Errorf("state differs: %s", strings.Join(found, "; "))
		}
		return nil
	})
}

// resultOf is what came out of a run.
func resultOf(run tree) tree {
	out, _ := steady(treeGet(run, "status")).(tree)
	return out
}
