package kubetest

import (
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// tally is the numbers of a set's status.
type tally struct{ replicas, labeled, ready, available, terminating int }

// count writes the status. Due is when the next pod becomes available.
func (s *session) count(rs *replicaSet, active, terminating []pod, f *failure) (due time.Time, err error) {
	n := tally{replicas: len(active), terminating: len(terminating)}
	template := labels.SelectorFromSet(rs.template.Labels)
	for _, p := range active {
		if template.Matches(labels.Set(p.Labels)) {
			n.labeled++
		}
		if !isReady(p.Pod) {
			continue
		}
		n.ready++
		if at := p.readyAt().Add(rs.minReady); rs.minReady > 0 && at.After(s.now) {
			due = sooner(due, at)
		} else {
			n.available++
		}
	}
	o := rs.edit()
	rs.setStatus(o, n, f)
	_, err = s.keep(rs.record, o)
	return due, err
}

// readyAt answers since when a ready pod has been, exactly if it was the kubelet's doing.
func (p pod) readyAt() time.Time {
	since := readySince(p.Pod)
	if exact := apiTime(p.record.times.Ready); since.Equal(&exact) {
		return p.record.times.Ready
	}
	return since.Time
}

func (rs *replicaSet) setStatus(o *object, n tally, f *failure) {
	status, ok := o.Object["status"].(map[string]any)
	if !ok {
		status = map[string]any{}
		o.Object["status"] = status
	}
	status["replicas"] = int64(n.replicas)
	set := func(name string, value int64, always bool) {
		if value == 0 && !always {
			delete(status, name)
		} else {
			status[name] = value
		}
	}
	set("fullyLabeledReplicas", int64(n.labeled), false)
	set("readyReplicas", int64(n.ready), false)
	set("availableReplicas", int64(n.available), false)
	set("observedGeneration", o.GetGeneration(), false)
	if rs.res.Group != "" { // ReplicationControllers do not tell
		set("terminatingReplicas", int64(n.terminating), true)
	}
	f.set(status)
}

// retryInterval is the pause after a pod was refused.
const retryInterval = 10 * time.Second

// failure is the condition ReplicaFailure; nil is none.
type failure struct {
	message string
	since   time.Time
}

func isRefusal(err error) bool {
	api := apierrors.APIStatus(nil)
	return errors.As(err, &api)
}

func (f *failure) retryAt() time.Time {
	if f == nil {
		return time.Time{}
	}
	return f.since.Add(retryInterval)
}

// failed tells of a pod that could not be created.
func (s *session) failed(rs *replicaSet, refusal error) (*failure, error) {
	err := s.event(rs.record, corev1.EventTypeWarning, "FailedCreate", rs.component, "Error creating: "+refusal.Error())
	return &failure{refusal.Error(), apiTime(s.now).Time}, err
}

// failure reads the condition from the status.
func (rs *replicaSet) failure() *failure {
	for _, c := range conditions(rs.Object) {
		if c["type"] == "ReplicaFailure" && c["status"] == "True" {
			message, _ := c["message"].(string)
			text, _ := c["lastTransitionTime"].(string)
			since, _ := time.Parse(time.RFC3339, text)
			return &failure{message, since}
		}
	}
	return nil
}

func conditions(obj map[string]any) []map[string]any {
	status, _ := obj["status"].(map[string]any)
	list, _ := status["conditions"].([]any)
	var out []map[string]any
	for _, item := range list {
		if c, ok := item.(map[string]any); ok {
			out = append(out, c)
		}
	}
	return out
}

// set writes the condition into the status, beside those of others.
func (f *failure) set(status map[string]any) {
	var list []any
	for _, c := range conditions(map[string]any{"status": status}) {
		if c["type"] != "ReplicaFailure" {
			list = append(list, c)
		}
	}
	if f != nil {
		list = append(list, map[string]any{
			"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
			"message": f.message, "lastTransitionTime": f.since.UTC().Format(time.RFC3339),
		})
	}
	delete(status, "conditions")
	if len(list) > 0 {
		status["conditions"] = runtime.DeepCopyJSONValue(list)
	}
}
