// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
)

// meaning is what people get right and wrong in fields of one kind; the schema takes all of it, or
// nearly. path is matched against the leaf's path.
type meaning struct {
	path      *regexp.Regexp
	good, bad []any
}

func texts(words ...string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = word
	}
	return out
}

func lists(words ...string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = []any{word}
	}
	return out
}

func expression(key, operator string, values ...any) []any {
	e := tree{"key": key, "operator": operator}
	if values != nil {
		e["values"] = values
	}
	return []any{e}
}

var meanings = []meaning{
	{regexp.MustCompile(`\.schedule$`),
		texts("0 3 * * 1-5", "*/5 * * * *", "@daily", "@every 6h", "@every 90m", "0 0 29 2 *"),
		texts("@every 30s", "@every 0s", "@every -1h", "@every 99999999999999h", "61 * * * *", "* * *",
			"0 0 30 2 *", "@sometimes", "CRON_TZ=UTC 0 3 * * *", " ", "0 3 * * * *", "*/0 * * * *")},
	{regexp.MustCompile(`\.timeZone$`),
		texts("UTC", "Etc/UTC", "Europe/Berlin", "America/St_Johns"),
		texts("Mars/Phobos", "Europe", "europe/nowhere", "Etc/UTC/x")},
	{regexp.MustCompile(`(interval|Interval|retention\.\w+|events\.\w+l|timeout)$`),
		nil, texts("0s", "1h1h", "4000000d", "99999999999999999999s", "1w", "1.5h", "-1h", "1 h")},
	{regexp.MustCompile(`retention\.\w+$|collection\.\w+\.interval$`),
		texts("1h30m", "60s", "1d", "30d12h"), texts("59s")},
	{regexp.MustCompile(`heartbeat\.interval$`), texts("15s", "240s", "1m30s"), texts("14s", "241s")},
	{regexp.MustCompile(`server\.uploadInterval$`), texts("15m", "60m"), texts("14m59s", "61m")},
	{regexp.MustCompile(`spec(\.assessment)?\.checks\.(include|exclude)$`),
		lists("security/privileged-container", "security/*"),
		lists("security/no-such-check", "nosuchpillar/*", "security", "security/privileged-container ")},
	{regexp.MustCompile(`exemptions\.\[\]\.checks$`),
		lists("security/privileged-container", "security/*"), lists("security", "a b/c")},
	{regexp.MustCompile(`\.profile$`), texts("strict", "pss-baseline", "cis-1.12"),
		texts("no-such-profile", "default.")},
	{regexp.MustCompile(`\.expires$`),
		texts("2030-01-01T00:00:00Z", "2020-01-01T00:00:00+02:00", "2099-12-31T23:59:59Z"),
		texts("2026-02-30T00:00:00Z", "tomorrow", "2030-01-01", "2030-13-01T00:00:00Z")},
	{regexp.MustCompile(`matchExpressions$`),
		[]any{expression("app", "In", "web", "api"), expression("app", "Exists"),
			expression("kubernetes.io/metadata.name", "NotIn", "default")},
		[]any{expression("app", "In"), expression("app", "Exists", "x"), expression("a b", "Exists"),
			expression("app", "Like", "x"), expression("", "Exists"), expression("app", "In", "not a value!")}},
	{regexp.MustCompile(`matchLabels$`),
		[]any{tree{"app.kubernetes.io/name": "web"}, tree{}},
		[]any{tree{"not a key!": "x"}, tree{"app": "not a value!"}}},
	{regexp.MustCompile(`(exempt|protected\.)[nN]amespaces$`),
		lists("no-such-namespace", "kube-system"), lists("Not-A-Namespace", "a.b", "-a")},
	{regexp.MustCompile(`SecretRef\.name$|Ref\.name$`),
		texts("no-such-secret"), texts("Not-A-Name", "a_b", "../x")},
	{regexp.MustCompile(`[uU]rl$|endpoint$`),
		texts("https://127.0.0.1:1/none", "http://[::1]/"), texts("ftp://x/", "https:// x", "x")},
}

// semantic lists what the meaning of a leaf suggests.
func semantic(l leaf) []mutation {
	var out []mutation
	name := textOf(l.path)
	if l.path[0] != "spec" {
		return nil
	}
	for _, m := range meanings {
		if !m.path.MatchString(name) {
			continue
		}
		for _, value := range m.good {
			out = append(out, mutation{l, "right", value, accepted})
		}
		for _, value := range m.bad {
			out = append(out, mutation{l, "wrong", value, invalid})
		}
	}
	return out
}

func textOf(path []string) string {
	text := path[0]
	for _, step := range path[1:] {
		text += "." + step
	}
	return text
}
