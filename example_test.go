package pawl_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// The whole loop of a controller, on a simulated workload whose replicas take five seconds to
// start.
func Example() {
	ctx := context.Background()
	web := sim.New(rollout.State{Replicas: 3, Template: "v1"}, sim.Options{StartUp: sim.After(5 * time.Second)})
	strategy := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)}
	engine := rollout.Engine{}
	for {
		status, err := engine.Reconcile(ctx, web, strategy)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", status.Phase, status.Message)
		if status.Phase.Over() {
			break
		}
		web.Next() // a controller returns status.RequeueAfter instead, and is called again
	}
	// Output:
	// Progressing: 0 out of 3 new replicas have been updated
	// Progressing: 0 of 3 updated replicas are available
	// Progressing: all replicas are updated and available
	// Complete: 3 of 3 updated replicas are available
}

// App is a custom resource that owns ReplicaSets.
type App struct {
	appsv1.Deployment
	Rollout rollout.Status
}

// The Reconcile of a controller whose custom resource owns ReplicaSets. The client outlives the
// calls: it remembers what was written, so that a cache that lags behind does no harm.
func Example_controller() {
	client := &kube.Client{} // with API, and Cache: kube.NewInformers(factory)
	reconcile := func(ctx context.Context, app *App) (time.Duration, error) {
		workload, err := client.Workload(kube.Target{
			Owner:    kube.OwnerOf(app, appsv1.SchemeGroupVersion.WithKind("App")),
			Selector: app.Spec.Selector,
			Template: app.Spec.Template,
			Replicas: *app.Spec.Replicas,
			Last:     app.Rollout,
			Save:     func(_ context.Context, s rollout.Status) error { app.Rollout = s; return nil },
		})
		if err != nil {
			return 0, err
		}
		status, err := new(rollout.Engine).Reconcile(ctx, workload, strategies.Rolling{})
		return status.RequeueAfter, err
	}
	_ = reconcile
}

// TestReadmeShowsTheExample keeps the code in README.md the code that is run above.
func TestReadmeShowsTheExample(t *testing.T) {
	source, readme := read(t, "example_test.go"), read(t, "README.md")
	_, body, _ := strings.Cut(source, "func Example() {\n")
	body, _, _ = strings.Cut(body, "\t// Output:\n")
	if body = strings.ReplaceAll("\n"+body, "\n\t", "\n"); !strings.Contains(readme, body) {
		t.Errorf("README.md does not show the body of Example:%s", body)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
