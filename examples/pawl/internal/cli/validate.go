package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// strictness is the flag that says what becomes of fields that are not known: a mistyped replicas
// would be one.
type strictness string

func (v *strictness) addFlag(c *cobra.Command) {
	c.Flags().StringVar((*string)(v), "validate", "strict", `What to do about fields that are not known: "strict" (or true) refuses them, "warn" says so, "ignore" (or false) does not. They are kept in any case`)
	c.Flags().Lookup("validate").NoOptDefVal = "strict"
	complete(c, "validate", oneOf("strict", "warn", "ignore"))
}

func (v strictness) check() error {
	switch v {
	case "", "strict", "true", "warn", "ignore", "false":
		return nil
	}
	return fmt.Errorf(`--validate: invalid value %q: must be "strict" (or "true"), "warn" or "ignore" (or "false")`, string(v))
}

// unknown deals with what is not known of an object, which errors and warnings name. Without the
// flag it is ignored.
func (v strictness) unknown(p *Pawl, object, source string, warnings []string) (errs []error) {
	for _, w := range warnings {
		switch v {
		case "strict", "true":
			errs = append(errs, fmt.Errorf("%s: %s; if you choose to ignore this, turn validation off with --validate=false", object, w))
		case "warn":
			p.say("Warning: %s: %s", source, w)
		}
	}
	return errs
}
