package beside

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// manifest is of a Deployment for either; its pods take a while, so that what is told on the way is
// the same each time.
const manifest = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {kubernetes.io/change-cause: "%[1]s"}
spec:
  replicas: 3
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {sim/ready-delay: 700ms}
    spec: {containers: [{name: main, image: "%[1]s"}]}
`

// verb is a command line of kubectl, what it prints together with rollout status where it starts
// something, and the same of pawl, which waits for the end.
type verb struct {
	kubectl, pawl string
	rolls         bool
	why           string // as of a story
}

var verbs = []verb{
	{kubectl: "apply -f 1.yaml", pawl: "run -f 1.yaml", rolls: true},
	{kubectl: "rollout status deployment/web", pawl: "status web"},
	{kubectl: "apply -f 2.yaml", pawl: "run -f 2.yaml", rolls: true},
	{kubectl: "apply -f 2.yaml", pawl: "run -f 2.yaml", rolls: true},
	{kubectl: "set image deployment/web main=web:3", pawl: "set-image web main=web:3", rolls: true},
	{kubectl: "set image deployment/web main=web:3", pawl: "set-image web main=web:3", rolls: true, why: "what changes nothing (the command)"},
	{kubectl: "rollout history deployment/web", pawl: "history web", why: "change-cause (the command)"},
	{kubectl: "rollout history deployment/web --revision=2", pawl: "history web --revision=2"},
	{kubectl: "rollout history deployment/web --revision=9", pawl: "history web --revision=9"},
	{kubectl: "rollout undo deployment/web", pawl: "undo web", rolls: true},
	{kubectl: "rollout undo deployment/web --to-revision=1", pawl: "undo web --to-revision=1", rolls: true},
	{kubectl: "rollout undo deployment/web --to-revision=5", pawl: "undo web --to-revision=5", rolls: true},
	{kubectl: "rollout undo deployment/web --to-revision=9", pawl: "undo web --to-revision=9"},
	{kubectl: "rollout history deployment/web", pawl: "history web", why: "change-cause (the command)"},
	{kubectl: "rollout pause deployment/web", pawl: "pause web"},
	{kubectl: "rollout pause deployment/web", pawl: "pause web", why: "what changes nothing (the command)"},
	{kubectl: "rollout undo deployment/web", pawl: "undo web"},
	{kubectl: "rollout restart deployment/web", pawl: "restart web"},
	{kubectl: "rollout resume deployment/web", pawl: "resume web", rolls: true},
	{kubectl: "rollout resume deployment/web", pawl: "resume web", rolls: true, why: "what changes nothing (the command)"},
	{kubectl: "scale deployment/web --replicas=5", pawl: "scale web --replicas=5", rolls: true},
	{kubectl: "rollout restart deployment/web", pawl: "restart web", rolls: true},
	{kubectl: "delete deployment/web", pawl: "delete web"},
	{kubectl: "rollout status deployment/web", pawl: "status web"},
	{kubectl: "rollout history deployment/web", pawl: "history web"},
	{kubectl: "scale deployment/web --replicas=1", pawl: "scale web --replicas=1"},
}

// speaks plays the verbs, and returns what each printed, and last each kind of line that was said on
// the way of some rollout.
func speaks(t *testing.T, native bool) []string {
	t.Helper()
	f := suite.New(t)
	c := f.Kubectl(nil)
	if !native {
		c = f.Command(nil, slices.Concat(kube.Rules(), suite.CommandRules)...)
	}
	onTheWay := map[string]int{}
	files := []string{}
	for n := range 2 {
		name := fmt.Sprintf("%d.yaml", n+1)
		files = append(files, name, c.File(name, fmt.Sprintf(manifest, fmt.Sprintf("web:%d", n+1))))
	}
	names := strings.NewReplacer(append(files, f.Namespace, "NAMESPACE")...)
	var all []string
	for _, v := range verbs {
		line := v.pawl
		if native {
			line = v.kubectl
		}
		args := strings.Fields(strings.NewReplacer(files...).Replace(line))
		out, code := c.Start(args...)()
		if native && v.rolls && code == 0 {
			out += c.Does("rollout", "status", "deployment/web")
		}
		if code != 0 {
			out += fmt.Sprintf("(exit code %d)\n", code)
		}
		all = append(all, spoken(names.Replace(out), onTheWay))
	}
	return append(all, strings.Join(sortedKeys(onTheWay), ""))
}

var (
	// step is a write that pawl tells of on the way, and a Deployment in an event.
	step  = regexp.MustCompile(`^(Scaled (up|down) replica set|Went back to replica set) `)
	hash  = regexp.MustCompile(`web-[a-z0-9]{8,10}\b`)
	label = regexp.MustCompile(`pod-template-hash=\w+`)
	stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\S+`)
	// ownName is where a text tells of a command; each names its own.
	ownName = strings.NewReplacer("'kubectl rollout resume'", "'RESUME'", "first): 'pawl resume web'", "first)", "'pawl resume web'", "'RESUME'")
	// stale is what kubectl warns of since undo does not touch what apply remembers.
	stale = regexp.MustCompile(`(?m)^Warning: resource deployments/web was previously managed with 'kubectl apply'.*\n`)
	digit = regexp.MustCompile(`\d+`)
)

// spoken is what is told apart from names, times and steps. How often a look is taken on the way, and
// at which number, is chance.
func spoken(out string, onTheWay map[string]int) string {
	out = ownName.Replace(stale.ReplaceAllString(out, ""))
	out = stamp.ReplaceAllString(label.ReplaceAllString(hash.ReplaceAllString(out, "web-HASH"), "pod-template-hash=HASH"), "TIME")
	var b strings.Builder
	for line := range strings.Lines(out) {
		switch {
		case step.MatchString(line) || strings.HasPrefix(line, "Waiting for deployment spec update"):
		case strings.HasPrefix(line, "Waiting for "):
			onTheWay[digit.ReplaceAllString(line, "n")]++
		default:
			b.WriteString(line)
		}
	}
	return b.String()
}
