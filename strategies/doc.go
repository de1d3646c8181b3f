// Package strategies holds the ways of coming from one version to the next.
//
//   - [Recreate] ends every old replica before the first new one starts.
//   - [Rolling] replaces replicas a few at a time, between a floor of available replicas and a
//     ceiling of existing ones.
//
// A strategy is a pure function of a [rollout.State]; the laws it keeps are those of package
// rollout. Recreate is the shortest whole example of one.
package strategies
