package cli

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func (p *Pawl) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of pawl and of what it is built with", Args: cobra.NoArgs,
		Example: `  pawl version`,
		RunE: func(*cobra.Command, []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("this pawl was built without information about its modules")
			}
			_, err := fmt.Fprint(p.Out, versionText(info))
			return err
		},
	}
}

func versionText(info *debug.BuildInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Client Version: %s\n", cmp.Or(info.Main.Version, "(devel)"))
	if commit := commit(info); commit != "" {
		fmt.Fprintf(&b, "Commit: %s\n", commit)
	}
	for _, m := range info.Deps {
		if m.Path == "k8s.io/client-go" {
			fmt.Fprintf(&b, "Kubernetes Libraries: %s\n", m.Version)
		}
	}
	fmt.Fprintf(&b, "Go Version: %s %s/%s\n", info.GoVersion, runtime.GOOS, runtime.GOARCH)
	return b.String()
}

func commit(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["vcs.revision"] != "" && settings["vcs.modified"] == "true" {
		return settings["vcs.revision"] + " (modified)"
	}
	return settings["vcs.revision"]
}
