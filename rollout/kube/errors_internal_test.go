package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gopawl/pawl/rollout"
)

var sets = schema.GroupResource{Group: "apps", Resource: "replicasets"}

func terminatingNamespace() error {
	err := apierrors.NewForbidden(sets, "web", errors.New("namespace is being terminated"))
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	return err
}

func generic(code int) error {
	return apierrors.NewGenericServerResponse(code, "post", sets, "web", "<html>", 0, true)
}

func unsent(err error) error { return &url.Error{Op: "Post", URL: "https://api", Err: err} }

func TestClassify(t *testing.T) {
	late := unsent(context.DeadlineExceeded) // of the http.Client, not of the context
	for _, c := range []struct {
		err   error
		want  string // conflict, transient or the refusal
		after time.Duration
	}{
		{apierrors.NewConflict(sets, "web", errors.New("x")), "conflict", 0},
		{apierrors.NewNotFound(sets, "web"), "conflict", 0},
		{apierrors.NewAlreadyExists(sets, "web"), "conflict", 0},
		{apierrors.NewResourceExpired("x"), "conflict", 0},
		{rollout.ErrConflict, "conflict", 0},
		{apierrors.NewTooManyRequests("slow down", 7), "transient", 7 * time.Second},
		{apierrors.NewServerTimeout(sets, "post", 3), "transient", 3 * time.Second},
		{apierrors.NewTimeoutError("x", 0), "transient", 0},
		{apierrors.NewInternalError(errors.New("webhook")), "transient", 0},
		{apierrors.NewServiceUnavailable("x"), "transient", 0},
		{generic(http.StatusBadGateway), "transient", 0},
		{generic(http.StatusGatewayTimeout), "transient", 0},
		{unsent(syscall.ECONNREFUSED), "transient", 0},
		{unsent(syscall.ECONNRESET), "transient", 0},
		{unsent(io.EOF), "transient", 0},
		{io.ErrUnexpectedEOF, "transient", 0},
		{unsent(errors.New("no such host")), "transient", 0},
		{late, "transient", 0},
		{apierrors.NewForbidden(sets, "web", errors.New("status unknown for quota: q, resources: count/replicasets.apps")), "transient", 0},
		{apierrors.NewForbidden(sets, "web", errors.New("no")), "Forbidden", 0},
		{apierrors.NewUnauthorized("no"), "Forbidden", 0},
		{generic(http.StatusForbidden), "Forbidden", 0},
		{apierrors.NewForbidden(sets, "web", errors.New("exceeded quota: q, requested: count/replicasets.apps=1")), "QuotaExceeded", 0},
		{terminatingNamespace(), "NamespaceTerminating", 0},
		{apierrors.NewInvalid(schema.GroupKind{}, "web", nil), "Invalid", 0},
		{apierrors.NewBadRequest("admission webhook denied"), "Invalid", 0},
		{apierrors.NewRequestEntityTooLargeError("x"), "Invalid", 0},
		{apierrors.NewMethodNotSupported(sets, "post"), "Unknown", 0},
		{errors.New("x"), "Unknown", 0},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err)} {
			got := classify(t.Context(), "create", err)
			kind, after := kindOf(got)
			if kind != c.want || after != c.after || !errors.Is(got, c.err) {
				t.Errorf("%v: %s after %v, want %s after %v", err, kind, after, c.want, c.after)
			}
		}
	}
	if classify(t.Context(), "create", nil) != nil {
		t.Error("nil is no error")
	}
}

func kindOf(err error) (string, time.Duration) {
	var transient *rollout.TransientError
	var refused *RefusedError
	switch {
	case errors.Is(err, rollout.ErrConflict):
		return "conflict", 0
	case errors.As(err, &transient):
		return "transient", transient.After
	case errors.As(err, &refused):
		return string(refused.Why), 0
	}
	return "other", 0
}

func TestEndOfTheContextIsNeither(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{unsent(context.Canceled), apierrors.NewTimeoutError("x", 1), apierrors.NewForbidden(sets, "web", nil)} {
		if kind, _ := kindOf(classify(ended, "create", err)); kind != "other" {
			t.Errorf("%v: %s", err, kind)
		}
	}
}
