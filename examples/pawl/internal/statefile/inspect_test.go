package statefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// Whatever was put, replaced and deleted in whatever order, the file is not taken for damaged.
func TestOpenAcceptsWhatWasWritten(t *testing.T) {
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 0))
		path := filepath.Join(t.TempDir(), fmt.Sprint("cluster", seed))
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			err := f.Update(func(tx kubetest.Tx) error {
				var err error
				for range 1 + random.IntN(60) {
					key := fmt.Sprintf("key%d", random.IntN(400))
					if random.IntN(3) == 0 {
						err = errors.Join(err, tx.Delete(key))
					} else {
						err = errors.Join(err, tx.Put(key, make([]byte, random.IntN(6000))))
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

// bbolt finds a page's place above it by the page's first key: with another one there the next
// write would leave the page in two places.
func TestBranchThatDoesNotFitIsRefused(t *testing.T) {
	content := whole(t, 600)
	size, found := os.Getpagesize(), 0
	for id := 2; (id+1)*size <= len(content); id++ {
		p := content[id*size:]
		if binary.NativeEndian.Uint16(p[8:]) == branchPage {
			p[pageHeader+shortNumber(p[pageHeader:])] = 0 // the first letter of the first key
			found++
		}
	}
	if found == 0 {
		t.Fatal("there is no branch in the file")
	}
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	if _, err := Open(path); !errors.As(err, &damaged) {
		t.Errorf("%v, want a DamagedError", err)
	}
}
