// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// soak lets the operator and kube9-follow watch a cluster that never rests, through a proxy that
// breaks a share of what they ask and hear, and samples what they use and whether they still know
// the truth. soak.sh starts everything.
type soak struct {
	believers
	churn    *churner
	runs     *runWatch
	programs [2]*process
	faults   string // URL of the proxy's counts
	database string
	cluster  []string // cluster.sh; the command and the folder follow
	folder   string
	plan     soakPlan
	begin    time.Time
	samples  []sample
	checks   []checkResult
	compacts int
	restarts int
	trouble  []string // what must not happen, and did
}

// soakPlan says how often what happens.
type soakPlan struct {
	length, warmUp, sample, check, settle  time.Duration
	compact, restart, handRun, say, runEnd time.Duration
	rate                                   float64
}

func planFor(minutes, rate float64) soakPlan {
	length := time.Duration(minutes * float64(time.Minute))
	p := soakPlan{
		length: length, warmUp: min(10*time.Minute, length/4), sample: 5 * time.Second,
		check: time.Minute, settle: settleLimit, compact: 4 * time.Minute, restart: 15 * time.Minute,
		handRun: 90 * time.Second, say: time.Minute, runEnd: 90 * time.Second, rate: rate,
	}
	if length < 15*time.Minute { // everything at least once
		p.check, p.compact, p.restart = length/5, length/3, length
		p.handRun, p.sample, p.say = length/6, length/60, length/4
	}
	return p
}

func (s *soak) bad(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.trouble = append(s.trouble, text)
	fmt.Printf("[%6.1f min] %s\n", time.Since(s.begin).Minutes(), text)
}

func (s *soak) injected() (faultCounts, error) {
	var counts faultCounts
	text, err := s.get(s.faults)
	if err == nil {
		err = json.Unmarshal([]byte(text), &counts)
	}
	return counts, err
}

// look takes a sample; the end of a program ends the soak.
func (s *soak) look() error {
	row := sample{at: time.Since(s.begin), changes: s.churn.changes()}
	for i, program := range s.programs {
		var err error
		if row.used[i], err = program.look(); err != nil {
			return err
		}
	}
	counts, err := s.injected()
	if err != nil {
		return err
	}
	row.faults = counts.total()
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.database + suffix); err == nil {
			row.dbKB += info.Size() / 1024
		}
	}
	s.samples = append(s.samples, row)
	return s.runs.look()
}

func (s *soak) lookIfDue() error {
	if len(s.samples) > 0 && time.Since(s.begin)-s.samples[len(s.samples)-1].at < s.plan.sample {
		return nil
	}
	return s.look()
}

func (s *soak) checkNow() error {
	s.churn.pause()
	defer s.churn.resume()
	result, err := s.check(s.plan.settle, s.lookIfDue)
	if err != nil {
		return err
	}
	s.checks = append(s.checks, result)
	if result.settled > 10*time.Second {
		fmt.Printf("[%6.1f min] after %.1f s equal, last: %s\n", time.Since(s.begin).Minutes(), result.settled.Seconds(), result.last)
	}
	for _, missed := range result.missed {
		s.bad("after %.0f s still %s", result.settled.Seconds(), missed)
		name, _, _ := strings.Cut(missed, ":")
		for _, kind := range truthKinds {
			if kind.name == name {
				lines := s.difference(kind)
				fmt.Println(strings.Join(lines[:min(10, len(lines))], "\n"))
			}
		}
	}
	if result.contrary != "" {
		s.bad("the subscriber was told: %s", result.contrary)
	}
	return nil
}

func (s *soak) clusterDo(command string) error {
	words := append(append([]string(nil), s.cluster...), command, s.folder)
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cluster.sh %s: %w: %s", command, err, out)
	}
	return nil
}

func (s *soak) compactNow() error {
	s.compacts++
	return s.clusterDo("compact-etcd")
}

func (s *soak) restartNow() error {
	s.restarts++
	return s.clusterDo("restart-apiserver")
}

