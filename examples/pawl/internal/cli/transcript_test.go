package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/datadriven"
)

// TestTranscripts plays stories; testdata/transcripts/*.txt hold what is to happen. Each runs on a
// cluster of its own, in a folder of its own with the tutorials' manifests, in virtual time: pods
// take a second to become ready, and an hour is over at once. What a command says on standard
// error is marked with "! ". Names of pods end in xxxxx. The directives:
//
//	pawl run -f web.yaml          runs the command to its end, and ends with "exit 1" if it fails;
//	                              what stands below the directive is its standard input
//	refused run -f web.yaml       the same, of which nothing may come but an error
//	crowd a,b run -f shop         the same for several apps: what is said of each stands together
//	start ann run -f web.yaml     starts it in ann's terminal
//	wait ann                      waits until the command there has ended
//	interrupt ann                 is Ctrl-C there
//	sleep 2s
//	until 5m                      sleeps until this long after the beginning
//	elapsed                       the time since the one before
//
//	file web.yaml                 writes the file below the directive
//	edit web.yaml                 changes it: a line "OLD => NEW" for each change; \n is a line break
//
//	editor                        makes the shell script below it $EDITOR; $1 is the file
//	grow web.yaml WORD 1000       puts as many x in the place of a word in it
//	setenv KUBECONFIG=/x          sets a variable of the environment
//	delete web                    deletes the app, as kubectl delete configmap pawl.web does
//	configmap pawl.web            makes somebody else's ConfigMap
//
//	replicasets web               their revisions, sizes and images
//	service web                   how many pods of which image it leads to
//	curl web                      calls it all the time from now on
//	answers web                   who answered since then, in this order
//	events web                    what was recorded about the app
//	written                       whether anything was, since the one before
//
// What was said in other terminals meanwhile stands below the answer of each directive, marked with
// "ann: ".
func TestTranscripts(t *testing.T) {
	tutorials := absolute(t, "../../testdata")
	datadriven.Walk(t, absolute(t, "testdata/transcripts"), func(t *testing.T, path string) {
		t.Chdir(copied(t, tutorials))
		t.Setenv("TMPDIR", t.TempDir())
		synctest.Test(t, func(t *testing.T) {
			s := newStory(t)
			datadriven.RunTest(t, path, s.play)
			s.end()
		})
	})
}

func TestMain(m *testing.M) {
	silence()
	m.Run()
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// copied is a new folder with what is in another one.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func (s *story) play(t *testing.T, d *datadriven.TestData) string {
	s.t = t
	answer := s.answer(d)
	return s.named(answer + s.news())
}

func (s *story) answer(d *datadriven.TestData) string {
	args := words(d)
	switch d.Cmd {
	case "pawl":
		return s.pawl(args, d.Input)
	case "start":
		return s.start(args[0], args[1:])
	case "crowd":
		return s.crowd(strings.Split(args[0], ","), args[1:])
	case "refused":
		return s.refused(args, d.Input)
	case "setenv":
		name, value, _ := strings.Cut(args[0], "=")
		s.t.Setenv(name, value)
		return ""
	case "grow":
		return s.grow(args[0], args[1], args[2])
	case "delete":
		return s.delete(args[0])
	case "configmap":
		return s.foreign(args[0])
	case "wait":
		return s.wait(args[0])
	case "interrupt":
		s.terminals[args[0]].interrupt()
		return s.wait(args[0])
	case "sleep":
		return s.sleep(args[0])
	case "until":
		return s.until(args[0])
	case "editor":
		return s.editor(d.Input)
	case "elapsed":
		return s.elapsed()
	case "file":
		return s.write(args[0], d.Input+"\n")
	case "edit":
		return s.edit(args[0], d.Input)
	case "replicasets":
		return s.replicaSets(args[0])
	case "service":
		return s.endpoints(args[0]).String() + "\n"
	case "curl":
		return s.curl(args[0])
	case "answers":
		return s.answers(args[0])
	case "events":
		return s.events(args[0])
	case "written":
		return s.written()
	}
	d.Fatalf(s.t, "unknown directive %s", d.Cmd)
	return ""
}

// words are the arguments as they were written.
func words(d *datadriven.TestData) []string {
	var all []string
	for _, a := range d.CmdArgs {
		word := a.Key
		if len(a.Vals) > 0 {
			word += "=" + strings.Join(a.Vals, ",")
		}
		all = append(all, word)
	}
	return all
}

func (s *story) write(file, content string) string {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return ""
}

func (s *story) edit(file, changes string) string {
	content, err := fs.ReadFile(os.DirFS("."), file)
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(content)
	for line := range strings.Lines(changes) {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n")
		from, to, ok := strings.Cut(line, " =>")
		if !ok || strings.Count(text, from) != 1 {
			s.t.Fatalf("%s: %q is there %d times", file, from, strings.Count(text, from))
		}
		text = strings.Replace(text, from, strings.TrimPrefix(to, " "), 1)
	}
	return s.write(file, strings.TrimSuffix(text, "\n")+"\n")
}

// editor is a script, in the place of a person at vi.
func (s *story) editor(script string) string {
	if err := os.WriteFile("editor", []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.t.Setenv("EDITOR", "./editor")
	return ""
}

func (s *story) grow(file, word, count string) string {
	n, err := strconv.Atoi(count)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.edit(file, word+" => "+strings.Repeat("x", n))
}

func exit(code int) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf("exit %d\n", code)
}
