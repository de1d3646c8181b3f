// Package gates holds gates for the steps of a rollout.
//
//   - [Approval] is open for the template that somebody has approved.
//   - [Window] is open at certain hours of the week.
//   - [Bake] is open once the new replicas have been available for some time.
//   - [HTTP] is open while a URL answers well.
//   - [All] is open when each of several gates is.
//
// More are in packages of their own, for what they depend on: a Kubernetes Job in
// rollout/kube/jobs, a query to Prometheus in the module rollout/gates/prometheus.
//
// What becomes of a gate that is shut or cannot answer is a policy around it: [Abort], [Retry],
// [Ignore].
//
//	engine := rollout.Engine{Gates: map[string]rollout.Gate{
//		"promote": gates.All(gates.Window{Spans: office}, gates.Bake{For: time.Minute}),
//		"smoke":   gates.Retry(gates.HTTP{URL: "http://web-preview/healthz"}, time.Minute),
//	}}
//
// A gate is a value and keeps nothing between two questions; the clock is [rollout.State].Now. One
// that is set up wrongly answers a [*rollout.InvalidError], whatever the policy; its Validate says
// so before the rollout begins.
package gates
