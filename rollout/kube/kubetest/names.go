package kubetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// suffixAlphabet has neither vowels nor digits that look like them, as in Kubernetes.
	suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789"
	suffixLength   = 5
	maxNameLength  = 63
)

// draw answers the next of the cluster's pseudo-random numbers, which follow from the seed
// alone.
func (s *session) draw() ([sha256.Size]byte, error) {
	seed, err := s.number(keySeed)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	n, err := s.next(keyDraws)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], seed)
	binary.BigEndian.PutUint64(in[8:], n)
	return sha256.Sum256(in[:]), nil
}

// suffix answers five characters for a generated name.
func (s *session) suffix() (string, error) {
	random, err := s.draw()
	if err != nil {
		return "", err
	}
	var out [suffixLength]byte
	for i := range out {
		out[i] = suffixAlphabet[int(random[i])%len(suffixAlphabet)]
	}
	return string(out[:]), nil
}

// freeName answers base with a suffix that makes it new among the resource's names.
func (s *session) freeName(res *resource, namespace, base string) (string, error) {
	if len(base) > maxNameLength-suffixLength {
		base = base[:maxNameLength-suffixLength]
	}
	for {
		suffix, err := s.suffix()
		if err != nil {
			return "", err
		}
		taken, err := s.tx.Get(res.key(namespace, base+suffix))
		if err != nil {
			return "", err
		}
		if taken == nil {
			return base + suffix, nil
		}
	}
}

func (s *session) newUID() (types.UID, error) {
	b, err := s.draw()
	if err != nil {
		return "", err
	}
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // variant 1
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])), nil
}

// number reads a counter; an absent one is 0.
func (s *session) number(key string) (uint64, error) {
	value, err := s.tx.Get(key)
	if err != nil || value == nil {
		return 0, err
	}
	return strconv.ParseUint(string(value), 10, 64)
}

// next adds one to a counter and answers the sum.
func (s *session) next(key string) (uint64, error) {
	n, err := s.number(key)
	if err != nil {
		return 0, err
	}
	n++
	return n, s.tx.Put(key, strconv.AppendUint(nil, n, 10))
}
