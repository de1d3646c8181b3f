package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout/kube"
)

// description is a pod template in kubectl's words. Columns are parted by single tabs, as kubectl
// has it here.
type description struct{ strings.Builder }

// line writes one line, two spaces in for each level.
func (d *description) line(level int, format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = clean(s)
		}
	}
	fmt.Fprintf(d, strings.Repeat("  ", level)+format+"\n", args...)
}

func podTemplate(e history.Entry, template map[string]any) (string, error) {
	var t corev1.PodTemplateSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &t); err != nil {
		return "", err
	}
	var d description
	d.line(0, "Pod Template:")
	d.labels("Labels", with(t.Labels, kube.HashLabel, e.Label))
	d.annotations(with(t.Annotations, kube.ChangeCauseKey, e.Cause))
	if t.Spec.ServiceAccountName != "" {
		d.line(1, "Service Account:\t%s", t.Spec.ServiceAccountName)
	}
	if len(t.Spec.InitContainers) > 0 {
		d.containers("Init Containers", t.Spec.InitContainers)
	}
	d.containers("Containers", t.Spec.Containers)
	d.volumes(t.Spec.Volumes)
	d.spread(t.Spec.TopologySpreadConstraints)
	if t.Spec.PriorityClassName != "" {
		d.line(1, "Priority Class Name:\t%s", t.Spec.PriorityClassName)
	}
	d.labels("Node-Selectors", t.Spec.NodeSelector)
	d.tolerations(t.Spec.Tolerations)
	return d.String(), nil
}

func with(set map[string]string, key, value string) map[string]string {
	if value == "" {
		return set
	}
	set = maps.Clone(set)
	if set == nil {
		set = map[string]string{}
	}
	set[key] = value
	return set
}

// list writes values under one title, the first beside it.
func (d *description) list(title string, values []string) {
	if len(values) == 0 {
		values = []string{"<none>"}
	}
	for i, v := range values {
		if i == 0 {
			d.line(1, "%s:\t%s", title, v)
		} else {
			d.line(0, "\t%s", v)
		}
	}
}

func (d *description) labels(title string, set map[string]string) {
	var values []string
	for _, k := range slices.Sorted(maps.Keys(set)) {
		values = append(values, k+"="+set[k])
	}
	d.list(title, values)
}

// longAnnotation is how many bytes of an annotation fit beside its key.
const longAnnotation = 140

func (d *description) annotations(set map[string]string) {
	if len(set) == 0 {
		return
	}
	indent := "  Annotations:\t"
	for _, k := range slices.Sorted(maps.Keys(set)) {
		value := strings.TrimSuffix(set[k], "\n")
		if len(k)+len(value)+2 <= longAnnotation && !strings.Contains(value, "\n") {
			d.line(0, indent+"%s: %s", k, value)
		} else {
			d.line(0, indent+"%s:", k)
			for s := range strings.SplitSeq(value, "\n") {
				d.line(0, "\t  %s", shorten(s, longAnnotation-2))
			}
		}
		indent = "\t"
	}
}

func shorten(s string, bytes int) string {
	if len(s) > bytes {
		return s[:bytes] + "..."
	}
	return s
}

func (d *description) spread(constraints []corev1.TopologySpreadConstraint) {
	var values []string
	slices.SortStableFunc(constraints, func(a, b corev1.TopologySpreadConstraint) int {
		return cmp.Compare(a.TopologyKey, b.TopologyKey)
	})
	for _, c := range constraints {
		v := fmt.Sprintf("%s:%s when max skew %d is exceeded", c.TopologyKey, c.WhenUnsatisfiable, c.MaxSkew)
		if c.LabelSelector != nil {
			v += " for selector " + metav1.FormatLabelSelector(c.LabelSelector)
		}
		values = append(values, v)
	}
	for i, v := range values {
		title := ""
		if i == 0 {
			title = "Topology Spread Constraints:"
		}
		d.line(1, "%s\t%s", title, v)
	}
}

func (d *description) tolerations(all []corev1.Toleration) {
	var values []string
	slices.SortStableFunc(all, func(a, b corev1.Toleration) int { return cmp.Compare(a.Key, b.Key) })
	for _, t := range all {
		values = append(values, toleration(t))
	}
	d.list("Tolerations", values)
}

func toleration(t corev1.Toleration) string {
	s := t.Key
	if t.Value != "" {
		s += "=" + t.Value
	}
	if t.Effect != "" {
		s += ":" + string(t.Effect)
	}
	if t.Operator == corev1.TolerationOpExists && t.Value == "" {
		s = strings.TrimPrefix(s+" op=Exists", " ")
	}
	if t.TolerationSeconds != nil {
		s += fmt.Sprintf(" for %ds", *t.TolerationSeconds)
	}
	return s
}
