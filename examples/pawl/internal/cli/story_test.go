package cli

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// story is one cluster and the people in front of it. Make one within a bubble.
type story struct {
	t         *testing.T
	store     *kubetest.Memory
	api       kubernetes.Interface // shows the cluster; its controllers are those of the commands
	terminals map[string]*terminalOf
	order     []string // of terminals, as they were opened
	begun     time.Time
	since     time.Time
	stored    string
	callers   map[string]*caller
	ends      context.Context
	stop      context.CancelFunc
}

func newStory(t *testing.T) *story {
	s := &story{
		t: t, store: &kubetest.Memory{}, begun: time.Now(), since: time.Now(),
		terminals: map[string]*terminalOf{}, callers: map[string]*caller{},
	}
	s.ends, s.stop = context.WithCancel(t.Context())
	cluster, err := kubetest.New(kubetest.Options{Store: s.store})
	if err != nil {
		t.Fatal(err)
	}
	s.api = kubernetes.NewForConfigOrDie(cluster.Config())
	s.stored = s.dump()
	return s
}

// end checks that nothing is left running.
func (s *story) end() {
	s.stop()
	for service := range s.callers {
		s.answers(service)
	}
	for name, terminal := range s.terminals {
		if terminal.done != nil {
			s.t.Errorf("the command in the terminal of %s was not waited for", name)
			terminal.interrupt()
		}
	}
}

// terminalOf is what one person sees.
type terminalOf struct {
	mu        sync.Mutex
	text      bytes.Buffer
	newline   bool // the next byte begins a line
	interrupt context.CancelFunc
	done      chan int // the exit code; nil while no command runs
}

// stream is one of the two that a command writes to.
type stream struct {
	terminal *terminalOf
	mark     string
}

func (w stream) Write(p []byte) (int, error) {
	w.terminal.mu.Lock()
	defer w.terminal.mu.Unlock()
	for _, b := range p {
		if w.terminal.newline {
			w.terminal.text.WriteString(w.mark)
		}
		w.terminal.newline = b == '\n'
		w.terminal.text.WriteByte(b)
	}
	return len(p), nil
}

// take is what was written since the last call.
func (w *terminalOf) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.text.Reset()
	return w.text.String()
}

func (s *story) command(terminal *terminalOf, who string, args []string) *Pawl {
	terminal.newline = true
	p := &Pawl{
		IOStreams: genericiooptions.IOStreams{
			In: strings.NewReader(""), Out: stream{terminal, ""}, ErrOut: stream{terminal, "! "},
		},
		Args: args, Store: s.store, Identity: who + "@example",
	}
	if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--state=") }) {
		p.Store = nil
	}
	return p
}

func (s *story) pawl(args []string, input string) string {
	terminal := &terminalOf{}
	command := s.command(terminal, "me", args)
	command.In = strings.NewReader(input)
	code := command.Run(s.ends)
	synctest.Wait()
	return terminal.take() + exit(code)
}

// refused checks that a command fails without a result, and that nothing has changed: neither in
// the cluster nor in the folder.
func (s *story) refused(args []string, input string) string {
	cluster, files := s.dump(), s.files()
	said := s.pawl(args, input)
	if diff := cmp.Diff(cluster, s.dump()); diff != "" {
		s.t.Errorf("pawl %v has written: %s", args, diff)
	}
	if diff := cmp.Diff(files, s.files()); diff != "" {
		s.t.Errorf("pawl %v has changed files: %s", args, diff)
	}
	errors, failed := strings.CutSuffix("\n"+said, "\nexit 1\n")
	if !failed || strings.Count(errors, "\n") != strings.Count(errors, "\n! ") {
		s.t.Errorf("pawl %v is not refused: %s", args, said)
	}
	return strings.TrimPrefix(strings.ReplaceAll(errors, "\n! ", "\n"), "\n") + "\n"
}

