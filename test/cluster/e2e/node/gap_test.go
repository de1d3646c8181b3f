package node

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// watchForGap follows the pods, of which some are available. gap waits for the time without any to be
// over and returns it, as the watch told of it.
func watchForGap(f *suite.Fixture) (gap func() (begin, end time.Time)) {
	f.Helper()
	w, err := f.Client.CoreV1().Pods(f.Namespace).Watch(f.Context(), metav1.ListOptions{})
	if err != nil {
		f.Fatal(err)
	}
	var (
		mu         sync.Mutex
		begin, end time.Time
		available  = map[types.UID]bool{}
		ended      = make(chan struct{})
	)
	go func() {
		defer close(ended)
		some := false // were available
		for event := range w.ResultChan() {
			pod, ok := event.Object.(*corev1.Pod)
			if !ok {
				return
			}
			delete(available, pod.UID)
			if event.Type != watch.Deleted && pod.DeletionTimestamp == nil && suite.PodReady(pod) {
				available[pod.UID] = true
			}
			mu.Lock()
			switch {
			case some && len(available) == 0:
				begin = time.Now()
			case !some && len(available) > 0 && !begin.IsZero():
				end = time.Now()
			}
			mu.Unlock()
			some = len(available) > 0
		}
	}()
	return func() (time.Time, time.Time) {
		f.Helper()
		f.Eventually(10*time.Second, func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			if end.IsZero() {
				return errors.New("there is no gap, or no end of it")
			}
			return nil
		})
		w.Stop()
		<-ended
		return begin, end
	}
}
