// SPDX-License-Identifier: Apache-2.0

// Command k9e2e holds what the e2e scripts need beyond bash and kubectl: comparing objects with
// expectations, loading many objects, reading the audit log, signing tokens, walking CRD schemas.
package main

import (
	"fmt"
	"os"
)

type command struct {
	name string
	args string
	help string
	run  func(args []string) error
}

var commands = []command{
	{"match", "[-timeout 10s] -kubectl FILE EXPECT.yaml", "wait until the cluster's objects contain what the file says", runMatch},
	{"json", "PATH", "print one value of the JSON document on stdin (a.b.0.c; # is a length)", runJSON},
	{"load", "-kubeconfig FILE [-pods N] [-owners N] [-fat]", "create many Pods with their owners", runLoad},
	{"update", "-kubeconfig FILE -count N", "change loaded Pods as fast as the server takes it", runUpdate},
	{"replay", "-kubeconfig FILE -cert FILE -key FILE [-listen ADDRESS]", "stand in front of the API server with recorded Pods and fast updates", runReplay},
	{"audit", "[-user U] [-instance ID] [-from OFFSET] writes|denied|uses FILE", "print matching audit events, one line each", runAudit},
	{"audit", "[-user U] [-from OFFSET] [-deadline 10s] [-transit 1s] reigns FILE", "prove from Lease and other writes that two instances never wrote at a time", runAudit},
	{"relay", "-to ADDRESS -control FILE [-listen ADDRESS]", "pass, stall, half pass or cut TCP connections, as the file says", runRelay},
	{"faults", "-kubeconfig FILE -cert FILE -key FILE [-listen ADDRESS] [-control ADDRESS]", "stand in front of the API server and break a seeded share of requests and watch lines", runFaults},
	{"kinds", "", "print the kinds that soak compares, as kube9-follow takes them", runKinds},
	{"soak", "-kubeconfig FILE -minutes N [-rate N] ...", "churn, sample and check for minutes on end; started by soak.sh", runSoak},
	{"dashboard", "-prometheus URL -svg FILE [-minutes N] DASHBOARD.json", "draw a Grafana dashboard as SVG, with what its queries give", runDashboard},
	{"rights", "-kubeconfig FILE AUDITLOG", "print the operator's rights that were never used", runRights},
	{"token", "-key FILE -uid UID -namespace NS -name NAME [-expires 1h]", "sign a ServiceAccount token", runToken},
	{"acto", "-kubeconfig FILE -program FILE -operator-config FILE -dir DIR -audit FILE -sample FILE [-steps N] [-seed N] [-trial N]", "mutate custom resources step by step and judge what the operator makes of it", runActo},
	{"fields", "-kubeconfig FILE KIND", "print every object path of a kube9.io kind for kubectl explain", runFields},
}

func main() {
	if len(os.Args) > 1 {
		for _, c := range commands {
			if c.name != os.Args[1] {
				continue
			}
			if err := c.run(os.Args[2:]); err != nil {
				fmt.Fprintf(os.Stderr, "k9e2e %s: %v\n", c.name, err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage:")
	for _, c := range commands {
		fmt.Fprintf(os.Stderr, "  k9e2e %s %s\n        %s\n", c.name, c.args, c.help)
	}
	os.Exit(2)
}