func (s *story) files() map[string]string {
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// crowd is for commands about several apps, of which it is left to chance who speaks first.
func (s *story) crowd(apps, args []string) string {
	lines := strings.SplitAfter(s.pawl(args, ""), "\n")
	about := func(line string) int {
		return slices.IndexFunc(apps, func(app string) bool {
			return strings.Contains(line, `"`+app+`"`) || strings.Contains(line, " "+app+"-") || strings.Contains(line, "pod/"+app+"-")
		})
	}
	last := func(line string) bool { return line == "" || strings.HasPrefix(line, "exit ") }
	slices.SortStableFunc(lines, func(a, b string) int {
		if last(a) || last(b) {
			return cmpBool(last(a), last(b))
		}
		return about(a) - about(b)
	})
	return strings.Join(lines, "")
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (s *story) start(who string, args []string) string {
	terminal := s.terminals[who]
	if terminal == nil {
		terminal = &terminalOf{}
		s.terminals[who] = terminal
		s.order = append(s.order, who)
	}
	if terminal.done != nil {
		s.t.Fatalf("a command runs in the terminal of %s already", who)
	}
	command := s.command(terminal, who, args)
	ctx, cancel := context.WithCancel(s.ends)
	done := make(chan int, 1)
	terminal.interrupt, terminal.done = cancel, done
	go func() { done <- command.Run(ctx) }()
	synctest.Wait()
	return ""
}

// wait gives the command in somebody's terminal an hour to end.
func (s *story) wait(who string) string {
	terminal := s.terminals[who]
	select {
	case code := <-terminal.done:
		terminal.done = nil
		synctest.Wait()
		said := strings.ReplaceAll(terminal.take(), "\n", "\n"+who+": ")
		if said != "" {
			said = strings.TrimSuffix(who+": "+said, who+": ")
		}
		return said + exit(code)
	case <-time.After(time.Hour):
		s.t.Fatalf("the command in the terminal of %s does not end: %s", who, terminal.take())
		return ""
	}
}

func (s *story) sleep(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(d)
	synctest.Wait()
	return ""
}

// until sleeps until a moment that depends on nothing that was random before.
func (s *story) until(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil || time.Since(s.begun) > d {
		s.t.Fatalf("it is %v after the beginning already (%v)", time.Since(s.begun), err)
	}
	time.Sleep(d - time.Since(s.begun))
	synctest.Wait()
	return ""
}

// elapsed is the time since it was asked for last, to the second: elections begin at random
// fractions of one.
func (s *story) elapsed() string {
	d := time.Since(s.since).Round(time.Second)
	s.since = time.Now()
	return d.String() + "\n"
}

// news is what was said in other terminals.
func (s *story) news() string {
	var all strings.Builder
	for _, who := range s.order {
		for line := range strings.Lines(s.terminals[who].take()) {
			fmt.Fprintf(&all, "%s: %s", who, line)
		}
	}
	return all.String()
}

// podName is that of a pod of a ReplicaSet of ours.
var podName = regexp.MustCompile(`\b([a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{10,})-[bcdfghjklmnpqrstvwxz2456789]{5}(_|\b)`)

var uid = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)

var resourceVersion = regexp.MustCompile(`(resourceVersion"?: )"[0-9]+"`)

// temporary are files and folders of a random name, and in the heads of a diff their times.
var temporary = regexp.MustCompile(`[^ "\n]*/(LIVE|MERGED|pawl-edit)-[0-9]+([^ \t\n"]*)(\t[^\n]*)?`)

// named is a text with names that do not depend on who was faster.
func (s *story) named(text string) string {
	text = temporary.ReplaceAllString(text, "$1$2")
	text = resourceVersion.ReplaceAllString(text, "${1}N")
	return uid.ReplaceAllString(podName.ReplaceAllString(text, "$1-xxxxx$2"), "UID")
}

// dump is everything that is stored.
func (s *story) dump() string { return dump(s.t, s.store) }

func dump(t *testing.T, store kubetest.Store) string {
	t.Helper()
	var all strings.Builder
	err := store.View(func(tx kubetest.Tx) error {
		return tx.Scan("", "\xff", func(key string, value []byte) error {
			_, err := fmt.Fprintf(&all, "%q %q\n", key, value)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func (s *story) written() string {
	before := s.stored
	if s.stored = s.dump(); s.stored == before {
		return "nothing\n"
	}
	return "something\n"
}
