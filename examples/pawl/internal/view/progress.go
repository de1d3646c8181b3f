package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Progress is one moment of a rollout.
type Progress struct {
	App    string
	State  rollout.State
	Status rollout.Status // of which Phase and Message are shown
	// Floor is how many replicas must stay available, Ceiling how many may exist.
	Floor, Ceiling int32
	// Elapsed is the time since the rollout began.
	Elapsed time.Duration
}

// Widths in columns. A terminal without room for a bar beside the numbers gets none.
const (
	usualWidth  = 80
	labelWidth  = 11 // "available" and two spaces
	numberWidth = 47
	leastBar    = 8
	mostBar     = 32
)

// mostProblems is how many problems are shown beside a rollout that is drawn again and again.
const mostProblems = 2

// Lines draws the moment for a terminal of a width, 80 columns if that is 0. No line takes more.
//
//	web ◌ Progressing 12s
//	  new        █████▒▒▒▒▒·····        1/3 available, 1 starting  web-5c9f
//	  old        ██████████             2 available  web-78b4
//	  available  ███████████████│       3, at least 3; 4 exist, at most 4
//	  waiting: 2 out of 3 new replicas have been updated
//
// In a bar █ is available, ▒ exists, ░ is on its way out and · is missing; │ is the floor.
func (p Progress) Lines(width int, ink Ink) []string {
	if width <= 0 {
		width = usualWidth
	}
	b := p.bar(width)
	current, found := p.State.New()
	old := p.State.Old()
	lines := []string{p.title(ink), p.row("new", b.new(current, p.State.Replicas, ink), newNumbers(current, p.State.Replicas), name(current, found))}
	if left, names := sum(old); names != "" {
		lines = append(lines, p.row("old", b.old(left, ink), oldNumbers(left), names))
	}
	lines = append(lines, p.row("available", b.available(p, ink), p.numbers(ink), ""))
	lines = append(lines, p.message()...)
	for i, l := range lines {
		lines[i] = strings.TrimRight(cut(l, width), " ")
	}
	return lines
}

func (p Progress) title(ink Ink) string {
	icon, c := phaseIcon(p.Status.Phase)
	return fmt.Sprintf("%s %s %s %v", clean(p.App), ink.paint(c, icon), p.Status.Phase, max(0, p.Elapsed).Round(time.Second))
}

func (p Progress) row(label, bar, numbers, names string) string {
	line := "  " + pad(label, labelWidth) + bar + numbers
	if names != "" {
		line += "  " + names
	}
	return line
}

func name(r rollout.Revision, found bool) string {
	if !found {
		return ""
	}
	return clean(r.Name)
}

func newNumbers(r rollout.Revision, want int32) string {
	return fmt.Sprintf("%d/%d available", r.Available, want) +
		unless(r.Ready-r.Available, "ready") + unless(r.Actual-r.Ready, "starting") + unless(r.Terminating, "ending")
}

func oldNumbers(r rollout.Revision) string {
	return fmt.Sprintf("%d available", r.Available) +
		unless(r.Actual-r.Available, "unavailable") + unless(r.Terminating, "ending")
}

func unless(n int32, what string) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(", %d %s", n, what)
}

func (p Progress) numbers(ink Ink) string {
	c := p.State.Counts()
	available := fmt.Sprint(c.Available)
	if c.Available < p.Floor {
		available = ink.paint(red, available)
	}
	return fmt.Sprintf("%s, at least %d; %d exist, at most %d", available, p.Floor, c.Total, p.Ceiling)
}

// sum is what is left of old revisions, and their names.
func sum(old []rollout.Revision) (all rollout.Revision, names string) {
	n := 0
	for _, r := range old {
		if r.Replicas == 0 && r.Actual == 0 && r.Terminating == 0 {
			continue
		}
		n++
		names = clean(r.Name)
		all.Actual += r.Actual
		all.Available += r.Available
		all.Terminating += r.Terminating
	}
	if n > 1 {
		names = fmt.Sprintf("%d replica sets", n)
	}
	return all, names
}

// message is what the rollout waits for, and what is in its way.
func (p Progress) message() []string {
	message := clean(p.Status.Message)
	if message != "" && (p.Status.Phase == rollout.Progressing || p.Status.Phase == rollout.Waiting) {
		message = "waiting: " + message
	}
	var lines []string
	if message != "" {
		lines = append(lines, "  "+message)
	}
	all := problems(p.State)
	for _, l := range all[:min(len(all), mostProblems)] {
		lines = append(lines, "  "+l)
	}
	if n := len(all) - mostProblems; n > 0 {
		lines = append(lines, "  and "+plural(n, "other problem"))
	}
	return lines
}
