package kubetest

import (
	"errors"
	"slices"
	"sync"
)

// Memory is a [Store] in memory. The zero value is empty and ready.
type Memory struct {
	mu     sync.RWMutex
	keys   []string // sorted
	values map[string][]byte
}

// View implements [Store].
func (m *Memory) View(visit func(Tx) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return visit(&memoryTx{memory: m})
}

// Update implements [Store].
func (m *Memory) Update(change func(Tx) error) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	tx := &memoryTx{memory: m, writable: true}
	committed := false
	defer func() { // also when the function panics or ends its goroutine
		if !committed {
			tx.rollback()
		}
	}()
	err = change(tx)
	committed = err == nil
	return err
}

var errReadOnly = errors.New("kubetest: write in a read-only transaction")

type memoryTx struct {
	memory   *Memory
	writable bool
	undo     []memoryEntry // what the writes replaced, in order
}

type memoryEntry struct {
	key   string
	value []byte // nil: there was none
}

func (t *memoryTx) Get(key string) ([]byte, error) { return t.memory.values[key], nil }

func (t *memoryTx) Put(key string, value []byte) error {
	if !t.writable {
		return errReadOnly
	}
	t.undo = append(t.undo, memoryEntry{key, t.memory.values[key]})
	t.memory.set(key, value)
	return nil
}

func (t *memoryTx) Delete(key string) error {
	if !t.writable {
		return errReadOnly
	}
	t.undo = append(t.undo, memoryEntry{key, t.memory.values[key]})
	t.memory.unset(key)
	return nil
}

func (t *memoryTx) Scan(from, to string, visit func(key string, value []byte) error) error {
	keys := t.memory.keys
	first, _ := slices.BinarySearch(keys, from)
	for _, key := range keys[first:] {
		if key >= to {
			break
		}
		if err := visit(key, t.memory.values[key]); err != nil {
			return err
		}
	}
	return nil
}

func (t *memoryTx) rollback() {
	for _, e := range slices.Backward(t.undo) {
		if e.value == nil {
			t.memory.unset(e.key)
		} else {
			t.memory.set(e.key, e.value)
		}
	}
}

func (m *Memory) set(key string, value []byte) {
	if _, exists := m.values[key]; !exists {
		at, _ := slices.BinarySearch(m.keys, key)
		m.keys = slices.Insert(m.keys, at, key)
	}
	m.values[key] = value
}

func (m *Memory) unset(key string) {
	if _, exists := m.values[key]; exists {
		at, _ := slices.BinarySearch(m.keys, key)
		m.keys = slices.Delete(m.keys, at, at+1)
		delete(m.values, key)
	}
}
