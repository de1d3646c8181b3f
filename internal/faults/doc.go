// Package faults lets calls to a Kubernetes API go wrong on purpose, in tests. A [Transport] stands
// between client-go and the API, remembers every call and asks what becomes of each: nothing, or a
// [Fault]. [Kinds] are the faults that a rollout has to live with; a [Strike] is one of them at one
// call.
//
// The faults in the middle of a watch read it as JSON, one event a line; client-go has to ask for that.
package faults
