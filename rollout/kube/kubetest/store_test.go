package kubetest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestMemoryIsAStore(t *testing.T) { check(t, kubetest.TestStore(&kubetest.Memory{})) }

// forgetful does not undo what a failed update wrote.
type forgetful struct{ kubetest.Memory }

func (f *forgetful) Update(change func(kubetest.Tx) error) error {
	var failure error
	err := f.Memory.Update(func(tx kubetest.Tx) error { failure = change(tx); return nil })
	return errors.Join(failure, err)
}

func TestStoreWithoutRollbackIsFound(t *testing.T) {
	if err := kubetest.TestStore(&forgetful{}); err == nil || !strings.Contains(err.Error(), "leaves nothing") {
		t.Errorf("got %v", err)
	}
}
