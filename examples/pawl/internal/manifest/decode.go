package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	yamlv2 "go.yaml.in/yaml/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// document is one object of a file, before anything is known about it.
type document struct {
	source Source
	object map[string]any
}

// text is the string under a top-level key, empty when there is none.
func (d document) text(key string) string {
	s, _ := d.object[key].(string)
	return s
}

func (d document) name() string {
	s, _ := child(d.object, "metadata")["name"].(string)
	return s
}

// decode reads every document of a file, Lists resolved into their items.
func (f file) decode() ([]document, Errors) {
	text := bytes.TrimPrefix(f.data, []byte("\uFEFF"))
	if !utf8.Valid(text) {
		return nil, Errors{&Error{Source: Source{File: f.name}, Err: errors.New("not UTF-8 text: a manifest must be YAML or JSON")}}
	}
	var docs []document
	var errs Errors
	number := 0
	for _, c := range split(text) {
		values, isJSON := c.jsons()
		if !isJSON {
			values = []chunk{c}
		}
		for _, v := range values {
			number++
			source := Source{File: f.name, Document: number, Line: v.line + max(0, v.content())}
			found, bad := v.decode(source, isJSON)
			docs, errs = append(docs, found...), append(errs, bad...)
		}
	}
	return docs, errs
}

func (c chunk) decode(source Source, isJSON bool) ([]document, Errors) {
	text := c.text
	if !isJSON {
		var errs Errors
		if text, errs = c.json(source); errs != nil {
			return nil, errs
		}
	}
	var value any
	strict, err := kjson.UnmarshalStrict(text, &value, kjson.DisallowDuplicateFields)
	if err != nil {
		strict = []error{err}
	}
	if len(strict) > 0 {
		return nil, located(source, strict)
	}
	return flatten(source, value)
}

func located(source Source, causes []error) Errors {
	errs := make(Errors, len(causes))
	for i, err := range causes {
		errs[i] = &Error{Source: source, Err: err}
	}
	return errs
}

// json converts a chunk of YAML.
func (c chunk) json(source Source) ([]byte, Errors) {
	err := c.parse()
	if err == nil {
		var text []byte
		if text, err = yaml.YAMLToJSONStrict(c.text); err == nil {
			return text, nil
		}
	}
	messages := []string{err.Error()}
	var several *yamlv2.TypeError
	if errors.As(err, &several) {
		messages = several.Errors
	}
	var errs Errors
	for _, text := range messages {
		errs = append(errs, c.syntaxError(source, text))
	}
	return nil, errs
}

// parse refuses what a conversion would let pass: text after the end of the
// document, and aliases which repeat one anchor until the result is huge. The
// parser bounds the number of values by itself, not their length.
func (c chunk) parse() error {
	var value, more any
	dec := yamlv2.NewDecoder(bytes.NewReader(c.text))
	if err := dec.Decode(&value); err != nil {
		return err
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return cmp.Or(err, errors.New("a second document must begin with ---"))
	}
	if expanded(value, MaxFileBytes) < 0 {
		return fmt.Errorf("aliases expand the document to more than %d bytes", MaxFileBytes)
	}
	return nil
}

// expanded is what is left of room once value is written; negative as soon as
// it does not fit.
func expanded(value any, room int) int {
	switch v := value.(type) {
	case map[any]any:
		for key, item := range v {
			if room = expanded(item, expanded(key, room)); room < 0 {
				break
			}
		}
	case []any:
		for _, item := range v {
			if room = expanded(item, room); room < 0 {
				break
			}
		}
	case string:
		return room - len(v)
	}
	return room - 1
}

// flatten resolves a List into its items; an empty document is none. A List
// in a List stays, and is refused like any other unknown kind.
func flatten(source Source, value any) ([]document, Errors) {
	if value == nil && source.Item == "" {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, located(source, []error{
			fmt.Errorf("must be an object with apiVersion, kind and metadata, not %s", described(value)),
		})
	}
	d := document{source, object}
	if d.text("kind") != "List" || d.text("apiVersion") != "v1" || source.Item != "" {
		return []document{d}, nil
	}
	return d.items()
}

func (d document) items() ([]document, Errors) {
	items, ok := d.object["items"].([]any)
	if !ok && d.object["items"] != nil {
		return nil, d.located(field.ErrorList{
			field.TypeInvalid(field.NewPath("items"), d.object["items"], "must be a list"),
		})
	}
	var docs []document
	var errs Errors
	for i, item := range items {
		source := d.source
		source.Item = fmt.Sprintf("items[%d]", i)
		found, bad := flatten(source, item)
		docs, errs = append(docs, found...), append(errs, bad...)
	}
	return docs, errs
}

func described(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	default:
		return "a number"
	}
}
