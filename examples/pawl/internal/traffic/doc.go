// Package traffic makes the pods of an embedded cluster serve: each whose containers run is a web server
// on loopback that says its version and its name, as the tutorials' does,
//
//	This is v1 running in pod kubia-v1-j795dnlnkv-xxxxx
//
// behind a proxy that follows the EndpointSlices of a Service, late as a real one. A [Load] sends requests
// to it and a [Tally] has what became of each.
//
//	API ─pods──────────► node ──► a server for each pod
//	    ─EndpointSlices─► proxy ─lag─► table ──► connections to those servers
//	                        ▲
//	                      Load ──► Tally
//
// A connection goes to one pod for as long as it lasts, as with kube-proxy: who keeps one hears from the
// old version until its pod ends. A pod that is deleted serves on for a while and says goodbye on each
// connection; its endpoint is taken out meanwhile. Where that while is shorter than the proxy's lag,
// requests fail, as they do on a real node.
package traffic
