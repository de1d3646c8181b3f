package statefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
)

// inspect reads the pages of a bbolt file without bbolt, which trusts what it finds: a page that
// leads to itself keeps it busy for ever, and one that leads outside the file is a fault. After it,
// bbolt's own check is safe.
func inspect(file []byte, pageSize int) error {
	f := pages{file: file, size: uint64(pageSize), seen: map[uint64]bool{}}
	if err := f.meta(); err != nil {
		return err
	}
	if err := f.freelist(); err != nil {
		return err
	}
	_, err := f.tree(f.root, 0)
	return err
}

// pages is a file that is looked at; of a file's numbers the machine's own byte order is used.
type pages struct {
	file            []byte
	size            uint64 // of a page
	root, free, end uint64 // pages; end is the first that is not in use
	seen            map[uint64]bool
}

// The format of bbolt's files, version 2.
const (
	pageHeader    = 16 // id, flags, count, overflow
	elementHeader = 16
	bucketHeader  = 16

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketEntry  = 0x01

	metaLength = 56 // without the checksum that follows
	deepest    = 64 // far more levels than a file of this world has
)

func number(b []byte) uint64      { return binary.NativeEndian.Uint64(b) }
func shortNumber(b []byte) uint64 { return uint64(binary.NativeEndian.Uint32(b)) }

// meta reads the newer of the two forms of the first page, that bbolt has found to be valid.
func (f *pages) meta() error {
	newest, found := uint64(0), false
	for i := range uint64(2) {
		at := i*f.size + pageHeader
		if at+metaLength+8 > uint64(len(f.file)) {
			continue
		}
		m := f.file[at : at+metaLength]
		sum := fnv.New64a()
		_, _ = sum.Write(m)
		if sum.Sum64() != number(f.file[at+metaLength:]) || found && number(m[48:]) < newest {
			continue
		}
		found, newest = true, number(m[48:])
		f.root, f.free, f.end = number(m[16:]), number(m[32:]), number(m[40:])
	}
	switch {
	case !found:
		return errors.New("has no valid first page")
	case f.end > uint64(len(f.file))/f.size:
		return fmt.Errorf("is cut off: %d of %d pages", uint64(len(f.file))/f.size, f.end)
	}
	return nil
}

// page is the content of a page, overflow included, that nothing else has led to.
func (f *pages) page(id uint64) (content []byte, flags, count uint64, err error) {
	if id < 2 || id >= f.end || f.seen[id] {
		return nil, 0, 0, fmt.Errorf("page %d is out of place", id)
	}
	p := f.file[id*f.size:]
	overflow := shortNumber(p[12:])
	if number(p) != id || overflow >= f.end-id {
		return nil, 0, 0, fmt.Errorf("page %d is damaged", id)
	}
	for i := range overflow + 1 {
		if f.seen[id+i] {
			return nil, 0, 0, fmt.Errorf("page %d is in two places", id+i)
		}
		f.seen[id+i] = true
	}
	flags, count = uint64(binary.NativeEndian.Uint16(p[8:])), uint64(binary.NativeEndian.Uint16(p[10:]))
	return p[:(overflow+1)*f.size], flags, count, nil
}

func (f *pages) freelist() error {
	p, flags, count, err := f.page(f.free)
	if err != nil {
		return err
	}
	ids := p[pageHeader:]
	if count == 0xffff {
		count, ids = number(ids), ids[8:]
	}
	if flags != freelistPage || count > uint64(len(ids))/8 {
		return fmt.Errorf("page %d is no list of free pages", f.free)
	}
	for i := range count {
		if id := number(ids[8*i:]); id < 2 || id >= f.end {
			return fmt.Errorf("page %d lists page %d as free", f.free, id)
		}
	}
	return nil
}

// tree reads the pages of a bucket from a page on, and returns the first key.
func (f *pages) tree(id uint64, depth int) (first []byte, err error) {
	p, flags, count, err := f.page(id)
	if err != nil {
		return nil, err
	}
	if depth > deepest || count > uint64(len(p)-pageHeader)/elementHeader {
		return nil, fmt.Errorf("page %d is damaged", id)
	}
	switch {
	case flags == leafPage:
		return f.leaf(p, count, depth)
	case flags != branchPage || count == 0:
		return nil, fmt.Errorf("page %d is damaged", id)
	}
	for i := range count {
		e := pageHeader + i*elementHeader
		pos, size := shortNumber(p[e:]), shortNumber(p[e+4:])
		if e+pos+size > uint64(len(p)) {
			return nil, fmt.Errorf("page %d is damaged", id)
		}
		below, err := f.tree(number(p[e+8:]), depth+1)
		if err != nil {
			return nil, err
		}
		// bbolt finds the place of a page above it by this key.
		if below == nil || !bytes.Equal(below, p[e+pos:][:size]) {
			return nil, fmt.Errorf("page %d does not fit what it leads to", id)
		}
		if i == 0 {
			first = below
		}
	}
	return first, nil
}

// leaf reads the entries of a leaf, and the buckets among them. It returns the first key, nil where
// there is none.
func (f *pages) leaf(p []byte, count uint64, depth int) (first []byte, err error) {
	for i := range count {
		e := pageHeader + i*elementHeader
		flags, pos, key, value := shortNumber(p[e:]), shortNumber(p[e+4:]), shortNumber(p[e+8:]), shortNumber(p[e+12:])
		if e+pos+key+value > uint64(len(p)) || flags&^bucketEntry != 0 {
			return nil, errors.New("has a damaged entry")
		}
		if flags == bucketEntry {
			if err := f.bucket(p[e+pos+key:][:value], depth+1); err != nil {
				return nil, err
			}
		}
		if i == 0 {
			first = p[e+pos:][:key]
		}
	}
	return first, nil
}

// bucket reads a bucket, which has pages of its own or, if it is small, is within its entry.
func (f *pages) bucket(entry []byte, depth int) error {
	if len(entry) < bucketHeader {
		return errors.New("has a damaged bucket")
	}
	if root := number(entry); root != 0 {
		_, err := f.tree(root, depth)
		return err
	}
	p := entry[bucketHeader:]
	if len(p) < pageHeader || depth > deepest {
		return errors.New("has a damaged bucket")
	}
	flags, count := uint64(binary.NativeEndian.Uint16(p[8:])), uint64(binary.NativeEndian.Uint16(p[10:]))
	if flags != leafPage || count > uint64(len(p)-pageHeader)/elementHeader {
		return errors.New("has a damaged bucket")
	}
	_, err := f.leaf(p, count, depth)
	return err
}
