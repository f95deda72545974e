// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

type object = map[string]any

// loadPlan says what is created: pods over owners over namespaces. Fat Pods weigh about three times
// as much, most of it in env entries and annotations that no other Pod has.
type loadPlan struct {
	pods, owners, namespaces int
	fat                      bool
	scheduler                string
}

func (p loadPlan) namespace(team int) string {
	return fmt.Sprintf("load-%d", team%p.namespaces)
}

// podsOf spreads what does not divide evenly over the first owners.
func (p loadPlan) podsOf(team int) int {
	count := p.pods / p.owners
	if team < p.pods%p.owners {
		count++
	}
	return count
}

func teamName(team int) string {
	return fmt.Sprintf("team-%04d", team)
}

func podName(team, i int) string {
	return fmt.Sprintf("%s-%03d", teamName(team), i)
}

// podSpec is one of a few shapes, good and bad, so that checks have something to find.
func podSpec(team int) object {
	container := object{
		"name":  "app",
		"image": fmt.Sprintf("registry.example.com/load/app-%d:1.%d", team, team%7),
		"env": []object{
			{"name": "TEAM", "value": fmt.Sprint(team)},
			{"name": "LOG_LEVEL", "value": "info"},
		},
		"ports": []object{{"containerPort": 8080, "name": "http"}},
	}
	if team%2 == 0 {
		container["resources"] = object{
			"requests": object{"cpu": "10m", "memory": "16Mi"},
			"limits":   object{"memory": "16Mi"},
		}
		container["securityContext"] = object{
			"allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 10001,
			"capabilities": object{"drop": []string{"ALL"}},
		}
	}
	if team%3 == 0 {
		probe := object{"httpGet": object{"path": "/healthz", "port": "http"}}
		container["readinessProbe"], container["livenessProbe"] = probe, probe
	}
	return object{"containers": []object{container}, "terminationGracePeriodSeconds": 5}
}

func (p loadPlan) podSpec(team int) object {
	spec := podSpec(team)
	if p.scheduler != "" {
		spec["schedulerName"] = p.scheduler
	}
	return spec
}

type created struct {
	Metadata struct {
		UID string `json:"uid"`
	} `json:"metadata"`
}

// fatten gives a Pod what nobody shares with it.
func fatten(spec object, pod string) object {
	container := spec["containers"].([]object)[0]
	env := container["env"].([]object)
	for i := range 40 {
		env = append(env, object{"name": fmt.Sprintf("SETTING_%02d", i), "value": fmt.Sprintf("%s/%02d", pod, i)})
	}
	container["env"] = env
	annotations := object{}
	for i := range 10 {
		key := fmt.Sprintf("example.com/note-%d", i)
		annotations[key] = strings.Repeat(fmt.Sprintf("%s-%d ", pod, i), 8)
	}
	return annotations
}

// loadTeam creates one ReplicaSet and the Pods it owns (no controller-manager has to run).
func loadTeam(client *kubeClient, plan loadPlan, team int, done *atomic.Int64) error {
	name, namespace, pods := teamName(team), plan.namespace(team), plan.podsOf(team)
	labels := object{"app": name}
	template := object{"metadata": object{"labels": labels}, "spec": plan.podSpec(team)}
	var owner created
	err := client.do("POST", "/apis/apps/v1/namespaces/"+namespace+"/replicasets", object{
		"metadata": object{"name": name, "labels": labels},
		"spec": object{
			"replicas": pods, "selector": object{"matchLabels": labels}, "template": template,
		},
	}, &owner)
	if err != nil {
		return err
	}
	for i := range pods {
		spec := plan.podSpec(team)
		meta := object{
			"name": podName(team, i), "labels": labels,
			"ownerReferences": []object{{
				"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name,
				"uid": owner.Metadata.UID, "controller": true, "blockOwnerDeletion": true,
			}},
		}
		if plan.fat {
			meta["annotations"] = fatten(spec, podName(team, i))
		}
		err := client.do("POST", "/api/v1/namespaces/"+namespace+"/pods",
			object{"metadata": meta, "spec": spec}, nil)
		if err != nil {
			return err
		}
		done.Add(1)
	}
	return nil
}

func prepare(client *kubeClient, namespaces int) error {
	for n := range namespaces {
		name := fmt.Sprintf("load-%d", n)
		err := client.do("POST", "/api/v1/namespaces", object{"metadata": object{"name": name}}, nil)
		if err != nil {
			return err
		}
		// Without a controller-manager nobody else makes it, and Pods wait for it in admission.
		err = client.do("POST", "/api/v1/namespaces/"+name+"/serviceaccounts",
			object{"metadata": object{"name": "default"}}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// inParallel calls work(0..count-1) from several goroutines; each stops at its first failure.
func inParallel(workers, count int, work func(int) error) error {
	items := make(chan int)
	failures := make(chan error, workers)
	for range workers {
		go func() {
			var first error
			for item := range items {
				if first == nil {
					first = work(item)
				}
			}
			failures <- first
		}()
	}
	for item := range count {
		items <- item
	}
	close(items)
	var all error
	for range workers {
		all = errors.Join(all, <-failures)
	}
	return all
}

func runLoad(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "")
	var plan loadPlan
	flags.IntVar(&plan.pods, "pods", 2000, "")
	flags.IntVar(&plan.owners, "owners", 0, "default: one for 20 pods")
	flags.IntVar(&plan.namespaces, "namespaces", 4, "")
	flags.BoolVar(&plan.fat, "fat", false, "")
	flags.StringVar(&plan.scheduler, "scheduler", "", "one that does not exist, where Pods must not run")
	workers := flags.Int("workers", 8, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if plan.owners == 0 {
		plan.owners = max(1, plan.pods/20)
	}
	client, err := newKubeClient(*config, *workers)
	if err != nil {
		return err
	}
	if err := prepare(client, plan.namespaces); err != nil {
		return err
	}
	begin := time.Now()
	var done atomic.Int64
	err = inParallel(*workers, plan.owners, func(team int) error {
		return loadTeam(client, plan, team, &done)
	})
	fmt.Printf("%d pods in %.1f s\n", done.Load(), time.Since(begin).Seconds())
	return err
}

// runUpdate changes one annotation of the Pods that runLoad made, one after the other.
func runUpdate(args []string) error {
	flags := flag.NewFlagSet("update", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "")
	var plan loadPlan
	flags.IntVar(&plan.pods, "pods", 2000, "as loaded")
	flags.IntVar(&plan.owners, "owners", 100, "as loaded")
	flags.IntVar(&plan.namespaces, "namespaces", 4, "as loaded")
	count := flags.Int("count", 10000, "number of updates")
	first := flags.Int("first", 0, "what the first writes; the others count on from there")
	workers := flags.Int("workers", 8, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newKubeClient(*config, *workers)
	if err != nil {
		return err
	}
	client.contentType = "application/merge-patch+json"
	begin := time.Now()
	err = inParallel(*workers, *count, func(n int) error {
		team := n % plan.owners
		i := n / plan.owners % max(1, plan.podsOf(team))
		path := "/api/v1/namespaces/" + plan.namespace(team) + "/pods/" + podName(team, i)
		return client.do("PATCH", path, object{
			"metadata": object{"annotations": object{"example.com/step": fmt.Sprint(*first + n)}},
		}, nil)
	})
	seconds := time.Since(begin).Seconds()
	fmt.Printf("%d updates in %.1f s, %.0f/s\n", *count, seconds, float64(*count)/seconds)
	return err
}
