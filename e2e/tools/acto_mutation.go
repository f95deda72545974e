// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"math/rand"
	"strings"
)

// verdict says what must come of a mutation.
type verdict int

const (
	either   verdict = iota // any answer that is legal
	refused                 // the API server says no
	accepted                // taken, and in force
	stalled                 // taken by the API server, refused by the operator in a condition
	invalid                 // refused by one of the two
)

// mutation is one change of one path, concrete enough to be repeated.
type mutation struct {
	leaf  leaf
	what  string
	value any // removed: take it away
	want  verdict
}

func (m mutation) String() string {
	if m.value == any(removed) {
		return fmt.Sprintf("%s: %s", m.leaf, m.what)
	}
	return fmt.Sprintf("%s: %s %.80s", m.leaf, m.what, show(m.value))
}

// structural lists what the schema alone suggests, for the value that stands there now.
func structural(l leaf, now any, required bool) []mutation {
	s := l.shape
	gone := either
	if required {
		gone = refused
	}
	out := []mutation{
		{l, "delete", removed, gone},
		{l, "null", nil, either},
		{l, "wrong type", wrongType(s), refused},
	}
	switch s.Type {
	case "string":
		out = append(out, stringMutations(l, now)...)
	case "integer":
		out = append(out, integerMutations(l)...)
	case "boolean":
		flag, _ := now.(bool)
		out = append(out, mutation{l, "toggle", !flag, either}, mutation{l, "text", "true", refused})
	case "array":
		out = append(out, listMutations(l, now)...)
	case "object":
		out = append(out, mapMutations(l)...)
	}
	return out
}

func wrongType(s *shape) any {
	if s.Type == "string" {
		return float64(7)
	}
	return "seven"
}

func stringMutations(l leaf, now any) []mutation {
	s := l.shape
	out := []mutation{{l, "unicode", "ключ-鍵-\U0001f511", fits(s, "ключ-鍵-\U0001f511")},
		{l, "huge", strings.Repeat("x", 300000), refused},
		{l, "control characters", "a\x00b\x1b\r\n\t\"'%s%n", fits(s, "a\x00b\x1b\r\n\t\"'%s%n")},
		{l, "empty", "", fits(s, "")}}
	if len(s.Enum) > 0 {
		for i, word := range s.Enum {
			if word == now {
				out = append(out, mutation{l, "enum next", s.Enum[(i+1)%len(s.Enum)], either})
			}
		}
		return append(out, mutation{l, "enum unknown", "NoSuchWord", refused},
			mutation{l, "enum lower case", strings.ToLower(show(s.Enum[0])), refused},
			mutation{l, "enum last", s.Enum[len(s.Enum)-1], either})
	}
	if s.MaxLength != nil {
		out = append(out, mutation{l, "one too long", strings.Repeat("x", *s.MaxLength+1), refused},
			mutation{l, "longest", stretch(s, *s.MaxLength), either})
	}
	if s.Pattern != "" {
		out = append(out, mutation{l, "against the pattern", " \\ ", refused})
	}
	return append(out, mutation{l, "another", s.goodText(), either})
}

// stretch makes a text of n characters that the pattern takes, if that is easy.
func stretch(s *shape, n int) string {
	base := show(s.goodText())
	for _, fill := range []string{"x", "X", "0"} {
		if len(base) < n {
			if text := base + strings.Repeat(fill, n-len(base)); s.takes(text) {
				return text
			}
		}
	}
	return base
}

func fits(s *shape, text string) verdict {
	if len(s.Enum) == 0 && s.Format == "" && s.takes(text) {
		return either
	}
	return refused
}

func integerMutations(l leaf) []mutation {
	s := l.shape
	out := []mutation{{l, "text", "ten", refused}, {l, "fraction", 1.5, refused}}
	if s.Format == "int32" {
		out = append(out, mutation{l, "beyond int32", float64(math.MaxInt32) + 1, refused},
			mutation{l, "beyond int64", 1e30, refused})
	}
	if s.Minimum != nil {
		out = append(out, mutation{l, "minimum", *s.Minimum, either},
			mutation{l, "below minimum", *s.Minimum - 1, refused})
	}
	if s.Maximum != nil {
		out = append(out, mutation{l, "maximum", *s.Maximum, either},
			mutation{l, "above maximum", *s.Maximum + 1, refused})
	} else {
		out = append(out, mutation{l, "largest", float64(math.MaxInt32), either})
	}
	return out
}

func listMutations(l leaf, now any) []mutation {
	s := l.shape
	items, _ := now.([]any)
	item := s.Items.good(append(l.path, "[]"))
	twice := either
	if s.ListType == "set" || s.ListType == "map" {
		twice = refused
	}
	out := []mutation{{l, "empty list", []any{}, either},
		{l, "push", append(clone(items), item), either},
		{l, "duplicate item", []any{item, item}, twice},
		{l, "item of the wrong type", []any{wrongType(s.Items)}, refused},
		{l, "null item", []any{nil}, refused}}
	if len(items) > 0 {
		out = append(out, mutation{l, "pop", items[:len(items)-1], either})
	}
	if s.MaxItems != nil {
		out = append(out, mutation{l, "one item too many", manyItems(s, l, *s.MaxItems+1), refused},
			mutation{l, "most items", manyItems(s, l, *s.MaxItems), either})
	}
	return out
}

// manyItems makes n items that differ where the list wants that.
func manyItems(s *shape, l leaf, n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = s.Items.good(append(l.path, "[]"))
		switch v := out[i].(type) {
		case string:
			if text := fmt.Sprintf("%s%d", v, i); s.Items.takes(text) && len(s.Items.Enum) == 0 {
				out[i] = text
			}
		case tree:
			if len(s.MapKeys) > 0 {
				v[s.MapKeys[0]] = fmt.Sprintf("item-%d", i)
			}
		}
	}
	return out
}

func mapMutations(l leaf) []mutation {
	many := tree{}
	most := 64
	if l.shape.MaxProps != nil {
		most = *l.shape.MaxProps
	}
	for i := 0; i <= most; i++ {
		many[fmt.Sprintf("key-%d", i)] = "x"
	}
	return []mutation{{l, "empty map", tree{}, either},
		{l, "one pair", tree{"app": "web"}, either},
		{l, "pair of the wrong type", tree{"app": float64(1)}, refused},
		{l, "too many pairs", many, refused},
		{l, "value too long", tree{"app": strings.Repeat("x", 254)}, refused}}
}

// pick chooses one mutation of a leaf: what the schema suggests, or what the meaning does.
func pick(r *rand.Rand, l leaf, now any, required bool) mutation {
	meaning := semantic(l)
	if len(meaning) > 0 && r.Intn(2) == 0 {
		return meaning[r.Intn(len(meaning))]
	}
	choices := structural(l, now, required)
	m := choices[r.Intn(len(choices))]
	if m.want == refused && r.Intn(2) == 0 { // most are, and what is taken tells more
		m = choices[r.Intn(len(choices))]
	}
	return m
}

// unknownMember puts a member that nobody described beside a leaf.
func unknownMember(l leaf) mutation {
	path := append(append([]string{}, l.path[:len(l.path)-1]...), "noSuchMember")
	return mutation{leaf{path, &shape{Type: "string"}}, "unknown member", "x", refused}
}
