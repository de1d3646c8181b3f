//go:build unix

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// chromium is the browser that is there. Without one the test is skipped, or fails where
// PAWL_REQUIRE_BROWSER=1 says that it may not be.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("PAWL_REQUIRE_BROWSER") == "1" {
		t.Fatal("no chromium and no google-chrome on PATH, and PAWL_REQUIRE_BROWSER=1")
	}
	t.Skip("NO BROWSER: neither chromium nor google-chrome is on PATH; nothing of the pictures is tested in one")
	return ""
}

// browser is a Chromium of its own with one tab, driven through its pipe: the DevTools protocol,
// messages in JSON that end with a zero byte.
type browser struct {
	*testing.T
	commands *os.File
	said     *lines
	tab      string

	mu      sync.Mutex
	last    int
	answers map[int]chan answer
	loaded  chan struct{}
	ended   chan struct{}
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := chromium(t)
	theirs, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, theirAnswers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp(scratch, "browser")
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{
		T: t, commands: commands, said: &lines{}, answers: map[int]chan answer{},
		loaded: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	c := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	c.ExtraFiles = []*os.File{theirs, theirAnswers} // 3 and 4
	c.Stderr = b.said
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	theirAnswers.Close()
	t.Cleanup(func() {
		commands.Close() // which is that it should end
		select {
		case <-b.ended:
		case <-time.After(10 * time.Second):
		}
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
		answers.Close()
		<-b.ended
	})
	go b.read(answers)
	b.open()
	return b
}

// read hands out what the browser says, until it says nothing more.
func (b *browser) read(from *os.File) {
	defer close(b.ended)
	for r := bufio.NewReader(from); ; {
		message, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Method string
			answer
		}
		if json.Unmarshal(bytes.TrimSuffix(message, []byte{0}), &m) != nil {
			continue
		}
		if m.Method == "Page.loadEventFired" {
			select {
			case b.loaded <- struct{}{}:
			default:
			}
		}
		b.mu.Lock()
		waiting := b.answers[m.ID]
		delete(b.answers, m.ID)
		b.mu.Unlock()
		if waiting != nil {
			waiting <- m.answer
		}
	}
}

// call asks the browser for something and waits for the answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.Helper()
	b.mu.Lock()
	b.last++
	id, waiting := b.last, make(chan answer, 1)
	b.answers[id] = waiting
	b.mu.Unlock()
	message, err := json.Marshal(struct {
		ID     int            `json:"id"`
		Method string         `json:"method"`
		Params map[string]any `json:"params,omitempty"`
		Tab    string         `json:"sessionId,omitempty"`
	}{id, method, params, b.tab})
	if err == nil {
		_, err = b.commands.Write(append(message, 0))
	}
	if err != nil {
		b.Fatalf("%s: %v\n%s", method, err, b.said)
	}
	select {
	case a := <-waiting:
		if a.Error != nil {
			b.Fatalf("%s: %s", method, a.Error.Message)
		}
		if result == nil {
			return
		}
		if err := json.Unmarshal(a.Result, result); err != nil {
			b.Fatalf("%s: %v", method, err)
		}
	case <-b.ended:
		b.Fatalf("%s: the browser has ended\n%s", method, b.said)
	case <-time.After(time.Minute):
		b.Fatalf("%s: no answer\n%s", method, b.said)
	}
}

// open attaches to a new tab.
func (b *browser) open() {
	b.Helper()
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.tab = target.SessionID
	b.call("Page.enable", nil, nil)
}

// window is what a page is shown in.
type window struct {
	width, height int
	dark          bool
}

// load shows a file in a window.
func (b *browser) load(path string, w window) {
	b.Helper()
	scheme := "light"
	if w.dark {
		scheme = "dark"
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": w.width, "height": w.height, "deviceScaleFactor": 1, "mobile": w.width < 500}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	for {
		select {
		case <-b.loaded:
			if eval[string](b, "location.pathname") == path {
				return
			}
		case <-b.ended:
			b.Fatalf("%s: the browser has ended\n%s", path, b.said)
		case <-time.After(time.Minute):
			b.Fatalf("%s: is not loaded", path)
		}
	}
}

// eval is the value of an expression in the page.
func eval[T any](b *browser, format string, args ...any) T {
	b.Helper()
	var answer struct {
		Result  struct{ Value json.RawMessage }
		Details *struct {
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	expression := fmt.Sprintf(format, args...)
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	var value T
	if answer.Details != nil {
		b.Fatalf("%s: %s", expression, answer.Details.Exception.Description)
	}
	if err := json.Unmarshal(answer.Result.Value, &value); err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// point moves the mouse.
func (b *browser) point(x, y float64) {
	b.Helper()
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": x, "y": y}, nil)
}

// press presses a key and lets it go.
func (b *browser) press(key string) {
	b.Helper()
	for _, kind := range []string{"rawKeyDown", "keyUp"} {
		b.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": map[string]int{"Tab": 9, "Enter": 13}[key]}, nil)
	}
}
