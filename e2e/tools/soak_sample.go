// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// process is one of the two programs under test.
type process struct {
	name string
	pid  int
	log  string // its log file
	born string // start time: another process with the pid is not ours
}

// usage is what a process uses at one moment.
type usage struct {
	rssKB, fds, threads, logLines int
	cpu                           time.Duration
}

// sample is one row of the soak's record.
type sample struct {
	at      time.Duration // since the start
	used    [2]usage      // operator, follower
	dbKB    int64
	faults  int64 // injected so far
	changes int64 // made so far
}

func statFields(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The name in parentheses may hold blanks: count from behind it.
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.Fields(rest), nil
}

func residentKB(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return strconv.Atoi(number)
}

func (p *process) look() (usage, error) {
	var u usage
	fields, err := statFields(p.pid)
	if err != nil {
		return u, fmt.Errorf("%s ended", p.name)
	}
	if p.born == "" {
		p.born = fields[19]
	}
	if fields[0] == "Z" || fields[19] != p.born {
		return u, fmt.Errorf("%s ended", p.name)
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	u.cpu = time.Duration(user+system) * 10 * time.Millisecond
	u.threads, _ = strconv.Atoi(fields[17])
	if u.rssKB, err = residentKB(p.pid); err != nil {
		return u, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid))
	if err != nil {
		return u, err
	}
	u.fds = len(open)
	text, err := os.ReadFile(p.log)
	u.logLines = strings.Count(string(text), "\n")
	return u, err
}

// theilSen is the median of all slopes between two points, per hour: steps and outliers do not
// tilt it as they would a least-squares line.
func theilSen(at []time.Duration, value []float64) float64 {
	var slopes []float64
	for i := range at {
		for j := i + 1; j < len(at); j++ {
			slopes = append(slopes, (value[j]-value[i])/(at[j]-at[i]).Hours())
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	sort.Float64s(slopes)
	return slopes[len(slopes)/2]
}

func median(values []float64) float64 {
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	return sorted[len(sorted)/2]
}

// lastLessFirst compares the medians of the last and the first fifth.
func lastLessFirst(values []float64) float64 {
	fifth := max(1, len(values)/5)
	return median(values[len(values)-fifth:]) - median(values[:fifth])
}

// series takes one number of each sample after the warm-up.
func series(samples []sample, after time.Duration, value func(*sample) float64) (at []time.Duration, values []float64) {
	for i := range samples {
		if samples[i].at >= after {
			at = append(at, samples[i].at)
			values = append(values, value(&samples[i]))
		}
	}
	return
}

func lowHigh(values []float64) (low, high float64) {
	for i, v := range values {
		if i == 0 || v < low {
			low = v
		}
		if i == 0 || v > high {
			high = v
		}
	}
	return
}
