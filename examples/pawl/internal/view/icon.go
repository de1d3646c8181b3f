package view

import (
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Icons in the meaning that `kubectl argo rollouts` gives them.
const (
	iconOK          = "✔"
	iconBad         = "✖"
	iconProgressing = "◌"
	iconPaused      = "॥"
	iconWarning     = "⚠"
	iconWaiting     = "◷"
	iconNeutral     = "•"
	iconUnknown     = "?"
)

func phaseIcon(p rollout.Phase) (string, colour) {
	switch p {
	case rollout.Progressing:
		return iconProgressing, blue
	case rollout.Waiting:
		return iconWaiting, yellow
	case rollout.Paused:
		return iconPaused, plain
	case rollout.Complete:
		return iconOK, green
	case rollout.Failed:
		return iconBad, red
	case rollout.RolledBack:
		return iconWarning, red
	}
	return iconUnknown, yellow
}

// setStatus is how a ReplicaSet is, in one word.
func setStatus(r rollout.Revision) (icon, word string, c colour) {
	switch {
	case reasons(r, "", "") != "":
		return iconBad, "ReplicaFailure", red
	case !r.Observed || r.Available < r.Replicas || r.Actual > r.Replicas:
		return iconProgressing, "Progressing", blue
	case r.Replicas == 0:
		return iconNeutral, "ScaledDown", plain
	}
	return iconOK, "Healthy", green
}

// podIcon goes by the word that kubectl shows for a pod. What it does not know is a reason why a
// container does not run.
func podIcon(status string) (string, colour) {
	switch status {
	case "Pending", "Terminating", "ContainerCreating", "PodInitializing":
		return iconProgressing, blue
	case "Running", "Completed", "Succeeded":
		return iconOK, green
	case "Failed", "Error", "InvalidImageName", "CrashLoopBackOff", "OOMKilled":
		return iconBad, red
	case "Unknown", "":
		return iconUnknown, yellow
	}
	_, init, isInit := strings.Cut(status, "Init:")
	switch {
	case strings.HasPrefix(status, "Signal:"), strings.HasPrefix(status, "ExitCode:"):
		return iconBad, red
	case isInit && strings.Contains(init, "/"): // so many of so many are done
		return iconProgressing, blue
	}
	return iconWarning, red
}
