package kube_test

import (
	"context"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// An embedder's status is kept by a call of its own, with the errors that client-go gives.
func TestRunLivesThroughAStatusThatCannotBeSaved(t *testing.T) {
	for name, fault := range map[string]faults.Fault{
		"no answer":    faults.Unsent(syscall.ECONNREFUSED),
		"server error": faults.Answer(http.StatusInternalServerError, "InternalError", "etcdserver: request timed out"),
		"throttled":    faults.Throttled(7),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := start(t, kubetest.Options{})
				failures := 0
				api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
					if c.Resource == "configmaps" && failures < 3 {
						failures++
						return fault
					}
					return nil
				})
				target := e.target("web:1", 2)
				saved := ""
				target.Save = func(ctx context.Context, s rollout.Status) error {
					patch := []byte(`{"data":{"status":"` + string(s.Phase) + `"}}`)
					var now *corev1.ConfigMap
					now, err := api.CoreV1().ConfigMaps("default").Patch(ctx, "web", types.MergePatchType, patch, metav1.PatchOptions{})
					if err == nil {
						saved = now.Data["status"]
					}
					return err
				}
				engine := rollout.Engine{Poll: time.Second}
				if _, err := engine.Run(t.Context(), e.workload(&kube.Client{API: e.api}, target), rolling); err != nil {
					t.Error(err)
				}
				if failures != 3 || saved != string(rollout.Complete) {
					t.Errorf("%d failures, saved %q", failures, saved)
				}
			})
		})
	}
}
