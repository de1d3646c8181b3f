package kube_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gopawl/pawl/rollout/kube"
)

func TestListFuncIsACache(t *testing.T) {
	var asked []string
	broken := errors.New("not started")
	var failing error
	list := kube.ListFunc(func(_ context.Context, into kube.List, namespace string, s labels.Selector) error {
		asked = append(asked, fmt.Sprintf("%T in %s where %q", into, namespace, s))
		switch list := into.(type) {
		case *appsv1.ReplicaSetList:
			list.Items = []appsv1.ReplicaSet{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}}
		case *corev1.PodList:
			list.Items = []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "p"}}}
		}
		return failing
	})
	sets, err := list.ReplicaSets(t.Context(), "ns")
	if err != nil || len(sets) != 2 || sets[0].Name != "a" || sets[1].Name != "b" {
		t.Errorf("replica sets: %v, %v", sets, err)
	}
	pods, err := list.Pods(t.Context(), "ns", labels.SelectorFromSet(labels.Set{"app": "web"}))
	if err != nil || len(pods) != 1 || pods[0].Name != "p" {
		t.Errorf("pods: %v, %v", pods, err)
	}
	want := []string{`*v1.ReplicaSetList in ns where ""`, `*v1.PodList in ns where "app=web"`}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("asked, -want +got:\n%s", d)
	}
	failing = broken
	if _, err := list.ReplicaSets(t.Context(), "ns"); !errors.Is(err, broken) {
		t.Errorf("replica sets: %v, want the function's error", err)
	}
	if _, err := list.Pods(t.Context(), "ns", labels.Everything()); !errors.Is(err, broken) {
		t.Errorf("pods: %v, want the function's error", err)
	}
}
