// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

const soakWidth, soakHeight = 900, 170 // of a panel; they stand above each other

// perMinute is the rate of a counter over the last minute.
func (s *soak) perMinute(value func(r *sample) int64) func(int) float64 {
	return func(i int) float64 {
		from := i
		for from > 0 && s.samples[i].at-s.samples[from].at < time.Minute {
			from--
		}
		minutes := (s.samples[i].at - s.samples[from].at).Minutes()
		if minutes == 0 {
			return 0
		}
		return float64(value(&s.samples[i])-value(&s.samples[from])) / minutes
	}
}

func (s *soak) used(program int, value func(u usage) int) func(int) float64 {
	return func(i int) float64 { return float64(value(s.samples[i].used[program])) }
}

func (s *soak) panels() []panel {
	rss := func(u usage) int { return u.rssKB }
	fds := func(u usage) int { return u.fds }
	of := func(title string, curves ...curve) panel {
		return panel{title: title, curves: curves, count: len(s.samples), format: plainNumber,
			at: func(i int) float64 { return s.samples[i].at.Minutes() }}
	}
	return []panel{
		of("resident memory (VmRSS), kB",
			curve{"operator", operatorColor, s.used(0, rss)}, curve{"follower", otherColor, s.used(1, rss)}),
		of("open descriptors",
			curve{"operator", operatorColor, s.used(0, fds)}, curve{"follower", otherColor, s.used(1, fds)}),
		of("injected faults in the last minute",
			curve{"faults", operatorColor, s.perMinute(func(r *sample) int64 { return r.faults })}),
		of("changes of the cluster in the last minute",
			curve{"changes", operatorColor, s.perMinute(func(r *sample) int64 { return r.changes })}),
		of("database, kB",
			curve{"database", operatorColor, func(i int) float64 { return float64(s.samples[i].dbKB) }}),
	}
}

// plot writes the samples as SVG; the time axis is in minutes.
func (s *soak) plot(path string) error {
	if path == "" || len(s.samples) < 2 {
		return nil
	}
	var out strings.Builder
	panels := s.panels()
	for n := range panels {
		panels[n].draw(&out, box{0, float64(n * soakHeight), soakWidth, soakHeight})
	}
	total := float64(len(panels)*soakHeight + 20)
	fmt.Fprintf(&out, `<text x="%d" y="%.0f" text-anchor="middle">minutes</text>`+"\n", soakWidth/2, total-8)
	return os.WriteFile(path, []byte(svgPage(soakWidth, total, out.String())), 0o644)
}
