package kubetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// The log holds one entry for each revision, the latest logLength of them, so that a watch can
// go on where it stopped, in any process.
const logLength = 4096

type entryType string

const (
	entryAdded    entryType = "ADDED"
	entryModified entryType = "MODIFIED"
	entryDeleted  entryType = "DELETED"
)

// entry is one change of one object.
type entry struct {
	Type   entryType       `json:"type"`
	Now    attributes      `json:"now"`
	Before *attributes     `json:"before,omitempty"` // nil when it was added
	Object json.RawMessage `json:"object"`
}

// attributes are what selectors look at.
type attributes struct {
	Namespace string            `json:"namespace,omitempty"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"`
	Fields    map[string]string `json:"fields,omitempty"`
}

func attributesOf(r *record) attributes {
	return attributes{
		Namespace: r.GetNamespace(),
		Name:      r.GetName(),
		Labels:    r.GetLabels(),
		Fields:    r.res.selectable(&r.Unstructured),
	}
}

func logKey(rev uint64) string { return fmt.Sprintf("%s%016x", prefixLog, rev) }

// log writes the entry, headed by its resource so that readers can pass over it cheaply.
func (s *session) log(rev uint64, r *record, e entry) error {
	e.Now, e.Object = attributesOf(r), r.raw
	value, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if rev > logLength {
		if err := s.tx.Delete(logKey(rev - logLength)); err != nil {
			return err
		}
	}
	return s.tx.Put(logKey(rev), append([]byte(r.res.id()+"\n"), value...))
}

// since visits the entries of a resource after a revision, which is not older than the log.
func (s *session) since(rev uint64, res *resource, visit func(rev uint64, e *entry) error) error {
	head := []byte(res.id() + "\n")
	return s.tx.Scan(logKey(rev+1), prefixLog+"g", func(key string, value []byte) error {
		body, ours := bytes.CutPrefix(value, head)
		if !ours {
			return nil
		}
		at, err := strconv.ParseUint(key[len(prefixLog):], 16, 64)
		if err != nil {
			return err
		}
		e := &entry{}
		if err := json.Unmarshal(body, e); err != nil {
			return err
		}
		return visit(at, e)
	})
}

// expired tells whether changes after the revision have left the log.
func expired(since, current uint64) bool { return since+logLength < current }
