package cli

import (
	"strings"
	"testing"
	"testing/synctest"
)

// Texts that users, and their scripts, know from kubectl 1.37. Where kubectl names a command of its
// own, pawl names pawl's.
func TestTextsAreKubectls(t *testing.T) {
	t.Chdir(copied(t, absolute(t, "../../testdata")))
	synctest.Test(t, func(t *testing.T) {
		s := newStory(t)
		defer s.end()
		for _, before := range []string{
			"run -f httpd.v1.yaml", "run -f httpd.v2.yaml",
			"run -f hello-deployment.v1.yaml --wait=false", "run -f demo-dp.yaml", "pause demo-dp",
		} {
			if said := s.pawl(strings.Fields(before), ""); strings.Contains(said, "exit") {
				t.Fatalf("pawl %s: %s", before, said)
			}
		}
		failing := func(text string) string { return "! error: " + text + "\nexit 1\n" }
		for _, row := range []struct{ command, want string }{
			{"status httpd", "deployment \"httpd\" successfully rolled out\n"},
			{"status hello-deployment", "Waiting for deployment \"hello-deployment\" rollout to finish: 0 out of 3 new replicas have been updated...\n! nobody is rolling out deployment \"hello-deployment\": 'pawl resume hello-deployment' goes on\n"},
			{"status httpd --revision=1", failing("desired revision (1) is different from the running revision (2)")},
			{"status nosuch", "! Error from server (NotFound): deployments.apps \"nosuch\" not found\nexit 1\n"},
			{"history hello-deployment", "deployment.apps/hello-deployment \nNo rollout history found.\n"},
			{"history httpd --revision=7", failing("unable to find the specified revision")},
			{"undo httpd --to-revision=7", failing("unable to find specified revision 7 in history")},
			{"undo httpd --to-revision=-1", failing("unable to find specified revision -1 in history")},
			{"undo hello-deployment", failing(`no rollout history found for deployment "hello-deployment"`)},
			{"pause httpd", "deployment.apps/httpd paused\n"},
			{"undo httpd", failing("you cannot rollback a paused deployment; resume it first with 'pawl resume httpd' and try again")},
			{"resume httpd --wait=false", "deployment.apps/httpd resumed\n"},
			{"undo httpd --to-revision=2 --wait=false", "deployment.apps/httpd skipped rollback (current template already matches revision 2)\n"},
			{"undo httpd --to-revision=1 --dry-run=server", "! will roll back to revision 1\ndeployment.apps/httpd rolled back (server dry run)\n"},
			{"pause demo-dp", "deployment.apps/demo-dp already paused\n"},
			{"resume httpd --wait=false", "deployment.apps/httpd already resumed\n"},
			{"restart demo-dp", failing("deployments.apps \"demo-dp\" can't restart paused deployment (run rollout resume first): 'pawl resume demo-dp'")},
			{"restart httpd --dry-run=server", "deployment.apps/httpd restarted (server dry run)\n"},
			{"restart hello-deployment --wait=false -o name", "deployment.apps/hello-deployment\n! nobody is rolling out deployment \"hello-deployment\": 'pawl resume hello-deployment' goes on\n"},
			{"restart hello-deployment", failing("failed to create patch for hello-deployment: if restart has already been triggered within the past second, please wait before attempting to trigger another")},
			{"patch httpd -p {}", "deployment.apps/httpd patched (no change)\ndeployment \"httpd\" successfully rolled out\n"},
			{"patch httpd", failing("must specify --patch or --patch-file containing the contents of the patch")},
			{"patch httpd -p {} --patch-file=x", failing("cannot specify --patch and --patch-file together")},
			{"patch httpd -p {} --type=x", failing(`--type must be one of [json merge strategic], not "x"`)},
			{"replace -f kubia.yaml", "! Error from server (NotFound): error when replacing \"kubia.yaml (document 2, line 20)\": services \"kubia\" not found\nexit 1\n"},
			{"delete nosuch", "! Error from server (NotFound): deployments.apps \"nosuch\" not found\nexit 1\n"},
			{"delete httpd --dry-run=client", "deployment.apps \"httpd\" deleted from default namespace (dry run)\n"},
			{"delete httpd --dry-run=server", "deployment.apps \"httpd\" deleted from default namespace (server dry run)\n"},
			{"delete httpd --cascade=x", failing(`invalid cascade value (x). Must be "background", "foreground", or "orphan"`)},
			{"delete httpd -o yaml", failing("unexpected -o output mode: yaml. We only support '-o name'")},
			{"set-image httpd web=x", failing(`deployment "httpd": unable to find container named "web"; its containers are httpd`)},
			{"run -f nosuch.yaml", failing(`the path "nosuch.yaml" does not exist`)},
		} {
			if said := s.named(s.pawl(strings.Fields(row.command), "")); said != row.want {
				t.Errorf("pawl %s\n%s\nwant\n%s", row.command, said, row.want)
			}
		}
	})
}

// A negative time would end at once, or never.
func TestNegativeTimeoutsAreRefused(t *testing.T) {
	t.Chdir(copied(t, absolute(t, "../../testdata")))
	synctest.Test(t, func(t *testing.T) {
		s := newStory(t)
		defer s.end()
		s.pawl(strings.Fields("run -f httpd.v1.yaml"), "")
		for _, command := range []string{
			"run -f httpd.v2.yaml", "replace -f httpd.v2.yaml", "status httpd", "status httpd -w", "undo httpd", "resume httpd",
			"restart httpd", "scale httpd --replicas=1", "set-image httpd httpd=x", "patch httpd -p {}", "edit httpd", "delete httpd",
		} {
			want := "error: --timeout: invalid value -1ns: must be 0 or more\n"
			if said := s.refused(append(strings.Fields(command), "--timeout=-1ns"), ""); said != want {
				t.Errorf("pawl %s: %s", command, said)
			}
		}
	})
}

// Whoever rolls an app out while somebody deletes it is told so, with each policy.
func TestWhoDrivesIsToldOfADeletion(t *testing.T) {
	for _, cascade := range []string{"background", "foreground", "orphan"} {
		t.Run(cascade, func(t *testing.T) {
			t.Chdir(copied(t, absolute(t, "../../testdata")))
			synctest.Test(t, func(t *testing.T) {
				s := newStory(t)
				defer s.end()
				s.start("ann", strings.Fields("run -f httpd.v1.yaml"))
				if said := s.pawl([]string{"delete", "httpd", "--cascade=" + cascade}, ""); !strings.HasPrefix(said, `deployment.apps "httpd" deleted`) {
					t.Error(said)
				}
				code := <-s.terminals["ann"].done
				s.terminals["ann"].done = nil
				if said := s.terminals["ann"].take(); code != 1 || !strings.HasSuffix(said, "! error: object has been deleted\n") {
					t.Errorf("exit %d, %s", code, said)
				}
			})
		})
	}
}
