package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// dryRun is the flag that lets a command write nothing.
type dryRun string

func (d *dryRun) addFlag(c *cobra.Command) {
	c.Flags().StringVar((*string)(d), "dry-run", "none", `Must be "none", or "client" or "server": say what would be done and write nothing`)
	c.Flags().Lookup("dry-run").NoOptDefVal = "client"
	complete(c, "dry-run", oneOf("none", "client", "server"))
}

func (d dryRun) check() error {
	switch d {
	case "none", "client", "server":
		return nil
	}
	return fmt.Errorf(`--dry-run: invalid value %q: must be "none", "client" or "server"`, string(d))
}

func (d dryRun) dry() bool { return d != "none" }

// suffix is what kubectl says behind the outcome.
func (d dryRun) suffix() string {
	switch d {
	case "client":
		return " (dry run)"
	case "server":
		return " (server dry run)"
	}
	return ""
}
