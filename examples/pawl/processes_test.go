//go:build unix

package main_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// begin rolls out six replicas of a first version, and starts a second one until it has written
// something. Its pods take a while to become ready.
func begin(t *testing.T, delay time.Duration) (terminal, *ledger, *process) {
	t.Helper()
	w := newTerminal(t)
	first := strings.Replace(strings.ReplaceAll(manifest, "VERSION", "1"), "spec:", "spec:\n  replicas: 6", 1)
	w.write(t, "v1.yaml", first)
	w.write(t, "v2.yaml", strings.NewReplacer("web:1", "web:2", "20ms", delay.String()).Replace(first))
	l := open(t, w.state)
	w.finish(t, "run", "-f", "v1.yaml")
	l.judge(t)
	l.completed()
	p := w.start(t, "run", "-f", "v2.yaml")
	p.says(t, p.out, "Scaled up")
	return w, l, p
}

// says waits until a process has written a text.
func (p *process) says(t *testing.T, to *lines, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(to.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("pawl %v never said %q:\n%s%s", p.line, text, p.out, p.err)
		}
	}
}

// ends waits for an end that must be good.
func (p *process) ends(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// holder is what others are told of a process that drives.
func (p *process) holder(t *testing.T) string {
	t.Helper()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("@%s/%d; waiting for its turn", host, p.Process.Pid)
}

func (l *ledger) sizesByName(t *testing.T) map[string]int32 {
	t.Helper()
	list, err := l.api.AppsV1().ReplicaSets("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int32{}
	for _, rs := range list.Items {
		sizes[rs.Name] = *rs.Spec.Replicas
	}
	return sizes
}

// done judges everything at the end, when a rollout has completed and nobody drives any more.
func (l *ledger) done(t *testing.T) {
	t.Helper()
	l.judge(t)
	l.complete(t)
	lease, err := l.api.CoordinationV1().Leases("default").Get(t.Context(), "pawl.web", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity != nil {
		t.Errorf("the lease is left with %v (%v)", lease.Spec.HolderIdentity, err)
	}
}

// A second terminal may pause a rollout and let it go on.
func TestPauseFromASecondTerminal(t *testing.T) {
	t.Parallel()
	w, l, driving := begin(t, 700*time.Millisecond)
	w.finish(t, "pause", "web")
	driving.says(t, driving.out, `deployment "web" is paused`)
	held := l.sizesByName(t)
	for range 15 { // two starts of a pod
		time.Sleep(100 * time.Millisecond)
		if now := l.sizesByName(t); !maps.Equal(held, now) {
			t.Fatalf("paused, and yet the sizes went from %v to %v", held, now)
		}
	}
	if len(held) != 2 {
		t.Errorf("paused at %v, which is not in the middle", held)
	}
	resume := w.start(t, "resume", "web")
	driving.ends(t)
	resume.ends(t)
	l.done(t)
}

// A second run says whom it waits for, and has its turn soon after that one is done, or is stopped,
// or is no more.
func TestSecondRunWaitsForTheFirst(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *process){
		"done":    func(t *testing.T, p *process) { p.ends(t) },
		"stopped": func(t *testing.T, p *process) { p.signal(syscall.SIGINT); _ = p.wait(t.Context()) },
		"killed":  func(_ *testing.T, p *process) { p.kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, l, first := begin(t, 500*time.Millisecond)
			second := w.start(t, "run", "-f", "v2.yaml")
			second.says(t, second.err, first.holder(t))
			if said := second.out.String(); strings.Contains(said, "Scaled") || strings.Contains(said, "Waiting") {
				t.Errorf("it has begun already:\n%s", said)
			}
			end(t, first)
			ended := time.Now()
			second.says(t, second.out, `deployment "web"`)
			if took := time.Since(ended); took > leaseDuration/3 {
				t.Errorf("its turn came %v after the end of the first", took)
			} else {
				t.Logf("its turn came after %v", took.Round(time.Millisecond))
			}
			second.ends(t)
			l.done(t)
		})
	}
}

// A process that was frozen for so long that another one took over writes nothing any more when it
// goes on.
func TestFrozenProcessWritesNoMore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SHORT: waits for a lease to run out")
	}
	w, l, frozen := begin(t, 3*time.Second)
	freeze(t, frozen, w.state)
	landed := l.sizesByName(t)
	second := w.start(t, "resume", "web")
	second.says(t, second.err, frozen.holder(t))
	second.says(t, second.out, "Scaled")
	t.Logf("taken over after %v", time.Since(second.begun).Round(time.Millisecond))

	said := frozen.out.String()
	frozen.signal(syscall.SIGCONT)
	if err := frozen.wait(t.Context()); err == nil || !strings.Contains(err.Error(), "lost the lease") {
		t.Errorf("the frozen one ended with %v", err)
	}
	more := strings.TrimPrefix(frozen.out.String(), said)
	for _, m := range regexp.MustCompile(`Scaled .* replica set (\S+) from \d+ to (\d+)`).FindAllStringSubmatch(more, -1) {
		// It may have been frozen between a write and the line about it.
		if fmt.Sprint(landed[m[1]]) != m[2] {
			t.Errorf("it went on, from %v:\n%s", landed, more)
		}
	}
	second.ends(t)
	l.done(t)
}

// A process that was frozen and that nobody missed goes on.
func TestFrozenProcessThatNobodyMissedGoesOn(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SHORT: freezes for longer than a lease lasts")
	}
	w, l, frozen := begin(t, 2*time.Second)
	freeze(t, frozen, w.state)
	time.Sleep(leaseDuration + time.Second)
	frozen.signal(syscall.SIGCONT)
	frozen.ends(t)
	l.done(t)
}

// stands waits until a process that was told to stop has: its threads run on for a while.
func (p *process) stands(t *testing.T) {
	t.Helper()
	for {
		var now syscall.WaitStatus
		switch _, err := syscall.Wait4(p.Process.Pid, &now, syscall.WUNTRACED, nil); {
		case errors.Is(err, syscall.EINTR):
		case err != nil || !now.Stopped():
			t.Fatalf("pawl %v did not stop: %v, %v:\n%s%s", p.line, now, err, p.out, p.err)
		default:
			return
		}
	}
}

// freeze stops a process at a moment when it does not have the file: while it has, nobody else can
// do anything, and says so.
func freeze(t *testing.T, p *process, state string) {
	t.Helper()
	for range 200 {
		p.signal(syscall.SIGSTOP)
		p.stands(t)
		db, err := bolt.Open(state, 0o600, &bolt.Options{Timeout: 200 * time.Millisecond})
		if err == nil {
			db.Close()
			return
		}
		p.signal(syscall.SIGCONT)
		time.Sleep(7 * time.Millisecond)
	}
	t.Fatal("the file is never free")
}
