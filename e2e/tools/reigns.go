// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strconv"
	"time"
)

// The oracle of leader election: the API server's audit log, which no instance can embellish. An
// instance is known by its token (each has its own, and the log holds the id), a reign by the Lease
// writes that the server took, in the order of their resourceVersions. Every other write of an
// instance has to lie in one of its reigns: after the write that won it, before its last renewal's
// deadline, and done before anybody else's reign begins.

type reignRules struct {
	deadline time.Duration // how long after the sending of the last renewal a leader may write
	transit  time.Duration // a request may be on its way for so long
}

type leaseWrite struct {
	instance       string
	holder         string // as written; "" is a release
	version        int64
	received, done time.Time
}

type reign struct {
	holder, instance string
	won, renewed     leaseWrite
	renewals         int
	released         *leaseWrite
}

type otherWrite struct {
	instance, what string
	code           int
	received, done time.Time
}

type reignReport struct {
	writes, refused, renewals int
	reigns                    []*reign
	violations                []string
}

func (r *reignReport) violation(format string, args ...any) {
	r.violations = append(r.violations, fmt.Sprintf(format, args...))
}

func clockText(t time.Time) string {
	return t.UTC().Format("15:04:05.000")
}

// instance is the id of the credentials: every token has one of its own.
func (e *auditEvent) instance() string {
	ids := e.User.Extra["authentication.kubernetes.io/credential-id"]
	if len(ids) == 0 {
		return "?"
	}
	return ids[0]
}

