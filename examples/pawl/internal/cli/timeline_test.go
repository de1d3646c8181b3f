package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// pictured runs a test on a cluster of its own, in a folder with the tutorials' manifests.
func pictured(t *testing.T, test func(*story)) {
	t.Helper()
	tutorials := absolute(t, "../../testdata")
	t.Chdir(copied(t, tutorials))
	synctest.Test(t, func(t *testing.T) {
		s := newStory(t)
		test(s)
		s.end()
	})
}

// shows checks a picture, and that nothing else was left in the folder.
func (s *story) shows(file string, texts ...string) {
	s.t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, text := range texts {
		if !strings.Contains(string(content), text) {
			s.t.Errorf("%s does not show %q:\n%s", file, text, content)
		}
	}
	if left, err := filepath.Glob("*.tmp"); err != nil || len(left) > 0 {
		s.t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestTimelineOfARolloutThatCompletes(t *testing.T) {
	pictured(t, func(s *story) {
		s.write("out.html", "what was there before")
		s.pawl([]string{"run", "-f", "httpd.v1.yaml"}, "")
		s.pawl([]string{"run", "-f", "httpd.v2.yaml", "--timeline=out.html"}, "")
		s.shows("out.html", "✔ Complete: 3 of 3 updated replicas are available", "httpd in namespace default",
			"httpd-9gfgthhq5z (revision 1) httpd:2.4.16", "httpd-vzsxxzfb85 (revision 2) httpd:2.4.17",
			"never fewer than 3", "never more than 4", "3 wanted: at least 3 available, at most 4 existing",
			"Scaled down replica set httpd-9gfgthhq5z from 3 to 2", "1 beyond the 3 that must stay available")
		if content, err := os.ReadFile("out.html"); err != nil || strings.Contains(string(content), "before") {
			t.Errorf("it is not replaced: %v", err)
		}
	})
}

func TestTimelineOfARolloutThatIsInterrupted(t *testing.T) {
	pictured(t, func(s *story) {
		s.pawl([]string{"run", "-f", "hello-deployment.v1.yaml"}, "")
		s.start("ann", []string{"run", "-f", "hello-deployment.v2.yaml", "--timeline=out.svg"})
		s.sleep("12s")
		if _, err := os.Stat("out.svg"); err == nil {
			t.Error("it is there before the end")
		}
		s.terminals["ann"].interrupt()
		s.wait("ann")
		s.shows("out.svg", "■ Interrupted: the rollout was left as it is", "Progressing: 2 out of 3 new replicas have been updated")
	})
}

func TestTimelineOfARolloutThatFails(t *testing.T) {
	pictured(t, func(s *story) {
		s.pawl([]string{"run", "-f", "httpd.v1.yaml"}, "")
		s.edit("httpd.v2.yaml", "httpd:2.4.17 => httpd:404")
		s.pawl([]string{"run", "-f", "httpd.v2.yaml", "--timeout=30s", "--timeline=out.html"}, "")
		s.shows("out.html", "✖ Failed: deployment &#34;httpd&#34;: timed out after 30s", "ImagePullBackOff", "never fewer than 3")
	})
}

func TestTimelineOfSeveralApps(t *testing.T) {
	pictured(t, func(s *story) {
		s.pawl([]string{"run", "-f", "hello-deployment.v1.yaml"}, "")
		s.pawl([]string{"pause", "hello-deployment"}, "")
		s.pawl([]string{"run", "-f", "httpd.v1.yaml", "-f", "hello-deployment.v2.yaml", "--timeline=out.html"}, "")
		s.shows("out.html", "<h1>httpd in namespace default</h1>", "✔ Complete: 3 of 3 updated replicas are available",
			"<h1>hello-deployment in namespace default</h1>", "is paused: nothing is rolled out until", "Nothing was seen of it.")
	})
}

func TestTimelineOfAPlan(t *testing.T) {
	pictured(t, func(s *story) {
		s.pawl([]string{"run", "-f", "httpd.v1.yaml"}, "")
		before := s.dump()
		s.pawl([]string{"plan", "-f", "httpd.v2.yaml", "--start-up=20s", "--timeline=out.svg"}, "")
		s.shows("out.svg", "httpd in namespace default, as it would be rolled out", "nothing of this has happened",
			">1m<", "Scaled down replica set httpd-9gfgthhq5z from 3 to 2", "1 beyond the 3 that must stay available")
		if s.dump() != before {
			t.Error("the plan has written to the cluster")
		}
	})
}
