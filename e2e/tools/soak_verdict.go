// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

// verdictTable prints what was measured beside its limit, and counts.
type verdictTable struct {
	passed, failed int
}

func (v *verdictTable) row(what string, measured, limit float64, unit string) {
	word := "ok"
	if measured > limit {
		word = "OVER"
		v.failed++
	} else {
		v.passed++
	}
	fmt.Printf("%-62s %10.1f %10.1f %-6s %s\n", what, measured, limit, unit, word)
}

func (v *verdictTable) atLeast(what string, measured, limit float64, unit string) {
	word := "ok"
	if measured < limit {
		word = "UNDER"
		v.failed++
	} else {
		v.passed++
	}
	fmt.Printf("%-62s %10.1f %10.1f %-6s %s\n", what, measured, limit, unit, word)
}

func (v *verdictTable) note(what string, measured float64, unit string) {
	fmt.Printf("%-62s %10.1f %10s %s\n", what, measured, "", unit)
}

// Limits. A short soak cannot tell a slope from the steps of a heap that still grows: there the
// whole growth after the warm-up is limited instead. A watch that failed waits for 30 to 60 s at
// most before it is opened again, and may fail three times in a row: that is how long a kind may
// take to become equal. Descriptors may rise while a connection that ends and the one that follows
// it are both there, for each of the three; whether they stay high a short soak cannot tell either.
const (
	slopeLimitKB  = 512.0  // per hour
	growthLimitKB = 4096.0 // when shorter than longEnough
	longEnough    = 20 * time.Minute
	settleLimit   = 3 * time.Minute
	fdSpread      = 8
	fdGrowth      = 2
	logLimit      = 60.0 // lines per minute, whole run
	writesPerRun  = 12.0
)

func (s *soak) judgeMemory(v *verdictTable, i int) {
	name := s.programs[i].name
	at, rss := series(s.samples, s.plan.warmUp, func(r *sample) float64 { return float64(r.used[i].rssKB) })
	low, high := lowHigh(rss)
	slope := theilSen(at, rss)
	v.note(name+": lowest VmRSS after the warm-up", low, "kB")
	v.note(name+": highest VmRSS after the warm-up", high, "kB")
	if s.plan.length >= longEnough {
		v.row(name+": slope of VmRSS (Theil-Sen)", slope, slopeLimitKB, "kB/h")
	} else {
		v.row(name+": growth of VmRSS after the warm-up", high-rss[0], growthLimitKB, "kB")
	}
	at, fds := series(s.samples, s.plan.warmUp, func(r *sample) float64 { return float64(r.used[i].fds) })
	low, high = lowHigh(fds)
	v.row(name+": descriptors, highest less lowest", high-low, fdSpread, "")
	if s.plan.length >= longEnough {
		v.row(name+": descriptors, median of the last fifth less the first's", lastLessFirst(fds), fdGrowth, "")
		v.row(name+": slope of descriptors", theilSen(at, fds), 1, "1/h")
	}
	last := s.samples[len(s.samples)-1]
	v.note(name+": descriptors at the end", fds[len(fds)-1], "")
	v.note(name+": threads at the end", float64(last.used[i].threads), "")
	used := last.used[i].cpu - s.samples[0].used[i].cpu
	v.note(name+": CPU", used.Seconds()/(last.at-s.samples[0].at).Seconds()*100, "%")
	v.row(name+": lines of log per minute", float64(last.used[i].logLines)/last.at.Minutes(), logLimit, "1/min")
}

func (s *soak) judgeTruth(v *verdictTable) {
	missed, objects := 0, 0
	var slowest time.Duration
	for _, check := range s.checks {
		missed += len(check.missed)
		objects += check.objects
		slowest = max(slowest, check.settled)
	}
	v.atLeast("checks against the server's list", float64(len(s.checks)), float64(int(s.plan.length/s.plan.check))*0.7, "")
	v.note("objects compared, cache and subscriber each, all checks", float64(objects), "")
	v.note("slowest check: until all kinds were equal", slowest.Seconds(), "s")
	v.row("kinds that were not equal in time", float64(missed), 0, "")
}

