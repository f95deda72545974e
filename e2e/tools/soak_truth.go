// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// truthKind is one kind whose objects are compared: all that the operator watches.
type truthKind struct {
	name string // "deployments.apps", as kube9-follow takes it
	path string
}

var truthKinds = []truthKind{
	{"kube9configs.kube9.io", "/apis/kube9.io/v1alpha1/kube9configs"},
	{"assessmentruns.kube9.io", "/apis/kube9.io/v1alpha1/assessmentruns"},
	{"customresourcedefinitions.apiextensions.k8s.io", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"},
	{"namespaces", "/api/v1/namespaces"},
	{"nodes", "/api/v1/nodes"},
	{"pods", "/api/v1/pods"},
	{"services", "/api/v1/services"},
	{"serviceaccounts", "/api/v1/serviceaccounts"},
	{"configmaps", "/api/v1/configmaps"},
	{"persistentvolumeclaims", "/api/v1/persistentvolumeclaims"},
	{"persistentvolumes", "/api/v1/persistentvolumes"},
	{"resourcequotas", "/api/v1/resourcequotas"},
	{"limitranges", "/api/v1/limitranges"},
	{"replicationcontrollers", "/api/v1/replicationcontrollers"},
	{"deployments.apps", "/apis/apps/v1/deployments"},
	{"replicasets.apps", "/apis/apps/v1/replicasets"},
	{"statefulsets.apps", "/apis/apps/v1/statefulsets"},
	{"daemonsets.apps", "/apis/apps/v1/daemonsets"},
	{"jobs.batch", "/apis/batch/v1/jobs"},
	{"cronjobs.batch", "/apis/batch/v1/cronjobs"},
	{"roles.rbac.authorization.k8s.io", "/apis/rbac.authorization.k8s.io/v1/roles"},
	{"rolebindings.rbac.authorization.k8s.io", "/apis/rbac.authorization.k8s.io/v1/rolebindings"},
	{"clusterroles.rbac.authorization.k8s.io", "/apis/rbac.authorization.k8s.io/v1/clusterroles"},
	{"clusterrolebindings.rbac.authorization.k8s.io", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"},
	{"networkpolicies.networking.k8s.io", "/apis/networking.k8s.io/v1/networkpolicies"},
	{"ingresses.networking.k8s.io", "/apis/networking.k8s.io/v1/ingresses"},
	{"poddisruptionbudgets.policy", "/apis/policy/v1/poddisruptionbudgets"},
	{"horizontalpodautoscalers.autoscaling", "/apis/autoscaling/v2/horizontalpodautoscalers"},
	{"storageclasses.storage.k8s.io", "/apis/storage.k8s.io/v1/storageclasses"},
	{"validatingwebhookconfigurations.admissionregistration.k8s.io", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"},
	{"mutatingwebhookconfigurations.admissionregistration.k8s.io", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"},
}

func (k truthKind) plural() string {
	plural, _, _ := strings.Cut(k.name, ".")
	return plural
}

// runKinds prints the names, for kube9-follow.
func runKinds([]string) error {
	for _, kind := range truthKinds {
		fmt.Println(kind.name)
	}
	return nil
}

type truthList struct {
	Items []struct {
		Metadata struct {
			Namespace, Name, UID, ResourceVersion string
		}
	}
}

// truth is what the server says of one kind: one line per object, and the sum that fake_shadow.h
// describes.
type truth struct {
	lines []string
	sum   string
}

// ask lists from etcd (no resourceVersion), metadata alone.
func (k truthKind) ask(client *kubeClient) (*truth, error) {
	request, err := http.NewRequest("GET", client.server+k.path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
	response, err := client.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var list truthList
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", k.path, response.Status)
	}
	t := &truth{}
	var sum uint64
	for _, item := range list.Items {
		m := item.Metadata
		line := fmt.Sprintf("%s/%s/%s %s %s", k.name, m.Namespace, m.Name, m.UID, m.ResourceVersion)
		digest := sha256.Sum256([]byte(line))
		sum += binary.BigEndian.Uint64(digest[:8])
		t.lines = append(t.lines, line)
	}
	t.sum = fmt.Sprintf("%016x", sum)
	return t, nil
}

type followState struct {
	Changes           int64  `json:"changes"`
	Contradictions    int64  `json:"contradictions"`
	LastContradiction string `json:"last_contradiction"`
	Kinds             map[string]struct {
		State         string `json:"state"`
		Objects       int    `json:"objects"`
		Sum           string `json:"sum"`
		ShadowObjects int    `json:"shadow_objects"`
		ShadowSum     string `json:"shadow_sum"`
	} `json:"kinds"`
}

// believers are the two programs that watch through the faults.
type believers struct {
	client             *kubeClient
	follower, operator string // base URLs
	http               *http.Client
}

func (b *believers) get(url string) (string, error) {
	response, err := b.http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return string(text), err
}

func (b *believers) followed() (*followState, error) {
	text, err := b.get(b.follower + "/state")
	if err != nil {
		return nil, err
	}
	state := &followState{}
	return state, json.Unmarshal([]byte(text), state)
}

// held returns how many objects of each kind the operator's metrics say it has.
func (b *believers) held() (map[string]int, error) {
	text, err := b.get(b.operator + "/metrics")
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, line := range strings.Split(text, "\n") {
		rest, found := strings.CutPrefix(line, `kube9_operator_informer_objects{kind="`)
		if !found {
			continue
		}
		kind, number, _ := strings.Cut(rest, `"} `)
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, err
		}
		counts[kind] = int(value)
	}
	return counts, nil
}

// disagreement says how a kind differs, "" if it does not.
func disagreement(kind truthKind, t *truth, state *followState, held map[string]int) string {
	f, known := state.Kinds[kind.name]
	switch n := len(t.lines); {
	case !known:
		return "is not followed"
	case f.State != "synced":
		return "the follower's cache is " + f.State
	case f.Objects != n || f.Sum != t.sum:
		return fmt.Sprintf("the cache has %d objects (%s), the server %d (%s)", f.Objects, f.Sum, n, t.sum)
	case f.ShadowObjects != n || f.ShadowSum != t.sum:
		return fmt.Sprintf("the subscriber knows of %d objects (%s), the server has %d (%s)", f.ShadowObjects, f.ShadowSum, n, t.sum)
	case held[kind.plural()] != n:
		return fmt.Sprintf("the operator has %d objects, the server %d", held[kind.plural()], n)
	}
	return ""
}

type checkResult struct {
	objects  int // compared, all kinds
	settled  time.Duration
	missed   []string // kinds that did not become equal in time, and how they differ
	contrary string
	last     string // what was waited for at the end
}

// check compares every kind until it is equal or the time is over. Nobody but the operator and the
// API server itself changes anything meanwhile. A server that does not answer is asked again. wait is
// called between two attempts.
func (b *believers) check(limit time.Duration, wait func() error) (checkResult, error) {
	var result checkResult
	begin := time.Now()
	open := append([]truthKind(nil), truthKinds...)
	for {
		still, err := b.compare(open, &result)
		if err == nil {
			open = still
		} else {
			result.missed = []string{err.Error()}
		}
		result.settled = time.Since(begin)
		if len(open) == 0 || result.settled > limit {
			return result, nil
		}
		result.last = strings.Join(result.missed, "; ")
		time.Sleep(200 * time.Millisecond)
		if err := wait(); err != nil {
			return result, err
		}
	}
}

// compare asks all three sides once and returns the kinds that are not equal yet.
func (b *believers) compare(kinds []truthKind, result *checkResult) ([]truthKind, error) {
	truths := make([]*truth, len(kinds))
	for i, kind := range kinds {
		var err error
		if truths[i], err = kind.ask(b.client); err != nil {
			return nil, err
		}
	}
	state, err1 := b.followed()
	held, err2 := b.held()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if state.Contradictions > 0 {
		result.contrary = fmt.Sprintf("%d contradictions, last %s", state.Contradictions, state.LastContradiction)
	}
	var open []truthKind
	result.missed = nil
	for i, kind := range kinds {
		if how := disagreement(kind, truths[i], state, held); how != "" {
			open = append(open, kind)
			result.missed = append(result.missed, kind.name+": "+how)
			continue
		}
		result.objects += len(truths[i].lines)
	}
	return open, nil
}

// difference lists the lines of one kind that only one side has, the server's with '+'.
func (b *believers) difference(kind truthKind) []string {
	t, err := kind.ask(b.client)
	if err != nil {
		return []string{err.Error()}
	}
	text, err := b.get(b.follower + "/objects?" + kind.name)
	if err != nil {
		return []string{err.Error()}
	}
	sides := map[string]int{}
	for _, line := range t.lines {
		sides[line]++
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		sides[line]--
	}
	var lines []string
	for line, side := range sides {
		switch {
		case side > 0:
			lines = append(lines, "+ "+line)
		case side < 0 && line != "":
			lines = append(lines, "- "+line)
		}
	}
	sort.Strings(lines)
	return lines
}
