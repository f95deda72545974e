// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type object = map[string]any

const podsPerOwner = 20

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

type created struct {
	Metadata struct {
		UID string `json:"uid"`
	} `json:"metadata"`
}

// loadTeam creates one ReplicaSet and the Pods it owns (no controller-manager has to run).
func loadTeam(client *kubeClient, namespace string, team, pods int, done *atomic.Int64) error {
	name := fmt.Sprintf("team-%04d", team)
	labels := object{"app": name}
	template := object{"metadata": object{"labels": labels}, "spec": podSpec(team)}
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
		err := client.do("POST", "/api/v1/namespaces/"+namespace+"/pods", object{
			"metadata": object{
				"name": fmt.Sprintf("%s-%03d", name, i), "labels": labels,
				"ownerReferences": []object{{
					"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name,
					"uid": owner.Metadata.UID, "controller": true, "blockOwnerDeletion": true,
				}},
			},
			"spec": podSpec(team),
		}, nil)
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

func runLoad(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "")
	pods := flags.Int("pods", 2000, "")
	namespaces := flags.Int("namespaces", 4, "")
	workers := flags.Int("workers", 8, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newKubeClient(*config, *workers)
	if err != nil {
		return err
	}
	if err := prepare(client, *namespaces); err != nil {
		return err
	}
	begin := time.Now()
	teams := make(chan int)
	failures := make(chan error, *workers)
	var done atomic.Int64
	var wait sync.WaitGroup
	for range *workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var first error
			for team := range teams {
				count := min(podsPerOwner, *pods-team*podsPerOwner)
				if first == nil {
					first = loadTeam(client, fmt.Sprintf("load-%d", team%*namespaces), team, count, &done)
				}
			}
			failures <- first
		}()
	}
	for team := 0; team*podsPerOwner < *pods; team++ {
		teams <- team
	}
	close(teams)
	wait.Wait()
	close(failures)
	var all error
	for failure := range failures {
		all = errors.Join(all, failure)
	}
	fmt.Printf("%d pods in %.1f s\n", done.Load(), time.Since(begin).Seconds())
	return all
}
