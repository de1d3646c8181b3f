package rollout

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Amount is a number of replicas, or a percentage of the replicas wanted. The zero value is
// unset, which is not the same as an explicit 0.
//
// In JSON it is a number or a string with a percent sign, as Kubernetes' IntOrString; unset is
// null.
type Amount struct {
	kind  amountKind
	value int32
}

type amountKind uint8

const (
	unset amountKind = iota
	count
	percent
)

// Count is an Amount of n replicas.
func Count(n int32) Amount { return Amount{count, n} }

// Percent is an Amount of p hundredths of the replicas wanted.
func Percent(p int32) Amount { return Amount{percent, p} }

// ParseAmount reads "3" or "25%". Its error is an [*InvalidError].
func ParseAmount(text string) (Amount, error) {
	digits, isPercent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 {
		return Amount{}, &InvalidError{"amount", fmt.Sprintf("%q", text), `a number of 0 or more, or a percentage such as "25%"`}
	}
	if isPercent {
		return Percent(int32(n)), nil
	}
	return Count(int32(n)), nil
}

// IsSet reports whether the amount was given.
func (a Amount) IsSet() bool { return a.kind != unset }

// Or returns a, or b where a is unset.
func (a Amount) Or(b Amount) Amount {
	if a.IsSet() {
		return a
	}
	return b
}

// Ceil resolves the amount against total, rounding up. Unset is 0.
func (a Amount) Ceil(total int32) int32 { return a.of(total, 99) }

// Floor resolves the amount against total, rounding down. Unset is 0.
func (a Amount) Floor(total int32) int32 { return a.of(total, 0) }

func (a Amount) of(total int32, round int64) int32 {
	if a.kind != percent {
		return a.value
	}
	return int32(min((int64(total)*int64(a.value)+round)/100, math.MaxInt32))
}

// Validate returns an [*InvalidError] for path where the amount is negative.
func (a Amount) Validate(path string) error {
	if a.value < 0 {
		return &InvalidError{path, a, "0 or more"}
	}
	return nil
}

// String gives the form that [ParseAmount] reads; unset is "".
func (a Amount) String() string {
	switch a.kind {
	case count:
		return strconv.Itoa(int(a.value))
	case percent:
		return strconv.Itoa(int(a.value)) + "%"
	}
	return ""
}

// MarshalJSON writes a number, a string or null.
func (a Amount) MarshalJSON() ([]byte, error) {
	switch a.kind {
	case count:
		return json.Marshal(a.value)
	case percent:
		return json.Marshal(a.String())
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a number, a string or null. Its error is an [*InvalidError].
func (a *Amount) UnmarshalJSON(data []byte) error {
	text := string(data)
	if text == "null" {
		*a = Amount{}
		return nil
	}
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		if !strings.HasSuffix(text, "%") {
			return &InvalidError{"amount", string(data), `a number, or a percentage such as "25%"`}
		}
	}
	read, err := ParseAmount(text)
	if err == nil {
		*a = read
	}
	return err
}
