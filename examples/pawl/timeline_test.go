//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/examples/pawl/internal/timeline"
)

// browsing are functions for the pages that are looked at. What is not visible does not count.
const browsing = `
const visible = e => e.checkVisibility({visibilityProperty: true});
const all = (selector, within = document) => [...within.querySelectorAll(selector)].filter(visible);
const chart = () => all("svg.chart")[0] ?? document.documentElement;
const marks = () => all("a.mark", chart());
const tips = () => all(".tip", chart());
const middle = e => { const b = e.querySelector(".touch").getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] };
const outside = (e, of) => {
	const b = e.getBoundingClientRect(), c = of.getBoundingClientRect();
	return b.left < c.left - 1 || b.right > c.right + 1 || b.top < c.top - 1 || b.bottom > c.bottom + 1;
};
const channels = colour => colour.match(/[\d.]+/g).map(Number);
const light = colour => {
	const [r, g, b] = channels(colour).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) };
`

// ask evaluates an expression with the functions above.
func ask[T any](b *browser, expression string) T {
	b.Helper()
	return eval[T](b, "(() => {%s; return %s})()", browsing, expression)
}

// wantsNone fails where an expression lists something.
func (b *browser) wantsNone(what, expression string) {
	b.Helper()
	if found := ask[[]string](b, expression); len(found) > 0 {
		b.Errorf("%s: %q", what, found)
	}
}

// pictures are files that pawl made of real rollouts on its embedded cluster.
type pictures struct{ terminal }

func draw(t *testing.T) pictures {
	t.Helper()
	w := newTerminal(t)
	first := strings.Replace(strings.ReplaceAll(manifest, "VERSION", "1"), "spec:", "spec:\n  replicas: 6", 1)
	second := strings.NewReplacer("web:1", "web:2", "20ms", "400ms", "10ms", "150ms").Replace(first)
	w.write(t, "v1.yaml", first)
	w.write(t, "v2.yaml", second)
	w.write(t, "v3.yaml", strings.Replace(second, "web:2", "web:404", 1))
	w.finish(t, "run", "-f", "v1.yaml")
	w.finish(t, "plan", "-f", "v2.yaml", "--timeline=plan.html")
	w.finish(t, "run", "-f", "v2.yaml", "--timeline=ordinary.html")
	w.finish(t, "run", "-f", "v1.yaml", "--timeline=ordinary.svg")

	held := w.start(t, "run", "-f", "v2.yaml", "--timeline=paused.html")
	held.says(t, held.out, "Scaled up")
	w.finish(t, "pause", "web")
	held.says(t, held.out, `deployment "web" is paused`)
	time.Sleep(time.Second) // what a pause is
	w.finish(t, "resume", "web")
	held.ends(t)

	bad := w.start(t, "run", "-f", "v3.yaml", "--timeline=failed.html", "--timeout=2s")
	if err := bad.wait(t.Context()); err == nil || !strings.Contains(bad.err.String(), "timed out") {
		t.Fatalf("an image that is not there: %v\n%s", err, bad.err)
	}
	return pictures{w}
}

func (p pictures) path(name string) string { return filepath.Join(p.dir, name) }

