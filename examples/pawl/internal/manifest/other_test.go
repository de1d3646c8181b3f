package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecretStringDataBecomesData(t *testing.T) {
	got := mustLoad(t, `apiVersion: v1
kind: Secret
metadata: {name: s}
data: {user: YQ==, password: b2xk}
stringData: {password: new}
`)[0]
	want := map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"},
		"data": map[string]any{"user": "YQ==", "password": "bmV3"},
	}
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Error(diff)
	}
}

func TestSecretWithoutDataHasNone(t *testing.T) {
	got := mustLoad(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {}\n")[0]
	want := map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}}
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Error(diff)
	}
}

func TestSecretIsMeasuredAsItIsStored(t *testing.T) {
	half := strings.Repeat("AAAA", 200<<10)
	mustLoad(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: "+half+"}\nstringData: {a: "+half+"}\n")
}

func TestErrorsNeverShowASecret(t *testing.T) {
	objects, err := load(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: hunter2, b: 12345}\nstringData: {c: 98765}\n")
	refused(t, objects, err, strings.Join([]string{
		`app.yaml: Secret "s": data[a]: Invalid value: must be a string in base64`,
		`app.yaml: Secret "s": data[b]: Invalid value: must be a string in base64`,
		`app.yaml: Secret "s": stringData[c]: Invalid value: must be a string`,
	}, "\n"))
}

func TestConfigErrors(t *testing.T) {
	const key = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
	large := strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct{ kind, body, want string }{
		"bad key":       {"ConfigMap", "data: {'a b': c}", `data[a b]: Invalid value: "a b": ` + key},
		"key twice":     {"ConfigMap", "data: {a: b}\nbinaryData: {a: YQ==}", `data[a]: Invalid value: "a": duplicate of key present in binaryData`},
		"no string":     {"ConfigMap", "data: {a: true}", `data[a]: Invalid value: true: must be a string`},
		"no base64":     {"ConfigMap", "binaryData: {a: '%'}", `binaryData[a]: Invalid value: "%": must be a string in base64`},
		"too large":     {"ConfigMap", "data: {a: b, c: " + large + "}", `data: Too long: may not be more than 1048576 bytes`},
		"secret key":    {"Secret", "stringData: {'a b': c}", `stringData[a b]: Invalid value: "a b": ` + key},
		"secret length": {"Secret", "stringData: {a: b, c: " + large + "}", `data: Too long: may not be more than 1048576 bytes`},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := load(t, "apiVersion: v1\nkind: "+test.kind+"\nmetadata: {name: c}\n"+test.body+"\n")
			refused(t, objects, err, `app.yaml: `+test.kind+` "c": `+test.want)
		})
	}
}

func TestServiceErrors(t *testing.T) {
	const number = "must be between 1 and 65535, inclusive"
	for name, test := range map[string]struct{ spec, want string }{
		"no ports":       {"{selector: {app: web}}", `spec.ports: Required value`},
		"selector":       {"{selector: {'a b': c}, ports: [{port: 1}]}", `spec.selector: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`},
		"type":           {"{type: Public, ports: [{port: 1}]}", `spec.type: Unsupported value: "Public": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"`},
		"port":           {"{ports: [{port: 70000}]}", `spec.ports[0].port: Invalid value: 70000: ` + number},
		"target number":  {"{ports: [{port: 1, targetPort: -1}]}", `spec.ports[0].targetPort: Invalid value: -1: ` + number},
		"target name":    {"{ports: [{port: 1, targetPort: '8080'}]}", `spec.ports[0].targetPort: Invalid value: "8080": must contain at least one letter (a-z)`},
		"protocol":       {"{ports: [{port: 1, protocol: tcp}]}", `spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`},
		"names required": {"{ports: [{port: 1, name: a}, {port: 2}]}", `spec.ports[1].name: Required value`},
		"namesakes":      {"{ports: [{port: 1, name: a}, {port: 2, name: a}]}", `spec.ports[1].name: Duplicate value: "a"`},
		"bad port name":  {"{ports: [{port: 1, name: A}]}", `spec.ports[0].name: Invalid value: "A": ` + dnsLabel},
		"ports no list":  {"{ports: 80}", `spec.ports: Invalid value: 80: must be a list`},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := load(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: "+test.spec+"\n")
			refused(t, objects, err, `app.yaml: Service "s": `+test.want)
		})
	}
}

func TestServicesWithoutPorts(t *testing.T) {
	for _, spec := range []string{"{clusterIP: None}", "{type: ExternalName, externalName: example.com}"} {
		mustLoad(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: "+spec+"\n")
	}
}

func TestSetNamespace(t *testing.T) {
	text := config("a") + "---\n" + strings.Replace(config("b"), "name: b", "name: b\n  namespace: other", 1) +
		"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
	objects := mustLoad(t, text)
	placed, err := SetNamespace(objects, "shop", false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range placed {
		got = append(got, o.GetNamespace())
	}
	if diff := cmp.Diff([]string{"", "shop", "other"}, got); diff != "" {
		t.Error(diff)
	}
	if objects[1].GetNamespace() != "" {
		t.Error("SetNamespace has changed its argument")
	}
	placed, err = SetNamespace(objects, "shop", true)
	refused(t, placed, err, `app.yaml (document 2, line 6): ConfigMap "b": metadata.namespace: Invalid value: "other": `+
		`the namespace from the provided object "other" does not match the namespace "shop". You must pass '--namespace=other' to perform this operation.`)
}

func TestSetNamespaceFindsDuplicates(t *testing.T) {
	objects := mustLoad(t, config("a")+"---\n"+strings.Replace(config("a"), "name: a", "name: a\n  namespace: shop", 1))
	placed, err := SetNamespace(objects, "shop", false)
	refused(t, placed, err, `app.yaml (document 2, line 6): ConfigMap "a": metadata.name: Duplicate value: "a": already in app.yaml`)
}
