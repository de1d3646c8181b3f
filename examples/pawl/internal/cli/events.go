package cli

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/rollout/kube"
)

// events records events about an app until it is told to end, and then waits a moment for those
// that are under way.
func (s *session) events() (record.EventRecorder, func()) {
	b := record.NewBroadcaster()
	sink := eventSink{
		EventSink: &typedcorev1.EventSinkImpl{Interface: s.API.CoreV1().Events(s.Namespace)},
		flushed:   make(chan struct{}, 1),
	}
	b.StartRecordingToSink(sink)
	recorder := b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: kube.DefaultFieldManager})
	return recorder, func() {
		recorder.Event(&corev1.ObjectReference{Namespace: s.Namespace}, corev1.EventTypeNormal, flush, "")
		select {
		case <-sink.flushed:
		case <-time.After(5 * time.Second):
		}
		b.Shutdown()
	}
}

// flush is the reason of the event that comes after all others, and is not written.
const flush = "Flush"

// eventSink tells when the event has come that is the last. It lets the server choose names: those
// of the recorder are times, and two events may be of the same one.
type eventSink struct {
	record.EventSink
	flushed chan struct{}
}

func (s eventSink) Create(e *corev1.Event) (*corev1.Event, error) {
	if e.Reason == flush {
		s.flushed <- struct{}{}
		return e, nil
	}
	e.Name, e.GenerateName = "", e.InvolvedObject.Name+"-"
	return s.EventSink.Create(e)
}
