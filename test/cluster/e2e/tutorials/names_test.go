package tutorials

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// podName is that of a pod of a ReplicaSet of ours.
	podName = regexp.MustCompile(`\b([a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{10,})-[bcdfghjklmnpqrstvwxz2456789]{5}(_|\b)`)
	// temporary are files of a random name, and in the heads of a diff their times.
	temporary = regexp.MustCompile(`[^ "\n]*/(LIVE|MERGED|pawl-edit)-[0-9]+([^ \t\n"]*)(\t[^\n]*)?`)
	holder    = regexp.MustCompile(`[^\s"]+@[^\s"]+/([0-9]+)`)
)

// named is a text with the names that the transcripts have.
func (s *story) named(text string) string {
	text = temporary.ReplaceAllString(text, "$1$2")
	text = podName.ReplaceAllString(text, "$1-xxxxx$2")
	text = holder.ReplaceAllStringFunc(text, func(name string) string {
		pid, _ := strconv.Atoi(holder.FindStringSubmatch(name)[1])
		return s.people[pid] + "@example"
	})
	return s.hashes.known(strings.ReplaceAll(text, s.Namespace, "default"))
}

// hashes are those in names of ReplicaSets. One that is made of the time of day is another each time;
// it stands for the next one that the transcript tells of.
type hashes struct {
	wanted []string // in the order of the transcript
	same   map[string]string
}

var hash = regexp.MustCompile(`\b[bcdfghjklmnpqrstvwxz2456789]{10}\b`)

// learn takes the hashes of an answer of the transcript.
func (h *hashes) learn(wants string) {
	for _, w := range hash.FindAllString(wants, -1) {
		if !slices.Contains(h.wanted, w) {
			h.wanted = append(h.wanted, w)
		}
	}
}

func (h *hashes) known(text string) string {
	return hash.ReplaceAllStringFunc(text, func(got string) string {
		if h.same == nil {
			h.same = map[string]string{}
		}
		if h.same[got] == "" {
			next := slices.IndexFunc(h.wanted, func(w string) bool { return w == got })
			if next < 0 {
				next = 0
			}
			if len(h.wanted) > 0 {
				h.same[got] = h.wanted[next]
				h.wanted = slices.Delete(h.wanted, next, next+1)
			}
		}
		return cmp.Or(h.same[got], got)
	})
}
