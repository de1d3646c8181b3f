// Package sim is a workload that exists only in memory and in virtual time: for previews, for
// tests, and for trying out a strategy.
//
// A [Workload] holds revisions with their single pods. A pod lives through
//
//	created ──StartUp──► ready ──MinReady──► available
//	   └───────────────────┴─────────────────────┴──── asked to go ──Stop──► gone
//
// and the controllers of the revisions make and end pods as the ReplicaSet controller does:
// when fewer are wanted, those that are not ready go first. Nothing happens by itself: time
// stands still until [Workload.Next] or [Workload.Advance] moves it, and the same calls always
// lead to the same end.
//
// [Preview] runs a strategy to its end and reports what it did. It starts from any
// [rollout.State], so from what a real workload shows at the moment too.
//
// What others do to it is up to its caller: change what is wanted, disturb single [Pod]s, and
// [Workload.Add], [Workload.Edit] and [Workload.Remove] revisions, point a [Workload.Route] elsewhere,
// take rejections back with [Workload.Retry]. Package rollouttest does all that, and looks at it
// through caches that lag behind, with writes that are slow, lost or torn.
//
// What it leaves out: nodes, quotas and the scheduler.
package sim
