// SPDX-License-Identifier: Apache-2.0

// Command peer-informer is what client-go makes of the work that informer/bench_follow.c does with
// our library: it follows all Pods with a typed shared informer as it comes, counts what its handlers
// see, and says on request what that has cost. Both speak the same lines, so that one script
// (e2e/peers.sh) can measure either.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// The recorded server makes the time of sending, in microseconds, the resourceVersion of an
	// update; those of etcd are much smaller.
	firstStamp = 1_000_000_000_000_000
	// How long after the last event figures are taken.
	settle = time.Second
)

// follower is what the handlers fill, from one goroutine, and main reads from another.
type follower struct {
	mu        sync.Mutex
	newest    int64 // resourceVersion
	updates   int
	latencies []int64 // microseconds
	changed   chan struct{}
}

func (f *follower) onUpdate(object any) {
	version, err := strconv.ParseInt(object.(*v1.Pod).ResourceVersion, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Now().UnixMicro()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates++
	if version >= firstStamp {
		f.latencies = append(f.latencies, now-version)
	}
	f.newest = max(f.newest, version)
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *follower) handlers() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) {},
		UpdateFunc: func(_, object any) { f.onUpdate(object) },
		DeleteFunc: func(any) {},
	}
}

// wait returns when an update of that version or a newer one was seen.
func (f *follower) wait(version int64) {
	for {
		f.mu.Lock()
		seen := f.newest >= version
		f.mu.Unlock()
		if seen {
			return
		}
		<-f.changed
	}
}

// kilobytes reads one member of /proc/self/status.
func kilobytes(member string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, member+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				log.Fatal(err)
			}
			return n
		}
	}
	log.Fatal("no " + member + " in /proc/self/status")
	return 0
}

func cpuMicroseconds() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
}

// quantile expects sorted values.
func quantile(sorted []int64, share float64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*share))]
}

// say prints the figures and forgets the latencies.
func (f *follower) say(objects int) {
	cpu := cpuMicroseconds()
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.Sort(f.latencies)
	fmt.Printf("objects=%d updates=%d cpu_us=%d rss_kb=%d hwm_kb=%d timed=%d p50_us=%d p99_us=%d\n",
		objects, f.updates, cpu, kilobytes("VmRSS"), kilobytes("VmHWM"),
		len(f.latencies), quantile(f.latencies, 0.5), quantile(f.latencies, 0.99))
	f.latencies = f.latencies[:0]
}

func main() {
	config := flag.String("kubeconfig", "", "whose Pods to follow")
	json := flag.Bool("json", false, "ask for JSON; typed clients ask for protobuf by themselves, and take JSON from who has no other")
	flag.Parse()

	rest, err := clientcmd.BuildConfigFromFlags("", *config)
	if err != nil {
		log.Fatal(err)
	}
	if *json {
		rest.ContentType, rest.AcceptContentTypes = "application/json", "application/json"
	}
	client, err := kubernetes.NewForConfig(rest)
	if err != nil {
		log.Fatal(err)
	}
	f := &follower{changed: make(chan struct{}, 1)}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	registered, err := pods.AddEventHandler(f.handlers())
	if err != nil {
		log.Fatal(err)
	}
	factory.Start(nil)
	if !cache.WaitForCacheSync(nil, registered.HasSynced) {
		log.Fatal("not synced")
	}
	time.Sleep(settle)
	f.say(len(pods.GetStore().ListKeys()))
	// A resourceVersion a line: once it was seen, the figures again. The end of the input is the end.
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		version, err := strconv.ParseInt(input.Text(), 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		f.wait(version)
		time.Sleep(settle)
		f.say(len(pods.GetStore().ListKeys()))
	}
}
