package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/hashing"
)

func (p *Pawl) hashCommand() *cobra.Command {
	var in files
	var format string
	c := &cobra.Command{
		Use:   "hash -f FILENAME",
		Short: "Print the identity of each template in manifests",
		Long: `Prints the identity of the pod template of each Deployment in manifests, and the label and the name that a new
replica set of it gets. Equal templates have equal identities, whatever way they are written in, and start
no rollout. No cluster is asked.`,
		Example: `  pawl hash -f app.yaml
  pawl hash -f app.yaml -o json`,
		Args: cobra.NoArgs,
	}
	in.addFlags(c)
	c.Flags().StringVarP(&format, "output", "o", "", `Output format. One of: (json, yaml, name); a table otherwise.`)
	complete(c, "output", oneOf("json", "yaml", "name"))
	c.RunE = func(*cobra.Command, []string) error {
		all := []hash{}
		for _, path := range in.names { // each by itself: they may be forms of one Deployment
			one := files{names: []string{path}, recursive: in.recursive, validate: in.validate}
			objects, err := one.load(p)
			if err != nil {
				return err
			}
			found, err := hashes(objects)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return printHashes(p.Out, all, format)
	}
	return c
}

// hash is what is known of a template without a cluster.
type hash struct {
	Deployment string `json:"deployment"`
	Namespace  string `json:"namespace,omitempty"`
	Identity   string `json:"identity"`
	Label      string `json:"label"`
	ReplicaSet string `json:"replicaSet"`
}

func hashes(objects []manifest.Object) (all []hash, err error) {
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		spec, errs := manifest.Deployment(o.Unstructured)
		if len(errs) > 0 {
			return nil, fmt.Errorf("%s: %w", o.Source, errs.ToAggregate())
		}
		identity, err := hashing.Template(spec.Template)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Source, err)
		}
		label := hashing.Label(identity, 0)
		all = append(all, hash{o.GetName(), o.GetNamespace(), identity, label, hashing.Name(o.GetName(), label)})
	}
	return all, nil
}

func printHashes(w io.Writer, all []hash, format string) error {
	var text []byte
	var err error
	switch format {
	case "":
		return tabulate(w, all)
	case "name":
		for _, h := range all {
			fmt.Fprintf(w, "replicaset.apps/%s\n", h.ReplicaSet)
		}
		return nil
	case "json":
		text, err = json.MarshalIndent(all, "", "    ")
		text = append(text, '\n')
	case "yaml":
		text, err = yaml.Marshal(all)
	default:
		return fmt.Errorf(`--output: invalid value %q: must be "json", "yaml" or "name"`, format)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func tabulate(out io.Writer, all []hash) error {
	w := printers.GetNewTabWriter(out)
	fmt.Fprintln(w, "DEPLOYMENT\tIDENTITY\tLABEL\tREPLICASET")
	for _, h := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", h.Deployment, h.Identity, h.Label, h.ReplicaSet)
	}
	return w.Flush()
}
