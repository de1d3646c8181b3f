package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// completer gives what a shell may put in the place of a word. What does not begin as the word does
// is left out by the shell.
type completer = func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective)

// completions is what completes an argument or a flag by looking at the cluster.
type completions func(ctx context.Context, s *session, args []string) ([]cobra.Completion, error)

// patienceOfShells is how long a user who pressed Tab waits.
const patienceOfShells = 3 * time.Second

// completing makes a completer. Whatever fails, the shell's user only sees that there is nothing to
// choose from.
func (p *Pawl) completing(find completions) completer {
	return func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), patienceOfShells)
		defer cancel()
		s, err := p.peek(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer s.close()
		found, err := find(ctx, s, args)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if len(found) > 0 && strings.HasSuffix(found[0], "=") {
			return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// peek opens the cluster that the flags name without running or making one.
func (p *Pawl) peek(ctx context.Context) (*session, error) {
	real, err := p.connection.real()
	if err != nil || real {
		return p.connect(ctx)
	}
	if p.Store == nil {
		path, err := p.connection.path()
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			return nil, fs.ErrNotExist
		}
	}
	cluster, err := p.stored()
	if err != nil {
		return nil, err
	}
	namespace, enforced := p.connection.namespace()
	return p.open(cluster.Config(), namespace, enforced, func() {})
}

// complete sets what completes a flag of a command.
func complete(c *cobra.Command, flag string, by completer) {
	// It fails only for a flag that is not there, or twice.
	if err := c.RegisterFlagCompletionFunc(flag, by); err != nil {
		panic(err)
	}
}

// oneOf completes a flag that has few values.
func oneOf(values ...string) completer {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// completeNames completes the names of apps, each once, up to a number of arguments; 0 is any.
func completeNames(most int) completions {
	return func(ctx context.Context, s *session, args []string) ([]cobra.Completion, error) {
		if most > 0 && len(args) >= most {
			return nil, nil
		}
		names, err := s.Names(ctx)
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), err
	}
}

// completeContainers completes the name of an app, and then those of its containers.
func completeContainers(ctx context.Context, s *session, args []string) ([]cobra.Completion, error) {
	if len(args) == 0 {
		return completeNames(1)(ctx, s, args)
	}
	name, err := appName(args[0])
	if err != nil {
		return nil, err
	}
	record, err := s.Load(ctx, name)
	if err != nil {
		return nil, err
	}
	var all []cobra.Completion
	for _, container := range containersOf(record.Manifest) {
		all = append(all, container+"=")
	}
	return all, nil
}

// containersOf are the names of the containers of a Deployment, the init containers last.
func containersOf(deployment *unstructured.Unstructured) (names []string) {
	for _, list := range []string{"containers", "initContainers"} {
		containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", list)
		for _, c := range containers {
			container, _ := c.(map[string]any)
			name, _ := container["name"].(string)
			names = append(names, name)
		}
	}
	return names
}

// completeRevisions completes the numbers of the revisions, newest first, with their change-causes.
func (p *Pawl) completeRevisions(ctx context.Context, s *session, args []string) ([]cobra.Completion, error) {
	if len(args) == 0 {
		return nil, nil
	}
	name, err := appName(args[0])
	if err != nil {
		return nil, err
	}
	d, state, _, err := p.look(ctx, s, name)
	if err != nil {
		return nil, err
	}
	var all []cobra.Completion
	for _, entry := range slices.Backward(d.History(state).List()) {
		all = append(all, cobra.CompletionWithDesc(fmt.Sprint(entry.Number), entry.Cause))
	}
	return all, nil
}
