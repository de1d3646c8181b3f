package kubectl

import "testing"

// What is there can be read as what a Deployment makes.
func TestGetAndDescribe(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.change(annotate("web:1"))
	s.completes()
	s.wants("web:2", "200ms")
	s.change(annotate("web:2"))
	s.completes()
	s.hasSize(s.child("web:1").Name, 0)
	s.hasSize(s.child("web:2").Name, 3)
	s.Eventually(wait, s.PodsReady("", 3, 3))
	s.events(7)

	name := s.child("web:2").Name
	s.note("Two revisions, of which the second serves.")
	s.says("get rs,pods -o wide")
	s.says("get rs -L pod-template-hash")
	s.says("get rs -o custom-columns=NAME:.metadata.name,REVISION:.metadata.annotations.deployment\\.kubernetes\\.io/revision,CAUSE:.metadata.annotations.kubernetes\\.io/change-cause,OWNER:.metadata.ownerReferences[0].kind")
	s.says("get pods -l pod-template-hash=" + s.child("web:1").Labels["pod-template-hash"])
	s.note("Stamps of Pawl's own are among the annotations.")
	s.says("describe rs " + name)
	s.note("Events are the owner's.")
	s.lists("events --for=configmap/web --no-headers")
	s.lists("get events --field-selector=involvedObject.kind=ConfigMap --no-headers -o custom-columns=TYPE:.type,REASON:.reason,FROM:.source.component,MESSAGE:.message")
	s.note("Waiting works for what has a status.")
	s.says("wait --for=jsonpath={.status.availableReplicas}=3 rs/" + name + "")
	s.says("wait --for=condition=Ready pod -l app=web")
	s.note("These verbs know some kinds only; an owner of another kind brings a command of its own.")
	s.says("rollout status rs/" + name)
	s.says("rollout history rs/" + name)
	s.says("rollout history configmap/web")
	s.says("rollout undo rs/" + name)
	s.says("rollout pause rs/" + name)
	s.says("rollout restart rs/" + name)
	s.note("What the server stores is what a manifest of it asks for.")
	s.says("diff -f " + s.kubectl.File("rs.yaml", s.runs("get rs "+name+" -o yaml")))
	s.isWritten("read")
}
