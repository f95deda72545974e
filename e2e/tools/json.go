// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// lookup follows a dotted path: member names, list indexes, and # for the length of a list or map.
func lookup(value any, path string) (any, error) {
	if path == "" || path == "." {
		return value, nil
	}
	walked := ""
	for _, step := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		walked += "." + step
		switch v := value.(type) {
		case map[string]any:
			if step == "#" {
				value = float64(len(v))
				continue
			}
			member, ok := v[step]
			if !ok {
				return nil, fmt.Errorf("there is no %s", walked)
			}
			value = member
		case []any:
			if step == "#" {
				value = float64(len(v))
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("there is no %s in a list of %d", walked, len(v))
			}
			value = v[i]
		default:
			return nil, fmt.Errorf("%s goes into a %T", walked, value)
		}
	}
	return value, nil
}

func show(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func runJSON(args []string) error {
	if len(args) != 1 {
		return errors.New("wants one PATH")
	}
	var document any
	decoder := json.NewDecoder(os.Stdin)
	if err := decoder.Decode(&document); err != nil {
		return fmt.Errorf("stdin is not JSON: %w", err)
	}
	if decoder.More() {
		return errors.New("more than one document on stdin")
	}
	value, err := lookup(document, args[0])
	if err != nil {
		return err
	}
	fmt.Println(show(value))
	return nil
}