// TestTimelineInABrowser looks at pictures of real rollouts as people do.
func TestTimelineInABrowser(t *testing.T) {
	b := newBrowser(t)
	p := draw(t)
	on := func(name string, test func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			outer := b.T
			b.T = t
			defer func() { b.T = outer }()
			test(t)
		})
	}
	desk, phone := window{width: 1100, height: 800}, window{width: 390, height: 800}
	for _, file := range []string{"ordinary.html", "paused.html", "failed.html", "plan.html", "ordinary.svg"} {
		on(file, func(*testing.T) {
			b.load(p.path(file), desk)
			b.isWhole()
			b.answersTheMouse()
			b.answersTheKeyboard()
		})
		for name, w := range map[string]window{"light": desk, "dark": {width: 1100, height: 800, dark: true}, "phone": phone} {
			on(file+" "+name, func(*testing.T) {
				b.load(p.path(file), w)
				b.isLegible()
			})
		}
	}
	on("paused", func(t *testing.T) {
		b.load(p.path("paused.html"), desk)
		if bands := ask[float64](b, `Math.max(...all(".band", chart()).map(e => e.getBoundingClientRect().width))`); bands < 30 {
			t.Errorf("the pause is %v wide", bands)
		}
		if text := ask[string](b, `document.body.innerText`); !strings.Contains(text, "paused for") || !strings.Contains(text, "Resumed") {
			t.Errorf("the pause is not told:\n%s", text)
		}
	})
	on("failed", func(t *testing.T) {
		b.load(p.path("failed.html"), desk)
		text := ask[string](b, `document.body.innerText`)
		for _, want := range []string{`✖ Failed: deployment "web": timed out after 2s`, "ImagePullBackOff", "never fewer than 5"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not told:\n%s", want, text)
			}
		}
	})
	on("phone", func(t *testing.T) {
		b.load(p.path("ordinary.html"), phone)
		if width := ask[float64](b, `document.documentElement.scrollWidth`); width > 390 {
			t.Errorf("it is %v wide on a phone of 390", width)
		}
		if drawn := ask[float64](b, `chart().getBoundingClientRect().width / chart().viewBox.baseVal.width`); drawn < 0.9 {
			t.Errorf("the picture is shrunk to %v on a phone", drawn)
		}
	})
	on("foreign text", func(t *testing.T) { b.isOnlyText(t) })
}

// isWhole: nothing comes from elsewhere, no script is needed, and all that is drawn is in the picture.
func (b *browser) isWhole() {
	b.Helper()
	b.wantsNone("loaded from elsewhere", `performance.getEntriesByType("resource").map(e => e.name)`)
	b.wantsNone("scripts", `[...document.scripts].map(e => e.outerHTML)`)
	b.wantsNone("lines that are missing", `["line available", "line floor", "line ceiling", "line wanted", "edge old", "edge new"]
		.filter(c => !all("path", chart()).some(e => e.getAttribute("class") === c && e.getBoundingClientRect().width > 400))`)
	b.wantsNone("outside of the picture", `all(":is(path, text, rect):not(defs *)", chart()).filter(e => outside(e, chart())).map(e => e.outerHTML)`)
	b.wantsNone("tips before anything was pointed at", `tips().map(e => e.textContent)`)
	if marks := ask[int](b, `marks().length`); marks < 2 {
		b.Errorf("%d marks", marks)
	}
}

// shown are the words of the tips that show. Lines are broken anywhere.
const shown = `tips().map(e => [...e.querySelectorAll("text")].map(t => t.textContent).join(" "))`

// answersTheMouse: the reason shows, whole and in front, where a mark is pointed at; and only there.
func (b *browser) answersTheMouse() {
	b.Helper()
	for i := range ask[int](b, `marks().length`) {
		at := ask[[]float64](b, `middle(marks()[`+strconv.Itoa(i)+`])`)
		b.point(at[0], at[1])
		b.tells(i)
		b.wantsNone("cut off", `tips().filter(e => outside(e, chart())).map(e => e.textContent)`)
		b.wantsNone("wider than its box", `tips().flatMap(e => [...e.querySelectorAll("text")].filter(t => outside(t, e.querySelector("rect")))).map(e => e.textContent)`)
	}
	b.point(1, 1)
	b.wantsNone("tips when nothing is pointed at", shown)
}

// tells checks the tip of a mark against what the mark is about.
func (b *browser) tells(mark int) {
	b.Helper()
	said := ask[[]string](b, shown)
	label := ask[string](b, `marks()[`+strconv.Itoa(mark)+`].getAttribute("aria-label")`)
	if len(said) != 1 {
		b.Errorf("%d tips for %q", len(said), label)
		return
	}
	what, why := about(label)
	if !strings.Contains(said[0], what) || !strings.Contains(said[0], why) {
		b.Errorf("the tip of %q says %q", label, said[0])
	}
}