func (e *auditEvent) leaseWrite() (leaseWrite, error) {
	var asked struct {
		Spec struct {
			Holder string `json:"holderIdentity"`
		} `json:"spec"`
	}
	var answer struct {
		Metadata struct {
			Version string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	w := leaseWrite{instance: e.instance(), received: e.Received, done: e.Time}
	if len(e.Request) == 0 || len(e.Answer) == 0 {
		return w, fmt.Errorf("the audit policy does not record the bodies of Lease writes")
	}
	if err := json.Unmarshal(e.Request, &asked); err != nil {
		return w, err
	}
	if err := json.Unmarshal(e.Answer, &answer); err != nil {
		return w, err
	}
	version, err := strconv.ParseInt(answer.Metadata.Version, 10, 64)
	w.holder, w.version = asked.Spec.Holder, version
	return w, err
}

// readReigns sorts the operator's writes of the log into Lease writes that were taken and others.
func readReigns(path string, from int64, user string) ([]leaseWrite, []otherWrite, error) {
	var leases []leaseWrite
	var others []otherWrite
	var bad error
	err := forEachEvent(path, from, func(e *auditEvent) {
		if e.User.Username != user || !e.writes() {
			return
		}
		if e.Object == nil || e.Object.Resource != "leases" {
			others = append(others, otherWrite{e.instance(), e.Verb + " " + e.resource(),
				e.Response.Code, e.Received, e.Time})
			return
		}
		if e.Response.Code/100 != 2 {
			return // a race that was lost
		}
		w, err := e.leaseWrite()
		if err != nil {
			bad = err
		}
		leases = append(leases, w)
	})
	if err == nil {
		err = bad
	}
	sort.Slice(leases, func(i, j int) bool { return leases[i].version < leases[j].version })
	sort.Slice(others, func(i, j int) bool { return others[i].received.Before(others[j].received) })
	return leases, others, err
}

// follow builds the reigns and judges each take-over of a Lease that was not given back: it must
// not come before the fence of the one before has closed.
func (r *reignReport) follow(leases []leaseWrite, rules reignRules) {
	var now *reign
	speaks := map[string]string{}
	for _, w := range leases {
		if w.holder != "" {
			if was, known := speaks[w.instance]; known && was != w.holder {
				r.violation("%s: one instance holds the Lease as %s and as %s", clockText(w.done), was, w.holder)
			}
			speaks[w.instance] = w.holder
		}
		switch {
		case now != nil && now.released == nil && w.holder == now.holder && w.instance == now.instance:
			now.renewed = w
			now.renewals++
			r.renewals++
		case w.holder == "":
			if now == nil || now.released != nil || now.instance != w.instance {
				r.violation("%s: %s gave back a Lease that was not its own", clockText(w.done), w.instance)
				continue
			}
			released := w
			now.released = &released
		default:
			if now != nil && now.released == nil && now.holder != w.holder &&
				w.done.Before(now.renewed.received.Add(rules.deadline)) {
				r.violation("%s: %s took the Lease from %s only %d ms after its last renewal", clockText(w.done),
					w.holder, now.holder, w.done.Sub(now.renewed.received).Milliseconds())
			}
			now = &reign{holder: w.holder, instance: w.instance, won: w, renewed: w}
			r.reigns = append(r.reigns, now)
		}
	}
}

// end is the moment after which nothing of the reign may arrive.
func (g *reign) end(rules reignRules) time.Time {
	end := g.renewed.received.Add(rules.deadline + rules.transit)
	if g.released != nil && g.released.done.Before(end) {
		end = g.released.done
	}
	return end
}

// judge finds the reign of a write, and whether another one's had begun before it was done.
func (r *reignReport) judge(w *otherWrite, rules reignRules) {
	var own *reign
	next := len(r.reigns)
	for i, g := range r.reigns {
		if g.instance == w.instance && !g.won.received.After(w.received) {
			own, next = g, i+1
		}
	}
	if own == nil {
		r.violation("%s: %s %s before it ever led", clockText(w.received), w.instance, w.what)
		return
	}
	if late := w.received.Sub(own.end(rules)); late > 0 {
		r.violation("%s: %s %s %d ms after the end of its reign", clockText(w.received), own.holder, w.what,
			late.Milliseconds())
	}
	for ; next < len(r.reigns); next++ {
		if g := r.reigns[next]; g.holder != own.holder && w.done.After(g.won.received) {
			r.violation("%s: %s %s while %s led since %s", clockText(w.done), own.holder, w.what, g.holder,
				clockText(g.won.received))
			return
		}
	}
}

func judgeReigns(leases []leaseWrite, others []otherWrite, rules reignRules) *reignReport {
	r := &reignReport{}
	r.follow(leases, rules)
	for i := range others {
		w := &others[i]
		if w.code/100 != 2 {
			r.refused++ // it arrived, and changed nothing
			continue
		}
		r.writes++
		r.judge(w, rules)
	}
	return r
}

func (r *reignReport) print(out io.Writer) {
	for i, g := range r.reigns {
		if i == 0 || r.reigns[i-1].holder == g.holder {
			continue
		}
		was := r.reigns[i-1]
		how, since := "not renewed for", was.renewed.done
		if was.released != nil {
			how, since = "free for", was.released.done
		}
		fmt.Fprintf(out, "hand-over %s -> %s: %s %d ms\n", was.holder, g.holder, how,
			g.won.done.Sub(since).Milliseconds())
	}
	for _, v := range r.violations {
		fmt.Fprintln(out, "violation", v)
	}
	fmt.Fprintf(out, "%d writes by others than the Lease, %d refused, %d reigns, %d renewals, %d violations\n",
		r.writes, r.refused, len(r.reigns), r.renewals, len(r.violations))
}

func auditReigns(path string, from int64, user string, rules reignRules, out io.Writer) error {
	leases, others, err := readReigns(path, from, user)
	if err != nil {
		return err
	}
	r := judgeReigns(leases, others, rules)
	r.print(out)
	if len(r.violations) > 0 {
		return fmt.Errorf("%d violations", len(r.violations))
	}
	if len(r.reigns) == 0 || r.writes == 0 {
		return fmt.Errorf("nothing to judge: %d reigns, %d writes", len(r.reigns), r.writes)
	}
	return nil
}
