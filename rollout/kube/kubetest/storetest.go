package kubetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
)

// TestStore checks that an empty store keeps the contract of [Store] and answers what it found
// to be wrong, or nil. It leaves the store empty.
func TestStore(store Store) error {
	checks := []struct {
		promise string
		check   func(Store) error
	}{
		{"an absent key has no value", checkAbsent},
		{"a value is kept", checkKept},
		{"a failed update leaves nothing", checkRollback},
		{"a transaction sees its own writes", checkOwnWrites},
		{"a scan is ordered and half-open", checkScan},
		{"a visitor's error ends the scan", checkScanError},
		{"updates do not interleave", checkSerial},
	}
	for _, c := range checks {
		if err := c.check(store); err != nil {
			return fmt.Errorf("%s: %w", c.promise, err)
		}
		if err := clearStore(store); err != nil {
			return fmt.Errorf("clearing the store: %w", err)
		}
	}
	return nil
}

func clearStore(store Store) error {
	return store.Update(func(tx Tx) error {
		var keys []string
		collect := func(key string, _ []byte) error { keys = append(keys, key); return nil }
		if err := tx.Scan("", "\xff", collect); err != nil {
			return err
		}
		for _, key := range keys {
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

func putAll(store Store, pairs ...string) error {
	return store.Update(func(tx Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put(pairs[i], []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

func wantValue(tx Tx, key, want string) error {
	got, err := tx.Get(key)
	if err == nil && (string(got) != want || (got == nil) != (want == "")) {
		err = fmt.Errorf("Get(%q) = %q, want %q", key, got, want)
	}
	return err
}

func viewValue(store Store, key, want string) error {
	return store.View(func(tx Tx) error { return wantValue(tx, key, want) })
}

func checkAbsent(store Store) error {
	if err := store.Update(func(tx Tx) error { return tx.Delete("absent") }); err != nil {
		return err
	}
	return viewValue(store, "absent", "")
}

func checkKept(store Store) error {
	if err := putAll(store, "a/1", "one", "a/1", "uno"); err != nil {
		return err
	}
	if err := viewValue(store, "a/1", "uno"); err != nil {
		return err
	}
	if err := store.Update(func(tx Tx) error { return tx.Delete("a/1") }); err != nil {
		return err
	}
	return viewValue(store, "a/1", "")
}

func checkRollback(store Store) error {
	if err := putAll(store, "kept", "old", "deleted", "old"); err != nil {
		return err
	}
	refusal := errors.New("refused")
	err := store.Update(func(tx Tx) error {
		return errors.Join(refusal, tx.Put("kept", []byte("new")), tx.Put("kept", []byte("newer")),
			tx.Put("added", []byte("new")), tx.Delete("deleted"))
	})
	if !errors.Is(err, refusal) {
		return fmt.Errorf("Update answers %v, want the error of its function", err)
	}
	return errors.Join(viewValue(store, "kept", "old"), viewValue(store, "deleted", "old"),
		viewValue(store, "added", ""))
}

func checkOwnWrites(store Store) error {
	return store.Update(func(tx Tx) error {
		return errors.Join(tx.Put("a", []byte("1")), wantValue(tx, "a", "1"),
			tx.Delete("a"), wantValue(tx, "a", ""))
	})
}

func checkScan(store Store) error {
	if err := putAll(store, "b/2", "2", "b/1", "1", "a", "0", "b/10", "10", "c", "3", "b0", "4"); err != nil {
		return err
	}
	return store.View(func(tx Tx) error {
		var got bytes.Buffer
		list := func(key string, value []byte) error { _, err := fmt.Fprintf(&got, "%s=%s ", key, value); return err }
		if err := scanPrefix(tx, "b/", list); err != nil {
			return err
		}
		if want := "b/1=1 b/10=10 b/2=2 "; got.String() != want {
			return fmt.Errorf("scan of b/ visits %q, want %q", got.String(), want)
		}
		return nil
	})
}

func checkScanError(store Store) error {
	if err := putAll(store, "a", "1", "b", "2"); err != nil {
		return err
	}
	stop, visits := errors.New("stop"), 0
	err := store.View(func(tx Tx) error {
		return tx.Scan("a", "c", func(string, []byte) error { visits++; return stop })
	})
	if !errors.Is(err, stop) || visits != 1 {
		return fmt.Errorf("%d visits and error %v, want 1 and the visitor's", visits, err)
	}
	return nil
}

func checkSerial(store Store) error {
	const writers, rounds = 4, 25
	var wg sync.WaitGroup
	failures := make([]error, writers)
	for w := range writers {
		wg.Go(func() {
			for range rounds {
				failures[w] = errors.Join(failures[w], store.Update(appendOne))
			}
		})
	}
	wg.Wait()
	return errors.Join(errors.Join(failures...),
		viewValue(store, "tally", string(bytes.Repeat([]byte("x"), writers*rounds))))
}

func appendOne(tx Tx) error {
	value, err := tx.Get("tally")
	if err != nil {
		return err
	}
	return tx.Put("tally", append(bytes.Clone(value), 'x'))
}
