package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/gopawl/pawl/rollout"
)

// App is an app with all that belongs to it.
type App struct {
	Name, Namespace string
	Strategy        string // such as RollingUpdate
	Created         time.Time
	// State is the app as it is; State.Now is what ages are counted to.
	State  rollout.State
	Status rollout.Status // of which Phase and Message are shown
	// Images are those of each revision, by the revision's name.
	Images map[string][]string
	Pods   []Pod
}

// Pod is a row of the tree. Why it is not ready is among the problems of its revision.
type Pod struct {
	Name, Revision string
	// Status is the word that kubectl shows: Running, ContainerCreating, CrashLoopBackOff.
	Status string
	// Ready of so many Containers are ready.
	Ready, Containers int
	Restarts          int32
	Created           time.Time
}

// Tree is the app in the style of `kubectl argo rollouts get`: a header, and a tree of revisions,
// the newest first, with their ReplicaSets and pods. In the last column stands why a pod is not
// ready.
func (a App) Tree(ink Ink) string {
	rows := [][]string{{"NAME", "KIND", "STATUS", "AGE", "INFO"}}
	icon, c := phaseIcon(a.Status.Phase)
	rows = append(rows, []string{"⟳ " + clean(a.Name), "Deployment", ink.paint(c, icon) + " " + string(a.Status.Phase), a.age(a.Created), ""})
	numbers := a.numbers()
	for i, n := range numbers {
		at := branch{}.to(i == len(numbers)-1)
		rows = append(rows, []string{at.line + "# revision:" + strconv.FormatInt(n, 10), "", "", "", ""})
		rows = append(rows, a.replicaSets(n, at, ink)...)
	}
	return a.header(ink) + "\n" + text(table(rows))
}

func (a App) header(ink Ink) string {
	var b strings.Builder
	field := func(name string, value any) { fmt.Fprintf(&b, "%-17s%v\n", name, value) }
	field("Name:", clean(a.Name))
	field("Namespace:", clean(a.Namespace))
	icon, c := phaseIcon(a.Status.Phase)
	field("Status:", ink.paint(c, icon)+" "+string(a.Status.Phase))
	if a.Status.Message != "" {
		field("Message:", clean(a.Status.Message))
	}
	field("Strategy:", clean(a.Strategy))
	title := "Images:"
	for _, image := range a.images(ink) {
		field(title, image)
		title = ""
	}
	counts := a.State.Counts()
	b.WriteString("Replicas:\n")
	field("  Desired:", a.State.Replicas)
	field("  Current:", counts.Total)
	field("  Updated:", counts.Updated)
	field("  Ready:", counts.Ready)
	field("  Available:", counts.Available)
	return b.String()
}

// images are those in use, the new revision's first, each with what uses it.
func (a App) images(ink Ink) []string {
	var order []string
	tags := map[string][]string{}
	for _, r := range a.newestFirst() {
		tag, c := a.tag(r)
		for _, image := range a.Images[r.Name] {
			if tag == "" {
				continue
			}
			if len(tags[image]) == 0 {
				order = append(order, image)
			}
			if painted := ink.paint(c, tag); !slices.Contains(tags[image], painted) {
				tags[image] = append(tags[image], painted)
			}
		}
	}
	for i, image := range order {
		order[i] = fmt.Sprintf("%s (%s)", clean(image), strings.Join(tags[image], ", "))
	}
	return order
}

// tag says what a revision is to the rollout; an empty old one is nothing.
func (a App) tag(r rollout.Revision) (string, colour) {
	switch current, ok := a.State.New(); {
	case ok && r.Name == current.Name:
		return "new", green
	case r.Replicas > 0 || r.Actual > 0:
		return "old", blue
	}
	return "", plain
}

// newestFirst are the revisions as they are listed: the new one, then by number, the highest first.
func (a App) newestFirst() []rollout.Revision {
	current, _ := a.State.New()
	all := slices.Clone(a.State.Revisions)
	slices.SortStableFunc(all, func(x, y rollout.Revision) int {
		return cmp.Or(rank(x, current)-rank(y, current), cmp.Compare(y.Number, x.Number), cmp.Compare(x.Name, y.Name))
	})
	return all
}

func rank(r, current rollout.Revision) int {
	if r.Name == current.Name {
		return 0
	}
	return 1
}

// numbers are those of the revisions, the highest first, but one not numbered yet is newer still.
func (a App) numbers() []int64 {
	var all []int64
	for _, r := range a.State.Revisions {
		all = append(all, r.Number)
	}
	slices.SortFunc(all, func(x, y int64) int {
		if (x == 0) != (y == 0) {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(y, x)
	})
	return slices.Compact(all)
}

// branch is a place in the tree: what stands before its own row, and before those below.
type branch struct{ line, below string }

func (b branch) to(last bool) branch {
	if last {
		return branch{b.below + "└──", b.below + "   "}
	}
	return branch{b.below + "├──", b.below + "│  "}
}

func (a App) replicaSets(number int64, under branch, ink Ink) [][]string {
	sets := slices.DeleteFunc(a.newestFirst(), func(r rollout.Revision) bool { return r.Number != number })
	var rows [][]string
	for i, r := range sets {
		at := under.to(i == len(sets)-1)
		tag, c := a.tag(r)
		icon, word, ic := setStatus(r)
		rows = append(rows, []string{
			at.line + "⧉ " + ink.paint(c, clean(r.Name)), "ReplicaSet", ink.paint(ic, icon) + " " + word,
			a.age(r.Created), info(ink.paint(c, tag), reasons(r, "", "")),
		})
		rows = append(rows, a.pods(r, at, ink)...)
	}
	return rows
}

func (a App) pods(r rollout.Revision, under branch, ink Ink) [][]string {
	var rows [][]string
	pods := a.podsOf(r.Name)
	for i, p := range pods {
		icon, c := podIcon(p.Status)
		ready := fmt.Sprintf("ready:%d/%d", p.Ready, p.Containers)
		if p.Restarts > 0 {
			ready += fmt.Sprintf(",restarts:%d", p.Restarts)
		}
		rows = append(rows, []string{
			under.to(i == len(pods)-1).line + "□ " + clean(p.Name), "Pod", ink.paint(c, icon) + " " + clean(p.Status),
			a.age(p.Created), info(ready, reasons(r, p.Name, p.Status)),
		})
	}
	return rows
}

// podsOf are the pods of a revision, the oldest first.
func (a App) podsOf(revision string) []Pod {
	pods := slices.DeleteFunc(slices.Clone(a.Pods), func(p Pod) bool { return p.Revision != revision })
	slices.SortStableFunc(pods, func(x, y Pod) int {
		return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.Name, y.Name))
	})
	return pods
}

// reasons are the problems of one replica, or with "" of the revision itself. The word that has
// been said already is not said again.
func reasons(r rollout.Revision, replica, said string) string {
	var all []string
	for _, p := range r.Problems {
		if p.Reason == said && p.Message != "" {
			p.Reason = ""
		}
		if p.Replica == replica {
			all = append(all, why(p))
		}
	}
	return strings.Join(all, "; ")
}

func info(tags, reason string) string {
	return strings.TrimPrefix(strings.TrimSuffix(tags+"  "+reason, "  "), "  ")
}

func (a App) age(since time.Time) string {
	if since.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(a.State.Now.Sub(since))
}
