// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// An expectation is an object written like a manifest: every member it names must be there with that
// value, what it does not name may be anything. Strings with a meaning of their own:
//
//	<present>   any value        <absent>  no such member
//	/regexp/    matches          >=N <=N   a number compared
//
// A list whose items have a `type`, `name` or `check` is matched item by item with that key, in any
// order; any other list must have the same items in the same order. An expectation without
// metadata.name is about all objects of the kind: with metadata.labels about those with the labels;
// `count` says how many there are, and every one of them must match the rest.

var mergeKeys = []string{"type", "name", "check"}

func compareString(want, path string, got any, present bool) []string {
	switch {
	case want == "<absent>":
		if present {
			return []string{fmt.Sprintf("%s: want it absent, is %s", path, show(got))}
		}
		return nil
	case !present:
		return []string{fmt.Sprintf("%s: want %s, is absent", path, want)}
	case want == "<present>":
		return nil
	case len(want) > 2 && want[0] == '/' && want[len(want)-1] == '/':
		if regexp.MustCompile(want[1 : len(want)-1]).MatchString(show(got)) {
			return nil
		}
	case strings.HasPrefix(want, ">=") || strings.HasPrefix(want, "<="):
		limit, err := strconv.ParseFloat(strings.TrimSpace(want[2:]), 64)
		number, ok := got.(float64)
		if err == nil && ok && (want[0] == '>' && number >= limit || want[0] == '<' && number <= limit) {
			return nil
		}
	case got == any(want):
		return nil
	}
	return []string{fmt.Sprintf("%s: want %s, is %s", path, want, show(got))}
}

func keyOf(items []any) string {
	for _, key := range mergeKeys {
		all := len(items) > 0
		for _, item := range items {
			m, ok := item.(map[string]any)
			_, has := m[key].(string)
			all = all && ok && has
		}
		if all {
			return key
		}
	}
	return ""
}

func compareList(want []any, path string, got any) []string {
	list, ok := got.([]any)
	if !ok {
		return []string{fmt.Sprintf("%s: want a list, is %s", path, show(got))}
	}
	var problems []string
	if key := keyOf(want); key != "" {
		for _, item := range want {
			name := item.(map[string]any)[key].(string)
			found := false
			for _, other := range list {
				if m, ok := other.(map[string]any); ok && m[key] == name {
					found = true
					problems = append(problems,
						compare(item, fmt.Sprintf("%s[%s]", path, name), other, true)...)
				}
			}
			if !found {
				problems = append(problems, fmt.Sprintf("%s: has no %s %s", path, key, name))
			}
		}
		return problems
	}
	if len(list) != len(want) {
		return []string{fmt.Sprintf("%s: want %d items, has %s", path, len(want), show(got))}
	}
	for i := range want {
		problems = append(problems, compare(want[i], fmt.Sprintf("%s[%d]", path, i), list[i], true)...)
	}
	return problems
}

func compare(want any, path string, got any, present bool) []string {
	if text, ok := want.(string); ok {
		return compareString(text, path, got, present)
	}
	if !present {
		return []string{fmt.Sprintf("%s: want %s, is absent", path, show(want))}
	}
	switch w := want.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: want an object, is %s", path, show(got))}
		}
		var problems []string
		for key, value := range w {
			member, has := m[key]
			problems = append(problems, compare(value, path+"."+key, member, has)...)
		}
		return problems
	case []any:
		return compareList(w, path, got)
	default:
		if want != got {
			return []string{fmt.Sprintf("%s: want %s, is %s", path, show(want), show(got))}
		}
		return nil
	}
}

// resource turns apiVersion and kind into kubectl's Kind.version.group.
func resource(apiVersion, kind string) string {
	group, version, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		return kind
	}
	return kind + "." + version + "." + group
}

func kubectlGet(kubectl string, args ...string) (map[string]any, error) {
	command := exec.Command(kubectl, append([]string{"get", "-o", "json"}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("kubectl get %s: %s", strings.Join(args, " "),
			strings.TrimSpace(stderr.String()))
	}
	var object map[string]any
	return object, json.Unmarshal(text, &object)
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// check compares one expectation with the cluster as it is now.
func check(kubectl string, want map[string]any) []string {
	meta, _ := want["metadata"].(map[string]any)
	args := []string{resource(text(want["apiVersion"]), text(want["kind"]))}
	if namespace := text(meta["namespace"]); namespace != "" {
		args = append(args, "-n", namespace)
	}
	if name := text(meta["name"]); name != "" {
		object, err := kubectlGet(kubectl, append(args, name)...)
		if err != nil {
			return []string{err.Error()}
		}
		return compare(want, text(want["kind"])+" "+name, object, true)
	}
	if labels, ok := meta["labels"].(map[string]any); ok {
		var pairs []string
		for key, value := range labels {
			pairs = append(pairs, key+"="+text(value))
		}
		args = append(args, "-l", strings.Join(pairs, ","))
	}
	list, err := kubectlGet(kubectl, args...)
	if err != nil {
		return []string{err.Error()}
	}
	return checkAll(want, list)
}

func checkAll(want map[string]any, list map[string]any) []string {
	items, _ := list["items"].([]any)
	kind := text(want["kind"])
	rest := map[string]any{}
	for key, value := range want {
		if key != "count" {
			rest[key] = value
		}
	}
	problems := compare(orAny(want["count"]), kind+" count", float64(len(items)), true)
	for _, item := range items {
		meta, _ := item.(map[string]any)["metadata"].(map[string]any)
		problems = append(problems, compare(rest, kind+" "+text(meta["name"]), item, true)...)
	}
	return problems
}

func orAny(value any) any {
	if value == nil {
		return "<present>"
	}
	return value
}

func readExpectations(path string) ([]map[string]any, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, part := range regexp.MustCompile(`(?m)^---\s*$`).Split(string(content), -1) {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(part), &object); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if object != nil {
			all = append(all, object)
		}
	}
	return all, nil
}

func runMatch(args []string) error {
	flags := flag.NewFlagSet("match", flag.ExitOnError)
	kubectl := flags.String("kubectl", "kubectl", "")
	timeout := flags.Duration("timeout", 10*time.Second, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("wants one file")
	}
	expectations, err := readExpectations(flags.Arg(0))
	if err != nil {
		return err
	}
	deadline := time.Now().Add(*timeout)
	for _, want := range expectations {
		problems := check(*kubectl, want)
		for len(problems) > 0 && time.Now().Before(deadline) {
			time.Sleep(100 * time.Millisecond)
			problems = check(*kubectl, want)
		}
		if len(problems) > 0 {
			return fmt.Errorf("after %v:\n  %s", *timeout, strings.Join(problems, "\n  "))
		}
	}
	return nil
}
