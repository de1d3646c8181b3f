// The program answers the vectors on its standard input, with the version of k8s.io/api that it
// is compiled with.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log"
	"os"
	"runtime/debug"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/dump"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/gopawl/pawl/hashing"
)

type vector struct {
	Form     string          `json:"form"`
	Own      []string        `json:"own"`
	Template json.RawMessage `json:"template"`
}

type answer struct {
	// Unknown is why this version's types cannot hold the template, "" if they can.
	Unknown  string `json:"unknown,omitempty"`
	Identity string `json:"identity,omitempty"`
	// Kubernetes is the hash that its deployment controller takes, of typed templates.
	Kubernetes uint32 `json:"kubernetes,omitempty"`
}

type output struct {
	Libraries map[string]string `json:"libraries"` // versions, by module
	Answers   []answer          `json:"answers"`
}

func main() {
	var in struct {
		Templates []vector `json:"templates"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		log.Fatal(err)
	}
	out := output{Libraries: libraries()}
	for _, v := range in.Templates {
		a, err := v.answer()
		if err != nil {
			log.Fatalf("%s: %v", v.Template, err)
		}
		out.Answers = append(out.Answers, a)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}

func libraries() map[string]string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	return versions
}

func (v vector) answer() (answer, error) {
	if v.Form == "unstructured" {
		var template map[string]any
		if err := utiljson.Unmarshal(v.Template, &template); err != nil {
			return answer{}, err
		}
		id, err := hashing.Template(template, v.Own...)
		return answer{Identity: id}, err
	}
	var template corev1.PodTemplateSpec
	d := json.NewDecoder(bytes.NewReader(v.Template))
	d.DisallowUnknownFields()
	if err := d.Decode(&template); err != nil {
		return answer{Unknown: err.Error()}, nil
	}
	sum := fnv.New32a()
	if _, err := fmt.Fprintf(sum, "%v", dump.ForHash(template)); err != nil {
		return answer{}, err
	}
	id, err := hashing.Template(&template, v.Own...)
	return answer{Identity: id, Kubernetes: sum.Sum32()}, err
}