// judgeWrites looks at what reached the server; the follower writes nothing.
func (s *soak) judgeWrites(v *verdictTable, counts faultCounts) {
	var names []string
	total, lease := int64(0), int64(0)
	for name, n := range counts.Forwarded {
		if strings.HasPrefix(name, "GET ") || strings.Contains(name, "selfsubjectaccessreviews") {
			continue
		}
		names = append(names, fmt.Sprintf("  %s: %d", name, n))
		if strings.HasSuffix(name, " leases") {
			lease += n
		} else {
			total += n
		}
	}
	sort.Strings(names)
	runs := max(1, len(s.runs.phases))
	v.row("writes for each run, without the Lease", float64(total)/float64(runs), writesPerRun, "")
	v.note("writes of the Lease per minute", float64(lease)/s.plan.length.Minutes(), "1/min")
	fmt.Println(strings.Join(names, "\n"))
}

func (s *soak) judgeRuns(v *verdictTable) {
	phases, scheduled := s.runs.counts()
	v.atLeast("scheduled runs", float64(scheduled), float64(int(s.plan.length.Minutes()*0.9)), "")
	v.atLeast("runs by hand", float64(len(s.runs.hand)), 1, "")
	v.note("runs Completed", float64(phases["Completed"]), "")
	v.note("runs Partial", float64(phases["Partial"]), "")
	v.row("runs Failed or Cancelled", float64(phases["Failed"]+phases["Cancelled"]), 0, "")
	open := s.runs.open()
	v.row("runs that did not end", float64(len(open)), 0, strings.Join(open, " "))
}

// verdicts ends with "N passed, N failed".
func (s *soak) verdicts() error {
	v := &verdictTable{}
	counts, err := s.injected()
	if err != nil {
		s.bad("%v", err)
	}
	fmt.Printf("\n%-62s %10s %10s\n", "what", "measured", "limit")
	created, updated, deleted, failures := s.churn.counts()
	v.note("created", float64(created), "")
	v.note("updated", float64(updated), "")
	v.note("deleted", float64(deleted), "")
	v.note("changes that the server did not take (it was restarting)", float64(failures), "")
	v.note("compactions of etcd", float64(s.compacts), "")
	v.note("restarts of the API server", float64(s.restarts), "")
	v.atLeast("requests and watch lines with a fault", float64(counts.total()), 1, "")
	if last := len(s.samples) - 1; last >= 0 && s.samples[last].at >= s.plan.warmUp {
		s.judgeMemory(v, 0)
		s.judgeMemory(v, 1)
	} else {
		s.bad("it ended within the warm-up: memory and descriptors are not judged")
	}
	v.note("database at the end", float64(s.samples[len(s.samples)-1].dbKB), "kB")
	s.judgeTruth(v)
	s.judgeRuns(v)
	s.judgeWrites(v, counts)
	printCounts(counts)
	v.row("troubles", float64(len(s.trouble)), 0, "")
	for _, trouble := range s.trouble {
		fmt.Println("  " + trouble)
	}
	fmt.Printf("%d passed, %d failed\n", v.passed, v.failed)
	if v.failed > 0 {
		return errors.New("the soak did not hold")
	}
	return nil
}

func (s *soak) writeSamples(path string) error {
	if path == "" {
		return nil
	}
	var text strings.Builder
	text.WriteString("seconds,operator_rss_kb,operator_fds,operator_threads,operator_cpu_ms,operator_log_lines," +
		"follower_rss_kb,follower_fds,follower_threads,follower_cpu_ms,follower_log_lines,db_kb,faults,changes\n")
	for _, row := range s.samples {
		fmt.Fprintf(&text, "%.1f,", row.at.Seconds())
		for _, u := range row.used {
			fmt.Fprintf(&text, "%d,%d,%d,%d,%d,", u.rssKB, u.fds, u.threads, u.cpu.Milliseconds(), u.logLines)
		}
		fmt.Fprintf(&text, "%d,%d,%d\n", row.dbKB, row.faults, row.changes)
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}
