package tutorials

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// story is a transcript on its way: a namespace, a folder with the manifests, and the people in front
// of their terminals.
type story struct {
	suite.Command
	dir       string
	wire      *suite.Wire
	terminals map[string]*terminal
	people    map[int]string // whose process it was, by its number
	wants     map[string]string
	writes    int // when it was last asked whether anything was written
	callers   map[string]*caller
	tally     tally
	differs   map[string]string // directives whose answers differ, and why
	told      map[string]bool   // directives that were played
	hashes    *hashes
}

// applied is what kinds need that the transcripts' manifests hold beside Deployments.
var applied = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"services", "configmaps", "secrets"}, Verbs: []string{"get", "create", "update", "delete"}},
}

func begin(t *testing.T, c chapter) *story {
	t.Helper()
	f, w := suite.New(t), &suite.Wire{}
	pace(f, c.delay())
	s := &story{
		Command: f.Command(w, slices.Concat(kube.Rules(), suite.CommandRules, applied)...),
		dir:     t.TempDir(), wire: w, differs: c.differs, told: map[string]bool{}, hashes: &hashes{},
		terminals: map[string]*terminal{}, people: map[int]string{}, wants: map[string]string{}, callers: map[string]*caller{},
	}
	s.Env = []string{"TMPDIR=" + t.TempDir()}
	s.must(os.CopyFS(s.dir, os.DirFS(filepath.Dir(suite.Manifest("x")))))
	for from, to := range c.manifests {
		for path, text := range s.files() {
			s.must(os.WriteFile(path, []byte(strings.ReplaceAll(text, from, to)), 0o600))
		}
	}
	return s
}

// play carries out a directive, and compares what came of it. What others say meanwhile is waited for
// here and compared at the end, since it is left to chance which directive it falls into.
func (s *story) play(p passage) {
	s.Helper()
	mine, others := s.parted(p.wants)
	for who, lines := range others {
		s.wants[who] += lines
	}
	got := s.answer(p, mine)
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	for who := range others {
		s.hears(p, who)
	}
	s.compare(p, mine, got)
}

// parted are the lines of an answer that are said in other terminals, and the rest.
func (s *story) parted(wants string) (mine string, others map[string]string) {
	others = map[string]string{}
	for line := range strings.Lines(wants) {
		who, text, ok := strings.Cut(line, ": ")
		if ok && slices.Contains([]string{"ann", "bob", "eve"}, who) {
			others[who] += text
		} else {
			mine += line
		}
	}
	return mine, others
}

// hears waits until somebody has been told as much as the transcript says by now; lines of progress,
// which need not come, not for long.
func (s *story) hears(p passage, who string) {
	s.Helper()
	soon := time.Now().Add(2 * time.Second)
	s.Eventually(time.Minute, func(context.Context) error {
		got, wants := s.terminals[who].said(), s.wants[who]
		all := strings.Count(got, "\n") >= strings.Count(wants, "\n")
		if !all && time.Now().Before(soon) || len(significant(got)) < len(significant(wants)) {
			return fmt.Errorf("%s: %s has been told %q, want %q", p.place, who, got, wants)
		}
		return nil
	})
}

// end compares what was said in each terminal from the beginning to the end.
func (s *story) end() {
	for who, w := range s.terminals {
		if w.ended != nil {
			s.Errorf("the command in the terminal of %s was not waited for", who)
		}
		s.compare(passage{place: "the terminal of " + who, verb: "terminal"}, s.wants[who], s.named(w.said()))
	}
	for directive := range s.differs {
		if !s.told[directive] {
			s.Errorf("%q is on the list of differences, and not in the transcript", directive)
		}
	}
}

