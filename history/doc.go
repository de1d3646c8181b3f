// Package history answers what people ask of the revisions that a rollout leaves behind: which
// there are, to which one to go back, which may go.
//
//   - [Next], [AppendPast] and [ParsePast] keep the numbers.
//   - [History] lists revisions and finds the one to go back to: [History.Previous],
//     [History.To], [History.LastSettled].
//   - [Prune] says which old revisions may be deleted, and [Keep] makes a strategy do it.
//
// All of it is a pure function of a [rollout.State]. Which revision is the new one is answered
// there: [rollout.State.New].
//
// Going back takes no action of its own: whoever owns the workload makes the template of the
// revision found here the wanted one again, and the strategy adopts the revision as the newest.
//
// # Where it differs from Kubernetes
//
//   - A number that a revision used to have still leads to it; Kubernetes finds only the number
//     that it has now (kubernetes #51315).
//   - Two revisions with one number are one row, the younger one, for every question. kubectl
//     lists that one but goes back to the other.
//   - A template that was given up is refused as a target.
//   - Undo names the revision that the template already matches; kubectl says 0 for "previous".
//   - [Prune] spares what traffic is routed to and what [History.LastSettled] goes back to, even
//     with a limit of 0, and waits for terminating replicas.
//   - [Keep] deletes while a rollout is under way or has failed, too: failures in a row do not
//     pile up (kubernetes #40068, #81761).
//   - The number of a deleted revision is not given again: see [Next].
package history
