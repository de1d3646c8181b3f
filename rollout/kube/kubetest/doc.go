// Package kubetest is a Kubernetes API in this process, with stand-ins for the controllers
// behind it: for tests, quick starts and command lines that work without a cluster.
//
//	config := kubetest.Start(t, kubetest.Options{}).Config()
//	client := kubernetes.NewForConfigOrDie(config)
//
// The API is an [net/http.Handler] over unstructured objects, reached by the ordinary clients
// (typed, dynamic, informers, kubectl) through their transport, or through a socket with
// [net/http.Server]. What stands in front of a real API server, a fault injector say, stands in
// front of this one as well. It has what clients' correctness depends on: conflicts and
// preconditions, generations, the split between specification and status, watches that resume
// or expire, finalizers, propagation policies, graceful deletion, defaults, validation and
// dry runs, with the errors and warnings of a real one. Fields that it does not know survive.
//
// # The stand-ins
//
// [Cluster.Run] plays the controllers of ReplicaSets, ReplicationControllers and
// EndpointSlices, the garbage collector, the namespace controller, and scheduler and kubelet of
// the only node, on which pods need a while to become ready. There are no Deployments: nobody
// would drive them.
//
// A pod behaves as its annotations say, which a template hands down to it:
//
//	sim/start-delay: 2s   from scheduled to running; none otherwise
//	sim/ready-delay: 3s   from running to ready; Options.StartUp otherwise
//	sim/stop-delay:  2s   from its deletion until it is gone; Options.Stop otherwise
//	sim/fail: image       its image cannot be pulled
//	sim/fail: crash       its containers crash when they should become ready, again and again
//	sim/fail: probe       it runs and never becomes ready
//	sim/fail: unschedulable
//	sim/fail: quota       it cannot be created
//
// An image whose tag starts with 404, nosuch or bad cannot be pulled either, and a pod waits
// for the ConfigMaps and Secrets that it needs.
//
// # Time
//
// There is no clock to set. In a bubble of testing/synctest time is virtual, and a rollout that
// takes an hour is over at once:
//
//	synctest.Test(t, func(t *testing.T) {
//		client := kubernetes.NewForConfigOrDie(kubetest.Start(t, kubetest.Options{}).Config())
//		…
//	})
//
// # State
//
// Everything is in the [Store]: objects, counters, the log from which watches are served, and
// the exact times beside them. Each pass of a stand-in is one transaction that depends on
// nothing else. So processes can share a cluster in a file, may all run the stand-ins, and may
// be killed at any moment.
//
// # What is left out
//
// Server-side apply, tables, answers in protobuf, aggregated discovery, OpenAPI, admission, access
// control, managedFields, events.k8s.io, past states, and paging: a list answers everything,
// whatever its limit. Of a pod's specification little is checked.
//
// What a real API server, 1.37, answers to some 800 calls is recorded in testdata/conformance, and
// this one has to answer the same. Where it does not, testdata/differences.txt says why.
package kubetest