func (s *story) answer(p passage, wants string) string {
	s.Helper()
	switch p.verb {
	case "pawl":
		return s.pawl(p)
	case "refused":
		return s.refused(p)
	case "crowd":
		return s.crowd(p)
	case "start":
		w := s.terminals[p.args[0]]
		if w == nil {
			w = &terminal{who: p.args[0]}
			s.terminals[p.args[0]] = w
		}
		s.start(w, p.args[1:], p.input)
	case "wait":
		return s.wait(s.terminals[p.args[0]])
	case "interrupt":
		w := s.terminals[p.args[0]]
		s.must(w.process.Process.Signal(os.Interrupt))
		return s.wait(w)
	case "sleep":
		s.sleep(p)
	case "until", "elapsed": // virtual time
		return wants
	case "file":
		s.write(p.args[0], p.input+"\n")
	case "edit":
		for line := range strings.Lines(p.input + "\n") {
			from, to, _ := strings.Cut(strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n"), " =>")
			s.edit(p.args[0], from, strings.TrimPrefix(to, " "))
		}
	case "editor":
		s.write("editor", "#!/bin/sh\n"+p.input+"\n")
		s.must(os.Chmod(filepath.Join(s.dir, "editor"), 0o700))
		s.Env = append(s.Env, "EDITOR=./editor")
	case "grow":
		n, err := strconv.Atoi(p.args[2])
		s.must(err)
		s.edit(p.args[0], p.args[1], strings.Repeat("x", n))
	case "setenv":
		s.Env = append(s.Env, p.args[0])
	case "written":
		return s.written()
	default:
		return s.shown(p, wants)
	}
	return ""
}

func (s *story) start(w *terminal, args []string, input string) {
	s.Helper()
	if w.ended != nil {
		s.Fatalf("a command runs in the terminal of %s already", w.who)
	}
	s.must(w.run(s.Process(s.dir, args...), input))
	s.people[w.process.Process.Pid] = w.who
}

func (s *story) wait(w *terminal) string {
	s.Helper()
	select {
	case code := <-w.ended:
		w.ended = nil
		if code == 0 {
			return ""
		}
		return fmt.Sprintf("exit %d\n", code)
	case <-time.After(2 * time.Minute):
		s.Fatalf("the command in the terminal of %s does not end: %s", w.who, w.said())
		return ""
	}
}

func (s *story) pawl(p passage) string {
	s.Helper()
	w := &terminal{who: "me"}
	s.start(w, p.args, p.input)
	code := s.wait(w)
	return s.named(w.said()) + code
}

// refused checks that a command fails without a result, and that nothing has changed: neither in the
// cluster nor in the folder.
func (s *story) refused(p passage) string {
	s.Helper()
	writes, files := len(s.wire.Writes()), s.files()
	said, failed := strings.CutSuffix("\n"+s.pawl(p), "\nexit 1\n")
	if !failed || strings.Count(said, "\n") != strings.Count(said, "\n! ") {
		s.Errorf("%s: not refused: %s", p.place, said)
	}
	if wrote := s.wire.Writes()[writes:]; len(wrote) > 0 {
		s.Errorf("%s: written: %v", p.place, wrote)
	}
	if diff := gocmp.Diff(files, s.files()); diff != "" {
		s.Errorf("%s: files: %s", p.place, diff)
	}
	return strings.TrimPrefix(strings.ReplaceAll(said, "\n! ", "\n"), "\n") + "\n"
}

// crowd is for commands about several apps, of which it is left to chance who speaks first.
func (s *story) crowd(p passage) string {
	s.Helper()
	apps := strings.Split(p.args[0], ",")
	p.args = p.args[1:]
	lines := strings.SplitAfter(s.pawl(p), "\n")
	about := func(line string) int {
		if line == "" || strings.HasPrefix(line, "exit ") {
			return len(apps)
		}
		return slices.IndexFunc(apps, func(app string) bool {
			return strings.Contains(line, `"`+app+`"`) || strings.Contains(line, " "+app+"-") || strings.Contains(line, "pod/"+app+"-")
		})
	}
	slices.SortStableFunc(lines, func(a, b string) int { return about(a) - about(b) })
	return strings.Join(lines, "")
}

// sleep lets some time go by in which nobody says anything; else that is waited for, not the time.
func (s *story) sleep(p passage) {
	s.Helper()
	d, err := time.ParseDuration(p.args[0])
	s.must(err)
	if p.wants == "" {
		time.Sleep(min(d, time.Second))
	}
}

func (s *story) written() string {
	before := s.writes
	if s.writes = len(s.wire.Writes()); s.writes == before {
		return "nothing\n"
	}
	return "something\n"
}

func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
