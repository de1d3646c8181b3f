//go:build unix

package main_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/statefile"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

var (
	killSeed   = flag.Uint64("kill.seed", 0, "of the commands and moments of TestKilledAtAnyMoment; 0 is a new one")
	killRounds = flag.Int("kill.rounds", 200, "how often TestKilledAtAnyMoment kills")
)

// leaseDuration is how long a process waits for one that is not known to be dead.
const leaseDuration = 15 * time.Second

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  revisionHistoryLimit: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 1}}
  template:
    metadata:
      labels: {app: web}
      annotations: {sim/ready-delay: 20ms, sim/stop-delay: 10ms}
    spec:
      containers: [{name: web, image: "web:VERSION"}]
`

const versions = 4

// writeVersions makes v1.yaml and so on. Their replicas are left to pawl scale.
func (w terminal) writeVersions(t *testing.T) {
	t.Helper()
	for v := range versions {
		w.write(t, fmt.Sprintf("v%d.yaml", v+1), strings.ReplaceAll(manifest, "VERSION", fmt.Sprint(v+1)))
	}
}

// victim kills commands on one cluster, and looks at what they leave.
type victim struct {
	terminal
	*rand.Rand
	ledger *ledger
	usual  []time.Duration // of commands that were left to finish

	kills, running, ended int
	finished              int
	slowest               time.Duration
}

func newVictim(t *testing.T) *victim {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("again with: go test -run '^%s$' -kill.seed=%d", t.Name(), seed)
	v := &victim{terminal: newTerminal(t), Rand: rand.New(rand.NewPCG(seed, 0))}
	v.writeVersions(t)
	return v
}

// SIGKILL at any moment leaves a state that the next command continues from, and the bounds hold
// all the way.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rounds := *killRounds
	if testing.Short() {
		rounds = min(rounds, 20)
		t.Logf("SHORT: %d kills only, not the %d that are promised", rounds, *killRounds)
	}
	v := newVictim(t)
	v.ledger = open(t, v.state)
	v.finish(t, "run", "-f", "v1.yaml")
	v.finish(t, "scale", "web", "--replicas=6")
	_, took := v.finish(t, "run", "-f", "v2.yaml")
	v.usual = append(v.usual, took)
	v.ledger.judge(t)
	v.ledger.completed()
	for next := 20; v.kills < rounds; {
		for range v.inARow() {
			v.kill(t)
		}
		v.look(t)
		if v.kills >= next {
			next += 20
			v.goOn(t)
		}
	}
	v.goOn(t)
	l := v.ledger
	t.Logf("%d kills: %d of a command that was running, %d after it had ended by itself", v.kills, v.running, v.ended)
	t.Logf("%d commands finished what the killed ones had begun, the slowest in %v: none waited for a lease (%v)", v.finished, v.slowest.Round(time.Millisecond), leaseDuration)
	t.Logf("%d changes judged: %d bounds broken, %d times at the floor, %d times up to the ceiling", l.changes, len(l.broken), l.atFloor, l.atCeiling)
}

// inARow is how many commands are killed before anybody looks: mostly one.
func (v *victim) inARow() int {
	if v.IntN(5) > 0 {
		return 1
	}
	return 2 + v.IntN(3)
}

// command is something that users do.
func (v *victim) command() []string {
	version := 1 + v.IntN(versions)
	switch n := v.IntN(10); {
	case n < 5:
		return []string{"run", "-f", fmt.Sprintf("v%d.yaml", version)}
	case n < 6:
		return []string{"undo", "web"}
	case n < 8:
		return []string{"set-image", "web", fmt.Sprintf("web=web:%d", version)}
	case n < 9:
		return []string{"scale", "web", fmt.Sprintf("--replicas=%d", 4+v.IntN(5))}
	}
	return []string{"resume", "web"}
}

// kill starts a command and kills it at a moment when it usually runs.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	p := v.start(t, v.command()...)
	time.Sleep(time.Duration(v.Int64N(int64(v.usually()))))
	v.kills++
	if p.kill() {
		v.running++
		return
	}
	v.ended++
	err := p.wait(t.Context())
	if err != nil && (p.line[0] != "undo" || !strings.Contains(err.Error(), "no rollout history found")) {
		t.Fatal(err)
	}
}

// usually is how long a command takes that has something to do.
func (v *victim) usually() time.Duration {
	return max(50*time.Millisecond, slices.Max(v.usual[max(0, len(v.usual)-5):]))
}

// look checks what is left: the file, every object, and every change that led to it.
func (v *victim) look(t *testing.T) {
	t.Helper()
	if err := errors.Join(whole(v.state), decodes(t.Context(), v.state)); err != nil {
		t.Fatalf("after %d kills: %v", v.kills, err)
	}
	v.ledger.judge(t)
}

// goOn lets a command finish what was begun.
func (v *victim) goOn(t *testing.T) {
	t.Helper()
	args := []string{"resume", "web"}
	if v.IntN(2) == 0 {
		args = v.command()
		for args[0] == "undo" {
			args = v.command()
		}
	}
	_, took := v.finish(t, args...)
	if v.slowest = max(v.slowest, took); took >= leaseDuration {
		t.Fatalf("pawl %v took %v: it has waited for the lease of a dead process", args, took)
	}
	v.usual = append(v.usual, took)
	v.finished++
	v.look(t)
	v.ledger.completed()
	v.ledger.complete(t)
}

// whole checks the pages of the file.
func whole(path string) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("the state file: %w", err)
	}
	err = db.View(func(tx *bolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	return errors.Join(err, db.Close())
}

// decodes reads every object in the file, and what is wanted of the app.
func decodes(ctx context.Context, path string) error {
	file, err := statefile.Open(path)
	if err != nil {
		return err
	}
	cluster, err := kubetest.New(kubetest.Options{Store: file})
	if err != nil {
		return err
	}
	api, all := kubernetes.NewForConfigOrDie(cluster.Config()), metav1.ListOptions{}
	var errs [8]error
	_, errs[0] = api.CoreV1().Namespaces().List(ctx, all)
	_, errs[1] = api.CoreV1().Nodes().List(ctx, all)
	_, errs[2] = api.CoreV1().Pods("").List(ctx, all)
	_, errs[3] = api.CoreV1().ConfigMaps("").List(ctx, all)
	_, errs[4] = api.AppsV1().ReplicaSets("").List(ctx, all)
	_, errs[5] = api.CoordinationV1().Leases("").List(ctx, all)
	_, errs[6] = api.CoreV1().Events("").List(ctx, all)
	_, errs[7] = app.Store{API: api, Namespace: "default"}.Load(ctx, "web")
	return errors.Join(errs[:]...)
}

// A process that is killed while it makes the state file leaves nothing in the way.
func TestKilledWhileItMakesTheFile(t *testing.T) {
	t.Parallel()
	w := newTerminal(t)
	w.writeVersions(t)
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	made := 0
	for i := range rounds {
		w.state = fmt.Sprintf("%s/state%d/cluster", w.dir, i)
		p := w.start(t, "run", "-f", "v1.yaml")
		time.Sleep(time.Duration(i) * 2 * time.Millisecond)
		p.kill()
		if _, err := os.Stat(w.state); err == nil {
			made++
		}
		if _, took := w.finish(t, "run", "-f", "v1.yaml"); took >= leaseDuration {
			t.Errorf("the next command took %v", took)
		}
	}
	t.Logf("%d kills, %d of which left a file", rounds, made)
}
