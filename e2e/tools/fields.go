// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"sort"
)

type schema struct {
	Description string             `json:"description"`
	Properties  map[string]*schema `json:"properties"`
	Items       *schema            `json:"items"`
	Additional  *schema            `json:"additionalProperties"`
}

type crd struct {
	Spec struct {
		Names struct {
			Plural string `json:"plural"`
		} `json:"names"`
		Versions []struct {
			Schema struct {
				Root *schema `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// members goes through lists down to the schema whose properties kubectl explain shows.
func members(s *schema) map[string]*schema {
	for s != nil && s.Properties == nil && s.Items != nil {
		s = s.Items
	}
	if s == nil {
		return nil
	}
	return s.Properties
}

// walk prints every path that has members (explaining it shows all of them), and returns the paths
// of fields that nobody described.
func walk(s *schema, path string) []string {
	var bare []string
	fmt.Println(path)
	names := make([]string, 0)
	for name := range members(s) {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		child := members(s)[name]
		// The three that every object has are described by Kubernetes itself.
		shared := name == "apiVersion" || name == "kind" || name == "metadata"
		if child.Description == "" && !shared {
			bare = append(bare, path+"."+name)
		}
		if len(members(child)) > 0 {
			bare = append(bare, walk(child, path+"."+name)...)
		}
	}
	return bare
}

func runFields(args []string) error {
	flags := flag.NewFlagSet("fields", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("wants one plural name")
	}
	client, err := newKubeClient(*config, 1)
	if err != nil {
		return err
	}
	var found crd
	path := "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + flags.Arg(0) + ".kube9.io"
	if err := client.do("GET", path, nil, &found); err != nil {
		return err
	}
	if len(found.Spec.Versions) == 0 || found.Spec.Versions[0].Schema.Root == nil {
		return errors.New("the CRD has no schema")
	}
	root := found.Spec.Versions[0].Schema.Root
	bare := walk(root, found.Spec.Names.Plural)
	if root.Description == "" {
		bare = append(bare, found.Spec.Names.Plural)
	}
	if len(bare) > 0 {
		return fmt.Errorf("without a description: %v", bare)
	}
	return nil
}
