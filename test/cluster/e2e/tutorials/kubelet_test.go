package tutorials

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	admission "k8s.io/api/admission/v1"
	registration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

const delayKey = "sim/ready-delay"

// pace makes pods take as long to become ready as on the embedded cluster, where a template says
// nothing else. The template itself stays as the transcript has it, since the names in there are made
// of it: a webhook annotates the pods.
func pace(f *suite.Fixture, delay time.Duration) {
	f.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admission.AdmissionReview
		var pod corev1.Pod
		if err := errors.Join(json.NewDecoder(r.Body).Decode(&review), json.Unmarshal(review.Request.Object.Raw, &pod)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review.Response = &admission.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		if _, said := pod.Annotations[delayKey]; !said {
			kind := admission.PatchTypeJSONPatch
			review.Response.PatchType, review.Response.Patch = &kind, annotating(pod.Annotations, delay)
		}
		if err := json.NewEncoder(w).Encode(review); err != nil {
			f.Error(err)
		}
	}))
	f.Cleanup(server.Close)
	register(f, server)
	f.Eventually(20*time.Second, func(ctx context.Context) error {
		spec := suite.ReplicaSet("trial", "trial:1", 1).Spec.Template.Spec
		pod, err := f.Client.CoreV1().Pods(f.Namespace).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "trial"}, Spec: spec},
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil && pod.Annotations[delayKey] == "" {
			err = errors.New("the webhook is not asked yet")
		}
		return err
	})
}

func annotating(annotations map[string]string, delay time.Duration) []byte {
	with := map[string]string{delayKey: delay.String()}
	for k, v := range annotations {
		with[k] = v
	}
	patch, _ := json.Marshal([]map[string]any{{"op": "add", "path": "/metadata/annotations", "value": with}}) // strings only
	return patch
}

// register has the API server ask the webhook about pods of the namespace.
func register(f *suite.Fixture, server *httptest.Server) {
	f.Helper()
	api := f.Client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	none, here := registration.SideEffectClassNone, map[string]string{corev1.LabelMetadataName: f.Namespace}
	_, err := api.Create(f.Context(), &registration.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: f.Namespace},
		Webhooks: []registration.MutatingWebhook{{
			Name: "pace.example.com",
			ClientConfig: registration.WebhookClientConfig{
				URL:      &server.URL,
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			Rules: []registration.RuleWithOperations{{
				Operations: []registration.OperationType{registration.Create},
				Rule:       registration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: here},
			SideEffects:             &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := api.Delete(context.WithoutCancel(f.Context()), f.Namespace, metav1.DeleteOptions{}); err != nil {
			f.Error(err)
		}
	})
}
