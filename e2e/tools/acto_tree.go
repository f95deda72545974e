// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
)

// tree is an object as JSON has it.
type tree = map[string]any

func clone[T any](value T) T {
	var out T
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err) // came from JSON, or is a constant of this program
	}
	return out
}

func treeGet(t any, path ...string) any {
	for _, step := range path {
		switch v := t.(type) {
		case tree:
			t = v[step]
		case []any:
			if step != "[]" || len(v) == 0 {
				return nil
			}
			t = v[0]
		default:
			return nil
		}
	}
	return t
}

func textAt(t any, path ...string) string {
	text, _ := treeGet(t, path...).(string)
	return text
}

func numberAt(t any, path ...string) float64 {
	number, _ := treeGet(t, path...).(float64)
	return number
}

// removed as a value means: take the member away.
var removed = new(struct{ int })

// treeSet changes a copy-free tree; parents that are missing are made with what their schema
// requires. [] is the first item of a list. depth counts from the root, where s stands.
func treeSet(t tree, s *shape, path []string, value any) {
	node, here := any(t), s
	for i, step := range path[:len(path)-1] {
		here = here.at([]string{step})
		next := treeGet(node, step)
		_, isTree := next.(tree)
		list, isList := next.([]any)
		if here.Type == "array" && (!isList || len(list) == 0) || here.Type == "object" && !isTree {
			next = here.good(path[:i+1])
			putStep(node, step, next)
		}
		node = next
	}
	putStep(node, path[len(path)-1], value)
}

func putStep(node any, step string, value any) {
	switch v := node.(type) {
	case tree:
		if value == any(removed) {
			delete(v, step)
		} else {
			v[step] = value
		}
	case []any:
		v[0] = value
	}
}

// diffs lists the paths at which two trees differ.
func diffs(a, b any, path string) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	x, isTree := a.(tree)
	y, alsoTree := b.(tree)
	if isTree && alsoTree {
		var out []string
		for _, name := range unionKeys(x, y) {
			out = append(out, diffs(x[name], y[name], path+"."+name)...)
		}
		return out
	}
	v, isList := a.([]any)
	w, alsoList := b.([]any)
	if isList && alsoList && len(v) == len(w) {
		var out []string
		for i := range v {
			out = append(out, diffs(v[i], w[i], fmt.Sprintf("%s[%d]", path, i))...)
		}
		return out
	}
	return []string{fmt.Sprintf("%s: %.200s, was %.200s", path, show(b), show(a))}
}

func unionKeys(a, b tree) []string {
	seen := map[string]bool{}
	for name := range a {
		seen[name] = true
	}
	for name := range b {
		seen[name] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
