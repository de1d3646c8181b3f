// Package jobs is a gate that runs a Kubernetes Job: a migration before the first write, a smoke test
// before the switch, a notice after the end.
//
//	gate := jobs.Gate{Client: client, Owner: owner, Name: "smoke", Job: batchv1.JobTemplateSpec{…}}
//	engine := rollout.Engine{Gates: map[string]rollout.Gate{"promote": gate}}
//
// A [Gate] is of one owner; a controller makes it anew for every reconcile, with its engine.
package jobs
