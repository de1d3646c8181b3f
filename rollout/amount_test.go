package rollout_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/gopawl/pawl/rollout"
)

func TestAmountReadsWhatItWrites(t *testing.T) {
	for _, c := range []struct {
		json   string
		amount rollout.Amount
		text   string
	}{
		{`null`, rollout.Amount{}, ""},
		{`0`, rollout.Count(0), "0"},
		{`3`, rollout.Count(3), "3"},
		{`2147483647`, rollout.Count(math.MaxInt32), "2147483647"},
		{`"0%"`, rollout.Percent(0), "0%"},
		{`"25%"`, rollout.Percent(25), "25%"},
		{`"150%"`, rollout.Percent(150), "150%"},
	} {
		var read rollout.Amount
		if err := json.Unmarshal([]byte(c.json), &read); err != nil || read != c.amount {
			t.Errorf("%s reads as %v, %v", c.json, read, err)
		}
		if written, err := json.Marshal(c.amount); err != nil || string(written) != c.json {
			t.Errorf("%v writes as %s, %v", c.amount, written, err)
		}
		if c.amount.String() != c.text {
			t.Errorf("%s prints as %q", c.json, c.amount)
		}
		if parsed, err := rollout.ParseAmount(c.text); c.text != "" && (err != nil || parsed != c.amount) {
			t.Errorf("%q parses as %v, %v", c.text, parsed, err)
		}
		if c.amount.IsSet() != (c.text != "") {
			t.Errorf("%s: IsSet is %v", c.json, c.amount.IsSet())
		}
	}
}

func TestAmountRefuses(t *testing.T) {
	for _, text := range []string{
		`-1`, `"-5%"`, `"3"`, `""`, `"%"`, `"1.5%"`, `" 5%"`, `"5 %"`, `1.5`, `1e3`, `2147483648`, `"2147483648%"`,
		`true`, `{}`, `[]`, `"oops"`, `"5%%"`,
	} {
		a := rollout.Count(7)
		err := json.Unmarshal([]byte(text), &a)
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", text, err)
		}
		if a != rollout.Count(7) {
			t.Errorf("%s changed the amount to %v", text, a)
		}
	}
	for _, text := range []string{"", "-1", "%", "-1%", "x", "1.0", "0x1", "1_0", "9999999999"} {
		if a, err := rollout.ParseAmount(text); err == nil {
			t.Errorf("%q parses as %v", text, a)
		}
	}
}

func TestAmountRounds(t *testing.T) {
	for _, c := range []struct {
		amount             rollout.Amount
		total, ceil, floor int32
	}{
		{rollout.Amount{}, 10, 0, 0},
		{rollout.Count(3), 0, 3, 3},
		{rollout.Percent(25), 0, 0, 0},
		{rollout.Percent(25), 1, 1, 0},
		{rollout.Percent(25), 3, 1, 0},
		{rollout.Percent(25), 4, 1, 1},
		{rollout.Percent(25), 5, 2, 1},
		{rollout.Percent(1), 100, 1, 1},
		{rollout.Percent(1), 101, 2, 1},
		{rollout.Percent(100), 7, 7, 7},
		{rollout.Percent(150), 3, 5, 4},
		{rollout.Percent(29), 100, 29, 29}, // 28.999… in floating point
		{rollout.Percent(100), math.MaxInt32, math.MaxInt32, math.MaxInt32},
		{rollout.Percent(math.MaxInt32), math.MaxInt32, math.MaxInt32, math.MaxInt32},
	} {
		if ceil, floor := c.amount.Ceil(c.total), c.amount.Floor(c.total); ceil != c.ceil || floor != c.floor {
			t.Errorf("%q of %d: %d and %d, want %d and %d", c.amount, c.total, ceil, floor, c.ceil, c.floor)
		}
	}
}

func TestAmountOr(t *testing.T) {
	if got := (rollout.Amount{}).Or(rollout.Percent(25)); got != rollout.Percent(25) {
		t.Error(got)
	}
	if got := rollout.Count(0).Or(rollout.Percent(25)); got != rollout.Count(0) {
		t.Errorf("an explicit 0 was taken for unset: %v", got)
	}
}

func TestAmountValidate(t *testing.T) {
	for _, a := range []rollout.Amount{rollout.Count(-1), rollout.Percent(-1)} {
		var invalid *rollout.InvalidError
		if err := a.Validate("spec.maxSurge"); !errors.As(err, &invalid) || invalid.Path != "spec.maxSurge" {
			t.Errorf("%v: %v", a, err)
		}
	}
	if err := (rollout.Amount{}).Validate("x"); err != nil {
		t.Error(err)
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{`3`, `"25%"`, `null`, `"%"`, `-1`, `"+5%"`, ` 3 `} {
		f.Add(s, int32(10))
	}
	f.Fuzz(func(t *testing.T, text string, total int32) {
		var a, again rollout.Amount
		if json.Unmarshal([]byte(text), &a) != nil {
			return
		}
		written, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil || again != a {
			t.Errorf("%s reads as %v, written %s reads as %v, %v", text, a, written, again, err)
		}
		if total >= 0 && (a.Floor(total) < 0 || a.Floor(total) > a.Ceil(total)) {
			t.Errorf("%v of %d: %d to %d", a, total, a.Floor(total), a.Ceil(total))
		}
	})
}

func ExampleParseAmount() {
	surge, err := rollout.ParseAmount("25%")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(surge.Ceil(10), surge.Floor(10))
	_, err = rollout.ParseAmount("oops")
	fmt.Println(err)
	// Output:
	// 3 2
	// amount: invalid value "oops": must be a number of 0 or more, or a percentage such as "25%"
}
