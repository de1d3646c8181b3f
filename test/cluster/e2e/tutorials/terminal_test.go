package tutorials

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
)

// terminal is what one person sees of one command after another. What is said on standard error is
// marked with "! ", as in the transcripts.
type terminal struct {
	who     string
	process *exec.Cmd
	ended   chan int // the exit code

	mu   sync.Mutex
	text bytes.Buffer
	line bool // the next byte is not the first of a line
}

type stream struct {
	*terminal
	mark string
}

func (w stream) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range p {
		if !w.line {
			w.text.WriteString(w.mark)
		}
		w.line = b != '\n'
		w.text.WriteByte(b)
	}
	return len(p), nil
}

// run starts a command in the terminal.
func (w *terminal) run(process *exec.Cmd, input string) error {
	w.process, w.ended, w.line = process, make(chan int, 1), false
	process.Stdin = strings.NewReader(input)
	process.Stdout, process.Stderr = stream{w, ""}, stream{w, "! "}
	if err := process.Start(); err != nil {
		return err
	}
	go func() {
		_ = process.Wait() // the exit code tells
		w.ended <- process.ProcessState.ExitCode()
	}()
	return nil
}

// said is all that was said so far.
func (w *terminal) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
