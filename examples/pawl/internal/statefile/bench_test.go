package statefile

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkOpen is what each command pays for looking at the whole file first.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "cluster")
	content := whole(b, 5000)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, err := Open(path); err != nil {
			b.Fatal(err)
		}
	}
}
