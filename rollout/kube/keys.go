package kube

// Labels and annotations of Kubernetes' own, in the meaning that the Deployment controller gives
// them.
const (
	HashLabel          = "pod-template-hash"
	RevisionKey        = "deployment.kubernetes.io/revision"
	RevisionHistoryKey = "deployment.kubernetes.io/revision-history"
	DesiredKey         = "deployment.kubernetes.io/desired-replicas"
	MaxKey             = "deployment.kubernetes.io/max-replicas"
	ChangeCauseKey     = "kubernetes.io/change-cause"

	lastAppliedKey = "kubectl.kubernetes.io/last-applied-configuration"
	rollbackToKey  = "deprecated.deployment.rollback.to"
)

// DefaultPrefix is the prefix of the keys that Kubernetes has no counterpart for.
const DefaultPrefix = "gopawl.github.io"

// DefaultFieldManager is the name under which the API server records our writes.
const DefaultFieldManager = "pawl"

// keys are the annotations of our own, under one prefix.
type keys struct {
	template string // the identities of the template, stamped at creation
	scaled   string // when the size was last asked for
	settled  string // when a rollout to it completed
	copied   string // the owner's annotations that were copied, to remove them with the owner's
	switched string // on a Service: the value that its selector was switched to, and when
	rejected string // on the owner: what [EncodeRejections] makes
	approved string // on the owner: what somebody let through
}

func keysOf(prefix string) keys {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	return keys{
		prefix + "/template", prefix + "/scaled", prefix + "/settled", prefix + "/copied",
		prefix + "/switched", prefix + "/rejected", prefix + "/approved",
	}
}

// RejectedKey is the annotation of an owner for what [EncodeRejections] makes. It is not copied to
// ReplicaSets.
func (c *Client) RejectedKey() string { return keysOf(c.Prefix).rejected }

// ApprovedKey is the annotation of an owner for what somebody let through a gate. It is not copied to
// ReplicaSets.
func (c *Client) ApprovedKey() string { return keysOf(c.Prefix).approved }

// notCopied are annotations that belong to the owner or to the ReplicaSet alone (Kubernetes:
// annotationsToSkip).
func (k keys) notCopied(key string) bool {
	switch key {
	case lastAppliedKey, RevisionKey, RevisionHistoryKey, DesiredKey, MaxKey, rollbackToKey,
		k.template, k.scaled, k.settled, k.copied, k.switched, k.rejected, k.approved:
		return true
	}
	return false
}
