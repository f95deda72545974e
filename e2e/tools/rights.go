// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"sort"
)

type policyRule struct {
	Groups    []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
}

type role struct {
	Rules []policyRule `json:"rules"`
}

var operatorRoles = []string{
	"/apis/rbac.authorization.k8s.io/v1/clusterroles/kube9-operator",
	"/apis/rbac.authorization.k8s.io/v1/namespaces/kube9-system/roles/kube9-operator",
	"/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/kube9-operator-events",
}

func (r *policyRule) each(call func(verb, resource string)) {
	for _, group := range r.Groups {
		for _, name := range r.Resources {
			if group != "" {
				name = group + "/" + name
			}
			for _, verb := range r.Verbs {
				call(verb, name)
			}
		}
	}
}

func usedRights(path, user string) (map[string]bool, error) {
	used := map[string]bool{}
	err := forEachEvent(path, 0, func(e *auditEvent) {
		if e.User.Username != user {
			return
		}
		used[e.Verb+" "+e.resource()] = true
		// Server-side apply that makes the object needs create as well.
		if e.Verb == "patch" && e.Response.Code == 201 {
			used["create "+e.resource()] = true
		}
	})
	return used, err
}

func runRights(args []string) error {
	flags := flag.NewFlagSet("rights", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "")
	user := flags.String("user", "system:serviceaccount:kube9-system:kube9-operator", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("wants one audit log")
	}
	client, err := newKubeClient(*config, 1)
	if err != nil {
		return err
	}
	used, err := usedRights(flags.Arg(0), *user)
	if err != nil {
		return err
	}
	unused := map[string]bool{}
	for _, path := range operatorRoles {
		var found role
		if err := client.do("GET", path, nil, &found); err != nil {
			return err
		}
		for _, rule := range found.Rules {
			rule.each(func(verb, resource string) {
				if !used[verb+" "+resource] {
					unused[verb+" "+resource] = true
				}
			})
		}
	}
	var lines []string
	for line := range unused {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	return nil
}
