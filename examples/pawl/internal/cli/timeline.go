package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/examples/pawl/internal/timeline"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// picture is the file into which rollouts are drawn. The zero value draws none.
type picture struct {
	path string

	recorders []*timeline.Recorder // of the apps, in their order
}

func (f *picture) addFlag(c *cobra.Command) {
	c.Flags().StringVar(&f.path, "timeline", "", "Draw what happens over time into this file, which must end in .html or .svg. It is written at the end, however that is")
	_ = c.MarkFlagFilename("timeline", "html", "svg") // for completion; the flag is there
}

func (f *picture) wanted() bool { return f.path != "" }

// check refuses, before anything happens, what could not be written in the end.
func (f *picture) check() error {
	if !f.wanted() {
		return nil
	}
	switch filepath.Ext(f.path) {
	case ".html", ".svg":
	default:
		return fmt.Errorf("--timeline: invalid value %q: must end in .html or .svg", f.path)
	}
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("--timeline: %s is not a file", f.path)
	}
	err := f.replace(func(temporary string) error { return os.Remove(temporary) }, nil)
	if err != nil {
		return fmt.Errorf("--timeline: %w", err)
	}
	return nil
}

// checkRun refuses what is no rollout that this process sees.
func (f *picture) checkRun(dryRun, wait bool) error {
	switch {
	case !f.wanted():
		return nil
	case dryRun:
		return errors.New("--timeline and --dry-run: nothing is rolled out in a dry run; 'pawl plan --timeline' draws what would happen")
	case !wait:
		return errors.New("--timeline and --wait=false: nobody would watch the rollout")
	}
	return f.check()
}

// checkObjects refuses manifests of which there is no picture.
func (f *picture) checkObjects(objects []manifest.Object) error {
	apps := 0
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			apps++
		}
	}
	switch {
	case !f.wanted():
		return nil
	case apps == 0:
		return errors.New("--timeline: there is no Deployment among the manifests, so nothing to draw")
	case apps > 1 && filepath.Ext(f.path) == ".svg":
		return fmt.Errorf("--timeline: there are %d Deployments among the manifests, and an .svg file holds the picture of one: use .html", apps)
	}
	return nil
}

// expectApp makes room for an app. All are expected before the first rollout begins.
func (f *picture) expectApp(namespace, name string) {
	if f.wanted() {
		f.recorders = append(f.recorders, &timeline.Recorder{App: name, Namespace: namespace})
	}
}

// of is the recorder of an app; nil where none is wanted.
func (f *picture) of(namespace, name string) *timeline.Recorder {
	for _, r := range f.recorders {
		if r.Namespace == namespace && r.App == name {
			return r
		}
	}
	return nil
}

// trace takes down what a driver does.
func (f *picture) trace(d *app.Driver) rollout.Trace {
	r := f.of(d.Store.Namespace, d.App)
	if r == nil {
		return rollout.Trace{}
	}
	r.Bounds = func() (floor, ceiling int32) { return bounds(d.Record()) }
	r.Images, r.Revision = d.Images, d.Revision
	return r.Trace()
}

// end takes down how the rollout of an app ended, and returns that.
func (f *picture) end(namespace, name string, err error) error {
	if r := f.of(namespace, name); r != nil {
		cause := err
		if told := (*exitError)(nil); errors.As(err, &told) {
			cause = told.error
		}
		r.End(cause)
	}
	return err
}

// preview simulates a rollout to the end.
func (f *picture) preview(namespace string, record *app.Record, state rollout.State, o sim.Options) (sim.Report, error) {
	f.expectApp(namespace, record.Name())
	strategy, r := record.Strategy(), f.of(namespace, record.Name())
	if r == nil {
		return sim.Preview(strategy, state, o)
	}
	r.Simulated = true
	r.Bounds = func() (floor, ceiling int32) { return bounds(record) }
	report, err := sim.Preview(rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		plan, err := strategy.Plan(s)
		if err == nil {
			r.Look(s, plan)
		}
		return plan, err
	}), state, o)
	for _, s := range report.Steps {
		r.Write(state.Now.Add(s.At), s.Step, s.Name, nil)
	}
	if report.Stalled {
		r.End(timeline.ErrStalled)
		return report, err
	}
	r.End(err)
	return report, err
}

// savePicture draws the apps, in their order, and writes the file.
func (p *Pawl) savePicture() error {
	f := &p.picture
	if !f.wanted() {
		return nil
	}
	var all []timeline.Timeline
	for _, r := range f.recorders {
		all = append(all, r.Timeline())
	}
	if err := f.write(all); err != nil {
		return fmt.Errorf("--timeline: %w", err)
	}
	p.say("timeline: %s", f.path)
	return nil
}

func (f *picture) write(all []timeline.Timeline) error {
	var content []byte
	if filepath.Ext(f.path) == ".svg" {
		content = timeline.SVG(all[0])
	} else {
		var err error
		if content, err = timeline.HTML(all...); err != nil {
			return err
		}
	}
	return f.replace(func(temporary string) error { return os.Rename(temporary, f.path) }, content)
}

// replace writes a file beside the one that is wanted and does something with it. Whoever reads the
// one that is wanted sees all of it or what was there before.
func (f *picture) replace(finish func(temporary string) error, content []byte) error {
	temporary := fmt.Sprintf("%s.%08x.tmp", f.path, rand.Uint32())
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		if about := (*fs.PathError)(nil); errors.As(err, &about) {
			about.Path = f.path
		}
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = finish(temporary)
	}
	if err != nil {
		if left := os.Remove(temporary); !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}
	return err
}
