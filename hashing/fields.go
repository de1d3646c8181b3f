package hashing

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// field is one member of the JSON object that a struct stands for.
type field struct {
	name     string
	key      []byte    // the name, encoded
	pointers []uintptr // offsets of the embedded pointers that lead to its struct
	offset   uintptr
	node     *node
	sure     bool         // nothing but its probe tells whether it is absent
	in       [places]spot // by the place of the struct
}

// spot is what the place of a field means for its value.
type spot struct {
	place
	empty emptiness
}

func newField(t reflect.Type, c candidate, n *node) field {
	f := field{name: c.name, key: appendText(nil, tagKey, c.name), node: n}
	f.locate(t, c.index)
	f.sure = n.absent == nil && len(f.pointers) == 0
	for at := range places {
		here := at.child(c.name)
		f.in[at] = spot{here, n.emptiness(here)}
	}
	return f
}

// locate finds the field of this index, as of reflect.StructField, in a struct type.
func (f *field) locate(t reflect.Type, index []int) {
	for i, at := range index {
		if i > 0 && t.Kind() == reflect.Pointer {
			f.pointers = append(f.pointers, f.offset)
			t, f.offset = t.Elem(), 0
		}
		member := t.Field(at)
		t, f.offset = member.Type, f.offset+member.Offset
	}
}

// of returns the field of the struct at m, and false if it lies behind a nil embedded pointer.
func (f *field) of(m memory) (memory, bool) {
	for _, offset := range f.pointers {
		if m = m.plus(offset).target(); m.isNil() {
			return m, false
		}
	}
	return m.plus(f.offset), true
}

// probe returns the probe of the field in its struct, or of the embedded pointer to it.
func (f *field) probe() probe {
	if len(f.pointers) > 0 {
		return probe{size: word}.within(f.pointers[0])
	}
	return f.node.probe.within(f.offset)
}

// candidate is a field before encoding/json's rules of visibility are applied.
type candidate struct {
	name   string
	tagged bool
	index  []int
	typ    reflect.Type
}

// visible returns the fields encoding/json would write, by name: of those that share a name
// the least nested one, else the only tagged one, else none.
func visible(t reflect.Type) []candidate {
	all := candidates(t, nil, nil)
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(strings.Compare(a.name, b.name), len(a.index)-len(b.index), b.rank()-a.rank())
	})
	var found []candidate
	for len(all) > 0 {
		same := 1
		for same < len(all) && all[same].name == all[0].name {
			same++
		}
		if same == 1 || !all[0].rivals(all[1]) {
			found = append(found, all[0])
		}
		all = all[same:]
	}
	return found
}

func (c candidate) rank() int {
	if c.tagged {
		return 1
	}
	return 0
}

func (c candidate) rivals(d candidate) bool {
	return len(c.index) == len(d.index) && c.tagged == d.tagged
}

// candidates lists the fields of a struct and of those embedded in it. The structs on the way
// are in outer, which ends the recursion of a type that embeds itself.
func candidates(t reflect.Type, index []int, outer []reflect.Type) []candidate {
	if slices.Contains(outer, t) {
		return nil
	}
	outer = append(slices.Clip(outer), t)
	var all []candidate
	for i := range t.NumField() {
		f := t.Field(i)
		name, ok := jsonName(f)
		if !ok {
			continue
		}
		here := append(slices.Clip(index), i)
		if inner := pointee(f.Type); f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			all = append(all, candidates(inner, here, outer)...)
			continue
		}
		all = append(all, candidate{cmp.Or(name, f.Name), name != "", here, f.Type})
	}
	return all
}

// jsonName returns the name in the field's tag, "" if it has none that is valid, and false if
// encoding/json passes over the field.
func jsonName(f reflect.StructField) (string, bool) {
	if !f.IsExported() && (!f.Anonymous || pointee(f.Type).Kind() != reflect.Struct) {
		return "", false
	}
	tag := f.Tag.Get("json")
	if tag == "-" {
		return "", false
	}
	name, _, _ := strings.Cut(tag, ",")
	if strings.ContainsFunc(name, invalidInName) {
		name = ""
	}
	return name, true
}

// invalidInName is the rule of encoding/json's isValidTag.
func invalidInName(c rune) bool {
	return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c)
}

func pointee(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
