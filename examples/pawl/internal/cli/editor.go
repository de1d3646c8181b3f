package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// editor is the user's.
type editor struct {
	args  []string
	shell bool // the last one is a line for a shell
}

// editorFor is kubectl's choice: $KUBE_EDITOR, $EDITOR or vi. What has quotes in it is left to the
// shell.
func editorFor(getenv func(string) string) editor {
	usual, shell, flag := "vi", cmp.Or(getenv("SHELL"), "/bin/bash"), "-c"
	if runtime.GOOS == "windows" {
		usual, shell, flag = "notepad", "cmd", "/C"
	}
	line := cmp.Or(getenv("KUBE_EDITOR"), getenv("EDITOR"), usual)
	if strings.Contains(line, " ") && strings.ContainsAny(line, `"'\`) {
		return editor{[]string{shell, flag, line}, true}
	}
	return editor{strings.Fields(line), false}
}

func (e editor) command(file string) *exec.Cmd {
	args := slices.Clone(e.args)
	if e.shell {
		args[len(args)-1] += fmt.Sprintf(" %q", file)
	} else {
		args = append(args, file)
	}
	return exec.Command(args[0], args[1:]...)
}

// open lets the user edit a file. The editor is not ended with the command: the terminal is its own
// until it returns.
func (e editor) open(file string, p *Pawl) error {
	c := e.command(file)
	c.Stdin, c.Stdout, c.Stderr = p.In, p.Out, p.ErrOut
	err := c.Run()
	switch name := strings.Join(e.args, " "); {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("unable to launch the editor %q", name)
	case err != nil:
		return fmt.Errorf("there was a problem with the editor %q: %w", name, err)
	}
	return nil
}

// draft is a file in the user's editor; "" is none yet.
type draft struct{ file string }

// edit writes the text to a new file and returns what became of it. The file stays until
// [draft.drop].
func (d *draft) edit(p *Pawl, text []byte) ([]byte, error) {
	f, err := os.CreateTemp("", "pawl-edit-*.yaml")
	if err != nil {
		return nil, err
	}
	before := d.file
	d.file = f.Name()
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	failed := editorFor(os.Getenv).open(d.file, p)
	edited, err := os.ReadFile(d.file)
	if failed != nil && bytes.Equal(edited, text) { // nothing that would be a loss
		_, d.file = d.drop(), before
	}
	if failed != nil || err != nil {
		return nil, cmp.Or(failed, err)
	}
	if before != "" {
		err = os.Remove(before)
	}
	return edited, err
}

func (d *draft) drop() error { return os.Remove(d.file) }

// kept tells where the user's changes are.
func (d *draft) kept(w io.Writer) {
	if d.file != "" {
		fmt.Fprintf(w, "A copy of your changes has been stored to %q\n", d.file)
	}
}

// alike reports whether two texts say the same but for comments.
func alike(a, b []byte) bool { return bytes.Equal(stripped(a), stripped(b)) }

func stripped(text []byte) []byte {
	if json, err := yaml.YAMLToJSON(text); err == nil {
		return json
	}
	return uncommented(text)
}

// uncommented leaves out the lines that are comments.
func uncommented(text []byte) []byte {
	var kept []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			kept = append(kept, line...)
		}
	}
	return kept
}
