// Package prometheus is a gate that watches a metric of the new replicas: [Gate].
//
// It is a module of its own, so that nobody gets Prometheus' client who does not use it.
package prometheus
