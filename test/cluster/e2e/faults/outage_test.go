package faults

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// The API server is killed in the middle of rollouts, and comes back; twice.
func TestAPIServerKilled(t *testing.T) {
	outage(t, func(ctx context.Context, c *cluster.Cluster) error {
		for range 2 {
			if err := c.Kill(cluster.APIServer); err != nil {
				return err
			}
			time.Sleep(3 * time.Second) // the outage
			if err := c.Restart(ctx, cluster.APIServer); err != nil {
				return err
			}
			time.Sleep(2 * time.Second) // some way on
		}
		return nil
	})
}

// The API server's store does not answer for 20 seconds in the middle of rollouts.
func TestEtcdStopped(t *testing.T) {
	outage(t, func(_ context.Context, c *cluster.Cluster) error {
		if err := c.Pause(cluster.Etcd); err != nil {
			return err
		}
		time.Sleep(20 * time.Second) // the outage
		return c.Resume(cluster.Etcd)
	})
}

// outage begins rollouts side by side under the least role, by Engine.Run and by the command, lets
// something happen to the cluster when they are half-way, and holds them to their promise and to the
// end of every other rollout. The observers read from etcd.
func outage(t *testing.T, happen func(context.Context, *cluster.Cluster) error) {
	const delay = 2 * time.Second
	var apps []*app
	var want string
	for i := range 6 {
		a := newApp(t)
		a.begin()
		if i == 0 {
			_, want = a.undisturbed(reader{"live", false})
		}
		apps = append(apps, a)
	}
	pawl := suite.New(t).Command(nil, slices.Concat(kube.Rules(), suite.CommandRules)...)
	pawl.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))

	var observers []*suite.Observer
	ends := make(chan error, len(apps))
	for i, a := range apps {
		a.next(delay)
		observers = append(observers, a.StoreObserver())
		config := a.leastRole()
		go func() { ends <- a.run(t.Context(), config, i%2 == 1) }()
	}
	observers = append(observers, pawl.StoreObserver())
	const labels = "      labels:\n"
	done := pawl.Start("run", "-f", pawl.Edited("httpd.v2.yaml", labels, "      annotations: {sim/ready-delay: "+delay.String()+"}\n"+labels))
	for _, f := range append(fixtures(apps), pawl.Fixture) {
		f.Eventually(20*time.Second, func(context.Context) error {
			if len(f.Sets()) != 2 {
				return errors.New("it has not begun yet")
			}
			return nil
		})
	}

	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := happen(ctx, suite.Cluster()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the outage took %v", time.Since(begin).Round(100*time.Millisecond))
	for range apps {
		if err := <-ends; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	out, code := done()
	pawl.Prints(out, "successfully rolled out\n")
	if code != 0 {
		t.Errorf("the command: exit code %d", code)
	}
	t.Logf("all ended %v after it began", time.Since(begin).Round(100*time.Millisecond))
	for _, a := range apps {
		a.ended(want)
	}
	table := newTable()
	for _, o := range observers {
		c := counts{struck: 1}
		if err := c.saw(o); err != nil {
			t.Error(err)
		}
		table.add(t.Name(), c)
	}
	t.Logf("\n%v", table)
}

// leastRole is the configuration of a user who has just the rights that the library says it needs. An
// API server that has just started refuses everything to such a user until it has read the roles.
func (a *app) leastRole() *rest.Config {
	a.Helper()
	const group = "rollers"
	config, err := suite.Cluster().ConfigFor("erin", group)
	if err != nil {
		a.Fatal(err)
	}
	a.Grant(group, kube.Rules()...)
	api := suite.NewClient(a.T, config)
	a.Eventually(10*time.Second, func(ctx context.Context) error {
		_, err := api.AppsV1().ReplicaSets(a.Namespace).List(ctx, metav1.ListOptions{})
		return err
	})
	return config
}

func fixtures(apps []*app) (all []*suite.Fixture) {
	for _, a := range apps {
		all = append(all, a.Fixture)
	}
	return all
}
