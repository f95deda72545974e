// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"
)

// curve is one line of a panel.
type curve struct {
	name, color string
	value       func(i int) float64
}

// panel is one diagram of the plot; they stand above each other and share the time axis.
type panel struct {
	title  string
	curves []curve
}

const (
	plotWidth, panelHeight    = 900, 170
	plotLeft, plotRight       = 70, 20
	panelTop, panelBottom     = 34, 26
	operatorColor, otherColor = "#1b6ca8", "#c2571a"
)

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
	return []panel{
		{"resident memory (VmRSS), kB", []curve{
			{"operator", operatorColor, s.used(0, rss)}, {"follower", otherColor, s.used(1, rss)}}},
		{"open descriptors", []curve{
			{"operator", operatorColor, s.used(0, fds)}, {"follower", otherColor, s.used(1, fds)}}},
		{"injected faults in the last minute", []curve{
			{"faults", operatorColor, s.perMinute(func(r *sample) int64 { return r.faults })}}},
		{"changes of the cluster in the last minute", []curve{
			{"changes", operatorColor, s.perMinute(func(r *sample) int64 { return r.changes })}}},
		{"database, kB", []curve{
			{"database", operatorColor, func(i int) float64 { return float64(s.samples[i].dbKB) }}}},
	}
}

// niceTop is the first of 1, 2, 5 times a power of ten that is not below v.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10} {
		if step*power >= v {
			return step * power
		}
	}
	return 10 * power
}

func (s *soak) drawPanel(out *strings.Builder, p panel, top float64) {
	height := float64(panelHeight - panelTop - panelBottom)
	width := float64(plotWidth - plotLeft - plotRight)
	last := s.samples[len(s.samples)-1].at.Minutes()
	highest := 0.0
	for _, c := range p.curves {
		for i := range s.samples {
			highest = max(highest, c.value(i))
		}
	}
	scale := niceTop(highest)
	x := func(i int) float64 { return plotLeft + width*s.samples[i].at.Minutes()/last }
	y := func(v float64) float64 { return top + panelTop + height*(1-v/scale) }
	fmt.Fprintf(out, `<text x="%d" y="%.0f" font-weight="bold">%s</text>`+"\n", plotLeft, top+panelTop-10, p.title)
	for part := 0; part <= 4; part++ {
		v := scale * float64(part) / 4
		fmt.Fprintf(out, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%.6g</text>`+"\n",
			plotLeft, y(v), plotWidth-plotRight, plotLeft-6, y(v)+4, v)
	}
	step := math.Max(1, niceTop(last/12))
	for minute := 0.0; minute <= last; minute += step {
		fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f</text>`+"\n",
			plotLeft+width*minute/last, top+panelHeight-panelBottom+16, minute)
	}
	for n, c := range p.curves {
		var path strings.Builder
		for i := range s.samples {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x(i), y(c.value(i)))
		}
		fmt.Fprintf(out, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"/>`+"\n", path.String(), c.color)
		if len(p.curves) > 1 {
			fmt.Fprintf(out, `<text x="%d" y="%.0f" fill="%s" text-anchor="end">%s</text>`+"\n",
				plotWidth-plotRight-90*(len(p.curves)-1-n), top+panelTop-10, c.color, c.name)
		}
	}
}

// plot writes the samples as SVG; the time axis is in minutes.
func (s *soak) plot(path string) error {
	if path == "" || len(s.samples) < 2 {
		return nil
	}
	panels := s.panels()
	var out strings.Builder
	total := len(panels)*panelHeight + 20
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", plotWidth, total)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, total)
	for n, p := range panels {
		s.drawPanel(&out, p, float64(n*panelHeight))
	}
	fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="middle">minutes</text>`+"\n</svg>\n", plotWidth/2, total-8)
	return os.WriteFile(path, []byte(out.String()), 0o644)
}
