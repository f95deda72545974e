// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// shape is a structural schema with what a mutator needs to know of it.
type shape struct {
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Enum       []any             `json:"enum"`
	Pattern    string            `json:"pattern"`
	MinLength  *int              `json:"minLength"`
	MaxLength  *int              `json:"maxLength"`
	Minimum    *float64          `json:"minimum"`
	Maximum    *float64          `json:"maximum"`
	MaxItems   *int              `json:"maxItems"`
	MaxProps   *int              `json:"maxProperties"`
	ListType   string            `json:"x-kubernetes-list-type"`
	MapKeys    []string          `json:"x-kubernetes-list-map-keys"`
	Required   []string          `json:"required"`
	Properties map[string]*shape `json:"properties"`
	Items      *shape            `json:"items"`
	Additional *shape            `json:"additionalProperties"`
}

// leaf is a path that a mutation changes: a value without members of its own, or a list or map as a
// whole. Steps into the items of a list are written [].
type leaf struct {
	path  []string
	shape *shape
}

func (l leaf) String() string {
	return strings.ReplaceAll(strings.Join(l.path, "."), ".[]", "[]")
}

// leaves lists all leaf paths below a shape, sorted.
func (s *shape) leaves(path ...string) []leaf {
	here := append([]string{}, path...)
	switch {
	case s.Type == "array":
		out := []leaf{{here, s}}
		if s.Items != nil && s.Items.Type == "object" {
			out = append(out, s.Items.leaves(append(here, "[]")...)...)
		}
		return out
	case s.Type == "object" && s.Properties != nil:
		names := make([]string, 0, len(s.Properties))
		for name := range s.Properties {
			names = append(names, name)
		}
		sort.Strings(names)
		var out []leaf
		for _, name := range names {
			out = append(out, s.Properties[name].leaves(append(here, name)...)...)
		}
		return out
	}
	return []leaf{{here, s}}
}

// at is the shape of a path, nil if there is none.
func (s *shape) at(path []string) *shape {
	for _, step := range path {
		switch {
		case s == nil:
			return nil
		case step == "[]":
			s = s.Items
		default:
			s = s.Properties[step]
		}
	}
	return s
}

// Values that some pattern of ours takes; the first that fits is the good one.
var candidates = []any{"1h", "sample", "Sample", "security/privileged-container",
	"https://kube9.invalid/x", "0.5", "2030-01-01T00:00:00Z"}

// What the schema cannot say: values that are right for this path.
var goodAt = map[string]any{
	"spec.assessment.schedule":            "@every 6h",
	"spec.assessment.timeZone":            "Etc/UTC",
	"spec.assessment.profile":             "default",
	"spec.profile":                        "default",
	"spec.server.uploadInterval":          "30m",
	"spec.heartbeat.interval":             "60s",
	"spec.ai.timeout":                     "30s",
	"spec.healing.circuitBreaker.timeout": "5m",
}

// good makes a valid value; of an object the required members only.
func (s *shape) good(path []string) any {
	path = append([]string{}, path...) // its spare room may be somebody's
	if value, ok := goodAt[strings.Join(path, ".")]; ok {
		return value
	}
	switch s.Type {
	case "object":
		out := map[string]any{}
		if s.Additional != nil {
			out["app"] = s.Additional.good(append(path, "*"))
		}
		for _, name := range s.Required {
			out[name] = s.Properties[name].good(append(path, name))
		}
		return out
	case "array":
		return []any{s.Items.good(append(path, "[]"))}
	case "boolean":
		return true
	case "integer":
		if s.Minimum != nil {
			return *s.Minimum + 1
		}
		return float64(1)
	}
	return s.goodText()
}

func (s *shape) goodText() any {
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	if s.Format == "date-time" {
		return "2030-01-01T00:00:00Z"
	}
	for _, c := range candidates {
		if s.takes(c.(string)) {
			return c
		}
	}
	return fmt.Sprintf("no-value-for-%s", s.Pattern)
}

// takes reports whether pattern and lengths allow a text.
func (s *shape) takes(text string) bool {
	n := len([]rune(text))
	return (s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(text)) &&
		(s.MinLength == nil || n >= *s.MinLength) && (s.MaxLength == nil || n <= *s.MaxLength)
}

// full makes a valid value with every member there is.
func (s *shape) full(path []string) any {
	if s.Type == "array" {
		return []any{s.Items.full(append(path, "[]"))}
	}
	if s.Type != "object" || s.Properties == nil {
		return s.good(path)
	}
	out := map[string]any{}
	for name, child := range s.Properties {
		out[name] = child.full(append(append([]string{}, path...), name))
	}
	return out
}
