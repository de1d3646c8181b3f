// Package view is everything that the command prints, as functions of data: they ask no cluster,
// no clock and no terminal.
//
//   - [Deployment.RolloutStatus], [History] and [Revision] are kubectl's texts, to the letter.
//   - [Write] is one write in the words of a Deployment's events.
//   - [Progress] is a rollout drawn in a few lines, and [Screen] draws it in place.
//   - [App.Tree] shows revisions, ReplicaSets and pods; [Problems] what is wrong with them.
//   - [Plan] is a rollout that has only been simulated.
//
// What comes from a cluster is cleaned before it is printed: it cannot break a line nor steer a
// terminal.
package view
