package cli

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// In real time: requests go through sockets.
func TestRunWithTraffic(t *testing.T) {
	t.Chdir(copied(t, absolute(t, "../../testdata")))
	manifest, err := os.ReadFile("kubia.yaml")
	if err != nil {
		t.Fatal(err)
	}
	store := &kubetest.Memory{}
	run := func(image string, args ...string) string {
		var out, errOut bytes.Buffer
		text := strings.NewReader(strings.Replace(string(manifest), "luksa/kubia:v1", image, 1))
		p := &Pawl{IOStreams: genericiooptions.IOStreams{In: text, Out: &out, ErrOut: &errOut}, Args: append([]string{"run", "-f", "-"}, args...), Store: store}
		if code := p.Run(t.Context()); code != 0 {
			t.Fatalf("%v: exit code %d: %s%s", args, code, &out, &errOut)
		}
		if told := strings.Contains(errOut.String(), "traffic: service kubia is served at http://127.0.0.1:"); told != (len(args) > 0) {
			t.Errorf("%v says where: %v, in %q", args, told, &errOut)
		}
		return out.String()
	}
	if said := run("luksa/kubia:v1"); strings.Contains(said, "traffic") {
		t.Errorf("without the flag: %s", said)
	}
	said := run("luksa/kubia:v2", "--traffic")
	_, report, _ := strings.Cut(said, "successfully rolled out\n")
	for _, want := range []string{
		`^traffic: service kubia: [0-9]{3,} requests in .* 0 failed; `,
		`\nv1 +[0-9]+ +3\nv2 +[0-9]+ +3\n`,
		` 0 +v1\n`, ` 0 +v1 and v2\n`, ` 0 +v2\n`,
	} {
		if !regexp.MustCompile(want).MatchString(report) {
			t.Errorf("it does not say %s: %s", want, said)
		}
	}
}