func (s *soak) sayNow() error {
	row := s.samples[len(s.samples)-1]
	var last checkResult
	if len(s.checks) > 0 {
		last = s.checks[len(s.checks)-1]
	}
	fmt.Printf("[%6.1f min] operator %d kB %d fds, follower %d kB %d fds, %d changes, %d faults, %d checks, last %d objects in %.1f s, %s\n",
		row.at.Minutes(), row.used[0].rssKB, row.used[0].fds, row.used[1].rssKB, row.used[1].fds, row.changes,
		row.faults, len(s.checks), last.objects, last.settled.Seconds(), s.runs)
	return nil
}

// happening is done again and again.
type happening struct {
	every time.Duration
	next  time.Duration
	do    func() error
}

func (s *soak) run() error {
	happenings := []happening{
		{do: s.lookIfDue},
		{every: s.plan.check, next: s.plan.check, do: s.checkNow},
		{every: s.plan.compact, next: s.plan.compact, do: s.compactNow},
		{every: s.plan.restart, next: s.plan.restart / 2, do: s.restartNow},
		{every: s.plan.handRun, next: s.plan.handRun / 2, do: s.runs.create},
		{every: s.plan.say, next: s.plan.say, do: s.sayNow},
	}
	for time.Since(s.begin) < s.plan.length {
		for i := range happenings {
			h := &happenings[i]
			if time.Since(s.begin) < h.next {
				continue
			}
			if err := h.do(); err != nil {
				return err
			}
			h.next = max(h.next+h.every, time.Since(s.begin))
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// finish checks once more when nothing changes any more, and waits for the last runs.
func (s *soak) finish() error {
	s.churn.end()
	err := s.look()
	if err == nil {
		err = s.checkNow()
	}
	if err == nil {
		err = s.runs.wait(s.plan.runEnd)
	}
	return err
}

func parseProcess(name, text string) *process {
	p := &process{name: name}
	number, log, _ := strings.Cut(text, ",")
	fmt.Sscan(number, &p.pid)
	p.log = log
	return p
}

func runSoak(args []string) error {
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	config := flags.String("kubeconfig", "", "of an administrator, straight to the API server")
	minutes := flags.Float64("minutes", 60, "")
	rate := flags.Float64("rate", 40, "changes per second")
	seed := flags.Uint64("seed", 1, "of the changes")
	operator := flags.String("operator", "", "URL of the operator's HTTP server")
	follower := flags.String("follower", "", "and of kube9-follow's")
	operatorProcess := flags.String("operator-process", "", "PID,LOG")
	followerProcess := flags.String("follower-process", "", "PID,LOG")
	faults := flags.String("faults", "", "URL of the proxy's counts")
	database := flags.String("db", "", "the operator's")
	cluster := flags.String("cluster", "", "cluster.sh,DIR")
	svg := flags.String("svg", "", "file for the plot")
	csv := flags.String("csv", "", "file for the samples")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newKubeClient(*config, 8)
	if err != nil {
		return err
	}
	client.http.Timeout = 20 * time.Second
	script, folder, _ := strings.Cut(*cluster, ",")
	s := &soak{
		believers: believers{client: client, follower: *follower, operator: *operator,
			http: &http.Client{Timeout: 10 * time.Second}},
		churn:    newChurner(client, *rate),
		runs:     newRunWatch(client),
		programs: [2]*process{parseProcess("operator", *operatorProcess), parseProcess("follower", *followerProcess)},
		faults:   *faults, database: *database, cluster: []string{script}, folder: folder,
		plan: planFor(*minutes, *rate), begin: time.Now(),
	}
	if err := s.churn.prepare(); err != nil {
		return err
	}
	s.begin = time.Now()
	s.churn.start(4, *seed)
	if err = s.run(); err == nil {
		err = s.finish()
	}
	if err != nil {
		s.bad("%v", err)
	}
	return errors.Join(s.writeSamples(*csv), s.plot(*svg), s.verdicts())
}
