package hashing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// ErrUnsupported is a value with no canonical form: a channel, function or complex number,
	// NaN or an infinity, a struct that hides all its fields, a nil template, or a value whose
	// own MarshalJSON fails.
	ErrUnsupported = errors.New("no canonical form")

	// ErrLimit is a value nested more than 256 deep, which a cycle of pointers always is, or
	// larger than 16 MiB; the API server refuses both.
	ErrLimit = errors.New("cyclic, too deep or too large")
)

// Error tells what part of a template cannot be hashed, and why.
type Error struct {
	Path string // such as spec.containers[0].env; "" is the template itself
	Err  error  // wraps ErrUnsupported or ErrLimit
}

// Error returns the path and the reason in one line.
func (e *Error) Error() string {
	if e.Path == "" {
		return "hash template: " + e.Err.Error()
	}
	return "hash template: " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

func unsupported(what string) *Error {
	return &Error{Err: fmt.Errorf("%w: %s", ErrUnsupported, what)}
}

// under returns the error as seen from the parent that holds the failing value by this name.
func (e *Error) under(name string) *Error {
	if name == "" || strings.ContainsAny(name, `.[]"`) {
		return e.within("[" + strconv.Quote(name) + "]")
	}
	return e.within(name)
}

// at returns the error as seen from the list that holds the failing value.
func (e *Error) at(index int) *Error { return e.within("[" + strconv.Itoa(index) + "]") }

func (e *Error) within(segment string) *Error {
	if e.Path != "" && e.Path[0] != '[' {
		segment += "."
	}
	return &Error{Path: segment + e.Path, Err: e.Err}
}
