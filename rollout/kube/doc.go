// Package kube rolls out ReplicaSets through client-go: a [rollout.Workload] over whatever owns
// them, be it a custom resource or a ConfigMap.
//
// A [Client] lives as long as the process; it holds the connection, the caches and the fence
// that makes reads include our own writes. A [Workload] is made anew for every reconcile from a
// [Target], which says what is wanted:
//
//	w, err := client.Workload(kube.Target{Owner: owner, Selector: sel, Template: tmpl, Replicas: 3})
//	status, err := engine.Reconcile(ctx, w, strategies.Rolling{})
//
// # What is kept where
//
// The ReplicaSet of a template is found by an identity that is stamped on it at creation (see
// package hashing), never by its name. Labels and annotations are Kubernetes' own, so that
// kubectl and other tools read what is made here, and a Deployment's ReplicaSets can be taken
// over without a restart; a few more, under one prefix, hold what Kubernetes has no key for.
//
// # Routes and rejections
//
// A [Route] is a Service whose selector follows one revision, by the hash label or by a plain label
// such as version. [rollout.Switch] changes the selector and stamps the time on the Service in one
// patch that tests the selector it was planned for. Nothing is kept elsewhere: where a route points
// is read from its selector, and what it serves from its EndpointSlices, both live. Whoever applies the
// Service's manifest takes the pin off, since a selector is replaced as a whole; it is set again at the
// next look. Leave the selector out of what is applied again and again.
//
// The templates that were given up are the owner's to keep: Target.Reject gets them, and
// [EncodeRejections] makes one annotation of them.
//
// # Waiting
//
// Without a Cache that is a [rollout.Watcher] nothing wakes Engine.Run, and it looks every Engine.Poll:
// 10 seconds unless set. Use [NewInformers], or set Poll.
//
// # Writes
//
// Every write is conditional: a JSON patch that tests the uid and the size or selector it was planned for,
// a create under a deterministic name, a delete with preconditions. Fields that this version
// does not know survive. [Rules] and [RouteRules] list every verb.
//
// # Errors
//
// What has changed in between is [rollout.ErrConflict]. What may pass (throttling, timeouts,
// refused connections) says that it is transient. What will not pass by itself is a
// [*RefusedError] with the reason.
package kube
