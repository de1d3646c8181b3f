package timeline_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/examples/pawl/internal/timeline"
)

var rewrite = flag.Bool("rewrite", false, "write the pictures in testdata anew")

// TestGoldens compares with the pictures in testdata, which a browser shows; -rewrite brings those up
// to date.
func TestGoldens(t *testing.T) {
	for name, picture := range map[string]func(*testing.T) []byte{
		"ordinary.svg":  func(t *testing.T) []byte { return timeline.SVG(ordinary(t)) },
		"disturbed.svg": func(t *testing.T) []byte { return timeline.SVG(disturbed(t)) },
		"several.html": func(t *testing.T) []byte {
			page, err := timeline.HTML(paused(t), failed(t))
			if err != nil {
				t.Fatal(err)
			}
			return page
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name)
			got := picture(t)
			if *rewrite {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}
