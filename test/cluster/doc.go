// Package cluster starts a real Kubernetes control plane for end-to-end tests:
// etcd, kube-apiserver, kube-controller-manager and kube-scheduler, built from the
// modules that go.mod pins, and kwok, which plays the nodes. Everything listens on
// 127.0.0.1, on ports that were free; nothing needs root, a container or an image.
//
// The API, its admission, RBAC and the controllers are the real ones. Pods are
// simulated: they are scheduled, become ready and go away as the annotations described
// in stages.yaml say, and run nothing. So there are no probes, logs or traffic.
//
// With Options.RealNodes there are real nodes instead: containerd, runc, kubelet and kube-proxy, each node
// in namespaces of its own, pods of the images that this package builds, and Services. They need root.
// Nothing is installed, no address or route of the machine is used, and nothing outlives the process but
// what the next Start removes.
//
//	c, err := cluster.Start(ctx, cluster.Options{}) // the first call builds, for minutes
//	if err != nil { … }
//	defer c.Stop()
//	client := kubernetes.NewForConfigOrDie(c.Config())
//
// Package e2e beside this one shows it in use, and holds the helpers for more tests.
package cluster
