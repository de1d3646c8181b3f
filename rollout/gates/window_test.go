package gates_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates"
)

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

const (
	hour   = time.Hour
	minute = time.Minute
)

// Nights are closed out of office hours, over a weekend and a week; spring skips 2:00 to 3:00 on 29
// March 2026 in Berlin, autumn has it twice on 25 October.
func TestWindow(t *testing.T) {
	berlin := place(t, "Europe/Berlin")
	office := []gates.Span{{Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, From: 9 * hour, To: 17 * hour}}
	friday := []gates.Span{{Days: []time.Weekday{time.Friday}, From: 22 * hour, To: 4 * hour}}
	sunday := []gates.Span{{Days: []time.Weekday{time.Sunday}, From: 2*hour + 15*minute, To: 2*hour + 45*minute}}
	gap := []gates.Span{{From: 2*hour + 30*minute, To: 5 * hour}}
	twoSpans := []gates.Span{{From: 6 * hour, To: 7 * hour}, {From: 20 * hour, To: 21 * hour}}
	for name, c := range map[string]struct {
		spans []gates.Span
		at    string        // in UTC
		retry time.Duration // 0 is open
		opens string
	}{
		"Monday, 9:00":               {office, "2026-01-05 08:00:00", 0, ""},
		"Monday, a moment before":    {office, "2026-01-05 07:59:59", time.Second, "Mon 2026-01-05 09:00 CET"},
		"Monday, the last moment":    {office, "2026-01-05 15:59:59", 0, ""},
		"Monday, 17:00":              {office, "2026-01-05 16:00:00", 16 * hour, "Tue 2026-01-06 09:00 CET"},
		"Friday evening":             {office, "2026-01-09 16:00:00", 64 * hour, "Mon 2026-01-12 09:00 CET"},
		"before summer time":         {office, "2026-03-27 16:00:00", 63 * hour, "Mon 2026-03-30 09:00 CEST"},
		"before winter time":         {office, "2026-10-23 15:00:00", 65 * hour, "Mon 2026-10-26 09:00 CET"},
		"Friday, before midnight":    {friday, "2026-01-09 22:59:59", 0, ""},
		"Saturday, after midnight":   {friday, "2026-01-10 02:59:59", 0, ""},
		"Saturday, 4:00":             {friday, "2026-01-10 03:00:00", 162 * hour, "Fri 2026-01-16 22:00 CET"},
		"Friday, after midnight":     {friday, "2026-01-09 00:30:00", 20*hour + 30*minute, "Fri 2026-01-09 22:00 CET"},
		"Saturday night":             {friday, "2026-01-10 22:00:00", 143 * hour, "Fri 2026-01-16 22:00 CET"},
		"spring skips the beginning": {gap, "2026-03-29 00:59:00", minute, "Sun 2026-03-29 03:00 CEST"},
		"spring, just after":         {gap, "2026-03-29 01:00:00", 0, ""},
		"spring skips all of it":     {sunday, "2026-03-29 00:00:00", 7*24*hour + 15*minute, "Sun 2026-04-05 02:15 CEST"},
		"autumn, the first time":     {sunday, "2026-10-25 00:15:00", 0, ""},
		"autumn, in between":         {sunday, "2026-10-25 00:45:00", 30 * minute, "Sun 2026-10-25 02:15 CET"},
		"autumn, the second time":    {sunday, "2026-10-25 01:15:00", 0, ""},
		"the first of two":           {twoSpans, "2026-01-05 05:30:00", 0, ""},
		"between two":                {twoSpans, "2026-01-05 06:00:00", 13 * hour, "Mon 2026-01-05 20:00 CET"},
		"all day":                    {[]gates.Span{{To: 24 * hour}}, "2026-01-05 22:59:59", 0, ""},
		"to midnight":                {[]gates.Span{{From: 23 * hour}}, "2026-01-05 23:00:00", 23 * hour, "Tue 2026-01-06 23:00 CET"},
	} {
		now, err := time.Parse(time.DateTime, c.at)
		if err != nil {
			t.Fatal(err)
		}
		want := rollout.Verdict{Answer: rollout.Open}
		if c.retry > 0 {
			want = rollout.Verdict{Message: "opens on " + c.opens, Retry: c.retry}
		}
		v, err := gates.Window{Spans: c.spans, Location: berlin}.Check(t.Context(), rollout.State{Now: now})
		if err != nil || v != want {
			t.Errorf("%s: %+v, %v\nwant %+v", name, v, err, want)
		}
	}
}

func TestWindowWithoutLocationIsInUTC(t *testing.T) {
	w := gates.Window{Spans: []gates.Span{{From: 12 * hour, To: 13 * hour}}}
	for at, want := range map[time.Time]rollout.Answer{
		noon:                            rollout.Open,
		noon.In(place(t, "Asia/Tokyo")): rollout.Open,
		noon.Add(-minute):               rollout.Pending,
	} {
		if v, err := w.Check(t.Context(), rollout.State{Now: at}); err != nil || v.Answer != want {
			t.Errorf("%v: %+v, %v", at, v, err)
		}
	}
}

// Asked again when it said, and only then, a window is open.
func TestWindowOpensWhenItSaid(t *testing.T) {
	w := gates.Window{Location: place(t, "America/New_York"), Spans: []gates.Span{
		{Days: []time.Weekday{time.Sunday, time.Wednesday}, From: 23 * hour, To: 1*hour + 30*minute},
		{Days: []time.Weekday{time.Sunday}, From: 2 * hour, To: 2*hour + 10*minute},
	}}
	for now := noon; now.Before(noon.AddDate(1, 0, 0)); now = now.Add(7*hour + 13*minute + 5*time.Second) {
		v, err := w.Check(t.Context(), rollout.State{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if v.Answer == rollout.Open {
			continue
		}
		then, _ := w.Check(t.Context(), rollout.State{Now: now.Add(v.Retry)})
		before, _ := w.Check(t.Context(), rollout.State{Now: now.Add(v.Retry - 1)})
		if then.Answer != rollout.Open || before.Answer != rollout.Pending {
			t.Errorf("at %v: after %v it is %v, just before %v", now, v.Retry, then.Answer, before.Answer)
		}
	}
}

func TestWindowThatIsNone(t *testing.T) {
	for path, span := range map[string]gates.Span{
		"window.spans[0].from": {From: 24 * hour},
		"window.spans[0].to":   {From: hour, To: 24*hour + minute},
		"window.spans[0].days": {To: hour, Days: []time.Weekday{7}},
	} {
		wantInvalid(t, path, gates.Window{Spans: []gates.Span{span}})
	}
	wantInvalid(t, "window.spans", gates.Window{})
	wantInvalid(t, "window.spans[0].from", gates.Window{Spans: []gates.Span{{From: -minute, To: hour}}})
	wantInvalid(t, "window.spans[0].from", gates.Window{Spans: []gates.Span{{From: time.Second, To: hour}}})
	wantInvalid(t, "window.spans[0].to", gates.Window{Spans: []gates.Span{{From: hour, To: -minute}}})
	wantInvalid(t, "window.spans[0].to", gates.Window{Spans: []gates.Span{{From: hour, To: 2*hour + 1}}})
	wantInvalid(t, "window.spans[0].days", gates.Window{Spans: []gates.Span{{To: hour, Days: []time.Weekday{-1}}}})
	wantInvalid(t, "window.spans[1].to", gates.Window{Spans: []gates.Span{{To: hour}, {From: hour, To: hour}}})
}
