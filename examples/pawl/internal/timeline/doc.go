// Package timeline draws a rollout: which replicas existed and were available at every moment, the
// bounds that held, each write with its reason. A [Recorder] listens to an engine; [HTML] and [SVG]
// turn what it heard into a file that needs nothing else: no script, no network. The same timeline
// is always the same bytes.
package timeline
