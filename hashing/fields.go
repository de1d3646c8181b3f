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
	name  string
	key   []byte // the name, encoded
	index []int  // as of reflect.StructField, through embedded structs
	at    memory
	in    [places]place // the field's place, by that of the struct
	node  *node
}

// of returns the field's value, and false if it lies behind a nil embedded pointer.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for i, at := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(at)
	}
	return v, true
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
