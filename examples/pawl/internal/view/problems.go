package view

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Problems says why replicas do not become available: one line for each reason, two spaces in,
// those of the new revision first. What several replicas have in common is said once, in the words
// of the first. It is "" where nothing is wrong.
func Problems(s rollout.State) string {
	lines := problems(s)
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return text(lines)
}

func problems(s rollout.State) []string {
	revisions := s.Old()
	slices.Reverse(revisions)
	if current, ok := s.New(); ok {
		revisions = slices.Insert(revisions, 0, current)
	}
	var kinds []problem
	for _, r := range revisions {
		for _, p := range r.Problems {
			kinds = add(kinds, r.Name, p)
		}
	}
	lines := make([]string, len(kinds))
	for i, k := range kinds {
		lines[i] = k.line()
	}
	return lines
}

// problem is what one or more have in common.
type problem struct {
	key string
	who []string // "pod/web-5c9f-x", each once
	why string
}

func add(kinds []problem, revision string, p rollout.Problem) []problem {
	who := "replicaset/" + clean(revision)
	if p.Replica != "" {
		who = "pod/" + clean(p.Replica)
	}
	key := kindOf(p)
	i := slices.IndexFunc(kinds, func(k problem) bool { return k.key == key })
	if i < 0 {
		return append(kinds, problem{key, []string{who}, why(p)})
	}
	if !slices.Contains(kinds[i].who, who) {
		kinds[i].who = append(kinds[i].who, who)
	}
	return kinds
}

func (p problem) line() string {
	if n := len(p.who) - 1; n > 0 {
		return fmt.Sprintf("%s and %d more: %s", p.who[0], n, p.why)
	}
	return p.who[0] + ": " + p.why
}

// why is a problem in the reporter's words.
func why(p rollout.Problem) string {
	reason, message := clean(p.Reason), strings.TrimSpace(clean(p.Message))
	if reason == "" || message == "" {
		return cmp.Or(reason, message, "not ready")
	}
	return reason + ": " + message
}

// varying is what the same problem says differently of each pod and each time: numbers, and the
// pod's name and UID (kubelet: "back-off 20s restarting failed container=c pod=p_ns(uid)").
var varying = regexp.MustCompile(`pod=\S+|\(?[0-9a-f]{8}-[0-9a-f-]{27}\)?|([0-9]+[hms])+|[0-9]+`)

func kindOf(p rollout.Problem) string {
	message := p.Message
	if p.Replica != "" {
		message = strings.ReplaceAll(message, p.Replica, "#")
	}
	return p.Reason + ": " + varying.ReplaceAllString(message, "#")
}