// about is the first event that a mark is about, of "3, after 2s: Scaled up … (its reason).".
func about(label string) (what, why string) {
	_, label, _ = strings.Cut(label, ": ")
	what, why, _ = strings.Cut(label, " (")
	what, _, _ = strings.Cut(what, ".")
	why, _, _ = strings.Cut(why, ").")
	return what, why
}

// answersTheKeyboard: Tab reaches every mark, in order, and Enter leads to its row.
func (b *browser) answersTheKeyboard() {
	b.Helper()
	n := ask[int](b, `marks().length`)
	reached := 0
	for range n + 10 { // links before the first
		b.press("Tab")
		if at := ask[int](b, `marks().indexOf(document.activeElement)`); at >= 0 {
			if at != reached {
				b.Errorf("Tab reaches mark %d after %d others", at, reached)
			}
			b.tells(at)
			reached++
		}
		if reached == n {
			break
		}
	}
	if reached != n {
		b.Errorf("Tab reaches %d marks of %d", reached, n)
	}
	what, _ := about(ask[string](b, `document.activeElement.getAttribute("aria-label")`))
	b.press("Enter")
	if row := ask[string](b, `document.querySelector(":target")?.textContent ?? ""`); !strings.Contains(row, what) {
		b.Errorf("Enter leads to %q, not to %q", row, what)
	}
}

// isLegible: texts stand out from what is behind them, none is on another one.
func (b *browser) isLegible() {
	b.Helper()
	b.wantsNone("hardly to be read", `(() => {
		const paper = getComputedStyle(chart().querySelector(".plot")).fill;
		const texts = all("text", chart()).map(e => [getComputedStyle(e).fill, e.textContent]);
		const page = document.body && getComputedStyle(document.body).backgroundColor;
		const words = page ? all("h1, dt, dd, td, .result, .source").map(e => [getComputedStyle(e).color, e.textContent]) : [];
		return [...texts.filter(([c]) => contrast(c, paper) < 4.5), ...words.filter(([c]) => contrast(c, page) < 4.5)].map(String);
	})()`)
	b.wantsNone("one on another", `(() => {
		const texts = all("text:not(.middle)", chart()), on = [];
		for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
			const a = texts[i].getBoundingClientRect(), b = texts[j].getBoundingClientRect();
			const x = Math.min(a.right, b.right) - Math.max(a.left, b.left), y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
			if (x > 1 && y > 4) on.push(texts[i].textContent + " and " + texts[j].textContent);
		}
		return on;
	})()`)
}

// isOnlyText looks at a page in which every text tries to be more than that.
func (b *browser) isOnlyText(t *testing.T) {
	t.Helper()
	const hostile = `</text></svg></title></style><script>window.taken = 1</script><img src=x onerror="window.taken = 1">"' onload='window.taken = 1'`
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tl := timeline.Timeline{
		App: hostile, Namespace: hostile, Begun: begun, Ended: begun.Add(time.Second), Looks: 1,
		From: []timeline.Revision{{Name: hostile}}, To: timeline.Revision{Name: "web-2", Images: []string{hostile}},
		Samples: []timeline.Sample{{At: begun, Values: timeline.Values{Bounds: timeline.Bounds{Wanted: 1, Floor: 1, Ceiling: 1}}}},
		Events:  []timeline.Event{{Number: 1, At: begun, Kind: timeline.Grow, What: hostile, Why: hostile}},
		Outcome: timeline.Failed, Message: hostile, Standing: hostile, Problems: []string{hostile},
	}
	page, err := timeline.HTML(tl)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"hostile.html": page, "hostile.svg": timeline.SVG(tl)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		b.load(path, window{width: 1100, height: 800})
		b.wantsNone("made of text", `[...document.querySelectorAll("script, img, parsererror")].map(e => e.outerHTML)`)
		if ask[bool](b, `"taken" in window`) {
			t.Errorf("%s: a script ran", name)
		}
		if text := ask[string](b, `document.documentElement.textContent`); !strings.Contains(text, `<script>window.taken = 1</script>`) {
			t.Errorf("%s: the text is not to be read", name)
		}
	}
}
