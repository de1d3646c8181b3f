package kubectl

import (
	"strings"
	"testing"

	"github.com/gopawl/pawl/rollout/kube"
)

// A ReplicaSet that somebody scaled is put right again, and an event of the owner says so, as with a
// Deployment.
func TestScaledChildIsPutRight(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.wants("web:2", "0s")
	s.completes()
	s.hasSize(s.child("web:1").Name, 0)
	old, now := s.child("web:1").Name, s.child("web:2").Name
	s.events(7)
	s.note("The one that serves, larger.")
	s.says("scale rs/" + now + " --replicas=5")
	s.events(8)
	s.hasSize(now, 3)
	s.note("And smaller.")
	s.says("scale rs/" + now + " --replicas=1")
	s.events(9)
	s.hasSize(now, 3)
	s.note("An old one.")
	s.says("scale rs/" + old + " --replicas=2")
	s.events(10)
	s.hasSize(old, 0)
	s.says("get rs")
	s.lists("get events --field-selector=involvedObject.kind=ConfigMap --no-headers -o custom-columns=TYPE:.type,REASON:.reason,FROM:.source.component,MESSAGE:.message")
	s.isWritten("scale")
}

// What others write beside us survives every write of ours.
func TestForeignKeysSurvive(t *testing.T) {
	t.Parallel()
	s := begin(t)
	first := s.child("web:1").Name
	s.note("Keys of others on the ReplicaSet and its pods, and one of a managed name.")
	s.says("annotate rs/" + first + " example.com/on-call=eve")
	s.says("label rs/" + first + " example.com/tier=gold")
	s.says("annotate pods -l app=web example.com/on-call=eve")
	s.says("label pods -l app=web example.com/tier=gold")
	s.says("annotate rs/" + first + " --overwrite deployment.kubernetes.io/max-replicas=99")
	s.note("Another version, and back: the same ReplicaSet is scaled, and made the newest.")
	s.wants("web:2", "0s")
	s.completes()
	s.change(func(t *kube.Target) { t.Template = s.first })
	s.completes()
	s.hasSize(first, 3)
	s.hasSize(s.child("web:2").Name, 0)
	s.says("get rs -o custom-columns=NAME:.metadata.name,TIER:.metadata.labels.example\\.com/tier,ON-CALL:.metadata.annotations.example\\.com/on-call,MAX:.metadata.annotations.deployment\\.kubernetes\\.io/max-replicas,REVISION:.metadata.annotations.deployment\\.kubernetes\\.io/revision,BEFORE:.metadata.annotations.deployment\\.kubernetes\\.io/revision-history")
	s.isWritten("foreign")
}

// Of the template in a ReplicaSet only the identity is believed that was stamped when it was made.
func TestTemplateOfAChildIsEdited(t *testing.T) {
	t.Parallel()
	s := begin(t)
	name := s.child("web:1").Name
	s.kubectl.Env = []string{"KUBE_EDITOR=sed -i s/web:1/web:9/"}
	s.note("The API server allows it. Pods are left as they are, and so is the ReplicaSet.")
	s.says("edit rs/" + name)
	s.settles()
	s.says("get rs -o wide")
	s.says("get pods -o custom-columns=IMAGE:.spec.containers[0].image")
	s.note("A new pod is of the template that was edited.")
	pod := s.PodsNow()[0].Name
	s.says("delete pod " + pod)
	s.Eventually(wait, s.PodsReady("", 3, 3))
	s.lists("get pods -o custom-columns=IMAGE:.spec.containers[0].image --no-headers")
	s.note("The hash, which its pods are selected by, cannot be changed; the label of that name can, and is of no effect.")
	s.says("patch rs/" + name + ` --type=merge -p {"spec":{"selector":{"matchLabels":{"pod-template-hash":"other"}}}}`)
	s.says("label rs/" + name + " --overwrite pod-template-hash=other")
	s.settles()
	s.says("get rs -L pod-template-hash")
	s.isWritten("template")
}

// Something in the middle of a rollout is deleted: it completes.
func TestDeletedMidRollout(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.change(func(t *kube.Target) { t.Replicas = 4 })
	s.completes()
	s.wants("web:2", "2s")
	s.Eventually(wait, s.exist("web:1", "web:2"))
	now := s.child("web:2")
	s.note("The new ReplicaSet: another of the same name and revision takes its place.")
	s.says("delete rs " + now.Name)
	s.Eventually(wait, s.another(now))
	s.note("A pod.")
	s.says("delete pod " + s.podOf("web:1"))
	s.note("The old ReplicaSet, with its pods.")
	s.says("delete rs " + s.child("web:1").Name)
	s.completes()
	s.Eventually(wait, s.PodsReady("", 4, 4))
	s.says("get rs -o custom-columns=NAME:.metadata.name,REVISION:.metadata.annotations.deployment\\.kubernetes\\.io/revision,READY:.status.readyReplicas")
	s.isWritten("deleted")
}

// get -w shows each step of a rollout, to whoever watches.
func TestGetWatches(t *testing.T) {
	t.Parallel()
	s := begin(t)
	watching, interrupt := s.kubectl.Begin("get", "rs", "-w", "-o", "custom-columns=IMAGE:.spec.template.spec.containers[0].image,WANTED:.spec.replicas")
	s.says("get rs") // by then the other has begun, in all likelihood; what it misses at first it lists
	s.wants("web:2", "300ms")
	s.completes()
	s.hasSize(s.child("web:1").Name, 0)
	s.Eventually(wait, s.PodsReady("", 3, 3))
	interrupt()
	out, _ := watching()
	var steps []string
	for line := range strings.Lines(out) {
		steps = append(steps, strings.Join(strings.Fields(line), "="))
	}
	got := strings.Join(steps, " ")
	for _, want := range []string{"web:2=1", "web:1=2", "web:2=2", "web:1=1", "web:2=3", "web:1=0"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not among what was shown: %s", want, got)
		}
	}
}
