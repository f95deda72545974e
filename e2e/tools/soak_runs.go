// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// runWatch makes AssessmentRuns by hand and notes how far all runs, its own and the scheduled ones,
// came; the operator deletes old ones.
type runWatch struct {
	client *kubeClient
	made   int
	phases map[string]string // uid -> newest phase seen
	names  map[string]string // uid -> name
	hand   map[string]bool   // names made by hand and accepted
}

type runList struct {
	Items []struct {
		Metadata struct {
			Name, UID string
		}
		Status struct {
			Phase string
		}
	}
}

const runsPath = "/apis/kube9.io/v1alpha1/assessmentruns"

func newRunWatch(client *kubeClient) *runWatch {
	return &runWatch{client: client, phases: map[string]string{}, names: map[string]string{}, hand: map[string]bool{}}
}

func runEnded(phase string) bool {
	switch phase {
	case "Completed", "Partial", "Failed", "Cancelled":
		return true
	}
	return false
}

// create makes one run, of all kinds in turn. A server that does not answer is no matter.
func (r *runWatch) create() error {
	r.made++
	name := fmt.Sprintf("by-hand-%d", r.made)
	specs := []object{
		{"mode": "Full"},
		{"mode": "Pillar", "pillars": []string{"Security", "Reliability"}},
		{"mode": "SingleCheck", "checks": object{"include": []string{"security/privileged-container"}}},
	}
	err := r.client.do("POST", runsPath, object{
		"apiVersion": "kube9.io/v1alpha1", "kind": "AssessmentRun",
		"metadata": object{"name": name}, "spec": specs[r.made%len(specs)],
	}, nil)
	if err == nil {
		r.hand[name] = true
	}
	return nil
}

func (r *runWatch) look() error {
	var list runList
	if r.client.do("GET", runsPath, nil, &list) != nil {
		return nil // restarting
	}
	for _, item := range list.Items {
		r.phases[item.Metadata.UID] = item.Status.Phase
		r.names[item.Metadata.UID] = item.Metadata.Name
	}
	return nil
}

// open names the runs that were never seen at their end.
func (r *runWatch) open() []string {
	var names []string
	seen := map[string]bool{}
	for uid, phase := range r.phases {
		seen[r.names[uid]] = true
		if !runEnded(phase) {
			names = append(names, r.names[uid])
		}
	}
	for name := range r.hand {
		if !seen[name] {
			names = append(names, name)
		}
	}
	return names
}

func (r *runWatch) wait(limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end) && len(r.open()) > 0; {
		time.Sleep(250 * time.Millisecond)
		if err := r.look(); err != nil {
			return err
		}
	}
	return nil
}

func (r *runWatch) counts() (byPhase map[string]int, scheduled int) {
	byPhase = map[string]int{}
	for uid, phase := range r.phases {
		byPhase[phase]++
		if !r.hand[r.names[uid]] {
			scheduled++
		}
	}
	return
}

func (r *runWatch) String() string {
	phases, scheduled := r.counts()
	return fmt.Sprintf("%d runs (%d scheduled) %v", len(r.phases), scheduled, phases)
}
