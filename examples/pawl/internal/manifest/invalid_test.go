package manifest

import (
	"strings"
	"testing"
)

// strategy is web with a strategy, written as flow YAML.
func strategy(t *testing.T, text string) string {
	return edit(t, "  replicas: 3\n", "  strategy: "+text+"\n")
}

func TestDeploymentErrorsNamePathValueAndWhatIsAllowed(t *testing.T) {
	const percent = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
	const rolling = "spec.strategy.rollingUpdate."
	set := func(old, new string) string { return edit(t, old, new) }
	replicas := func(new string) string { return edit(t, "replicas: 3", new) }
	for name, test := range map[string]struct{ manifest, want string }{
		"negative replicas":     {replicas("replicas: -1"), `spec.replicas: Invalid value: -1: must be greater than or equal to 0`},
		"replicas a string":     {replicas("replicas: three"), `spec.replicas: Invalid value: "three": must be an integer of 32 bits`},
		"replicas a fraction":   {replicas("replicas: 2.5"), `spec.replicas: Invalid value: 2.5: must be an integer of 32 bits`},
		"replicas too large":    {replicas("replicas: 3000000000"), `spec.replicas: Invalid value: 3000000000: must be an integer of 32 bits`},
		"paused a string":       {replicas("paused: 'true'"), `spec.paused: Invalid value: "true": must be true or false`},
		"maxSurge no number":    {strategy(t, "{rollingUpdate: {maxSurge: abc%}}"), rolling + `maxSurge: Invalid value: "abc%": ` + percent},
		"maxSurge negative %":   {strategy(t, "{rollingUpdate: {maxSurge: -5%}}"), rolling + `maxSurge: Invalid value: "-5%": ` + percent},
		"maxSurge without %":    {strategy(t, "{rollingUpdate: {maxSurge: '5'}}"), rolling + `maxSurge: Invalid value: "5": ` + percent},
		"maxSurge negative":     {strategy(t, "{rollingUpdate: {maxSurge: -1}}"), rolling + `maxSurge: Invalid value: -1: must be greater than or equal to 0`},
		"maxSurge a boolean":    {strategy(t, "{rollingUpdate: {maxSurge: true}}"), rolling + `maxSurge: Invalid value: true: must be an integer or a string`},
		"maxSurge overflow":     {strategy(t, "{rollingUpdate: {maxSurge: 99999999999%}}"), rolling + `maxSurge: Invalid value: "99999999999%": must not be greater than 2147483647%`},
		"unavailable no number": {strategy(t, "{rollingUpdate: {maxUnavailable: abc%}}"), rolling + `maxUnavailable: Invalid value: "abc%": ` + percent},
		"unavailable negative%": {strategy(t, "{rollingUpdate: {maxUnavailable: -5%}}"), rolling + `maxUnavailable: Invalid value: "-5%": ` + percent},
		"unavailable 101%":      {strategy(t, "{rollingUpdate: {maxUnavailable: 101%}}"), rolling + `maxUnavailable: Invalid value: "101%": must not be greater than 100%`},
		"0 and 0":               {strategy(t, "{rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}"), rolling + "maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"},
		"0% and 0":              {strategy(t, "{rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}"), rolling + "maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0"},
		"Recreate and rolling":  {strategy(t, "{type: Recreate, rollingUpdate: {maxSurge: 1}}"), "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"},
		"unknown strategy":      {strategy(t, "{type: BlueGreen}"), `spec.strategy.type: Unsupported value: "BlueGreen": supported values: "Recreate", "RollingUpdate"`},
		"strategy a string":     {strategy(t, "Recreate"), `spec.strategy: Invalid value: "Recreate": must be an object`},

		"no selector":       {set("  selector:\n    matchLabels:\n      app: web\n", ""), `spec.selector: Required value: must match the labels of the template`},
		"empty selector":    {set("    matchLabels:\n      app: web\n", "    matchLabels: {}\n"), `spec.selector: Invalid value: {}: empty selector is invalid for deployment`},
		"selector mismatch": {set("      app: web\n", "      app: db\n"), "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"},
		"selector operator": {set("    matchLabels:\n      app: web\n", "    matchExpressions: [{key: app, operator: Is, values: [web]}]\n"), `spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator`},
		"selector values":   {set("    matchLabels:\n      app: web\n", "    matchExpressions: [{key: app, operator: In}]\n"), "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"},

		"minReadySeconds":      {replicas("minReadySeconds: -1"), `spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0`},
		"revisionHistoryLimit": {replicas("revisionHistoryLimit: -1"), `spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0`},
		"deadline negative": {replicas("progressDeadlineSeconds: -1"), "spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0\n" +
			"app.yaml: Deployment \"web\": spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds"},
		"deadline too early":    {replicas("progressDeadlineSeconds: 10\n  minReadySeconds: 10"), `spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds`},
		"deadline's default":    {replicas("minReadySeconds: 600"), `spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds`},
		"restartPolicy":         {set("    spec:\n", "    spec:\n      restartPolicy: Never\n"), `spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`},
		"activeDeadline":        {set("    spec:\n", "    spec:\n      activeDeadlineSeconds: 9\n"), `spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported`},
		"no containers":         {set("containers:\n      - name: web\n        image: web:v1\n", "containers: []\n"), `spec.template.spec.containers: Required value: must have at least one container`},
		"container no name":     {set("- name: web\n        image", "- image"), `spec.template.spec.containers[0].name: Required value`},
		"container bad name":    {set("- name: web\n", "- name: Web\n"), `spec.template.spec.containers[0].name: Invalid value: "Web": ` + dnsLabel},
		"container no image":    {set("        image: web:v1\n", ""), `spec.template.spec.containers[0].image: Required value`},
		"container image":       {set("image: web:v1", "image: ' web:v1'"), `spec.template.spec.containers[0].image: Invalid value: " web:v1": must not have leading or trailing whitespace`},
		"containers namesake":   {set("      - name: web\n", "      - {name: web, image: a}\n      - name: web\n"), `spec.template.spec.containers[1].name: Duplicate value: "web"`},
		"init container":        {set("    spec:\n", "    spec:\n      initContainers: [{name: web, image: a}]\n"), `spec.template.spec.containers[0].name: Duplicate value: "web"`},
		"a number for a text":   {set("        image: web:v1\n", "        image: web:v1\n        env: [{name: PORT, value: 80}]\n"), `spec.template.spec.containers[0].env[0].value: Invalid value: 80: must be a string`},
		"a bad quantity":        {set("        image: web:v1\n", "        image: web:v1\n        resources: {limits: {memory: much}}\n"), `spec.template.spec.containers[0].resources.limits[memory]: Invalid value: "much": must be a quantity such as 500m or 1Gi`},
		"template label":        {set("        app: web\n", "        app: web\n        a: b c\n"), `spec.template.metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`},
		"template label's type": {set("        app: web\n", "        app: 1\n"), `spec.template.metadata.labels[app]: Invalid value: 1: must be a string`},
		"template a string":     {web[:strings.Index(web, "  template:")] + "  template: web\n", `spec.template: Invalid value: "web": must be an object`},
		"no spec": {web[:strings.Index(web, "spec:")], "spec.selector: Required value: must match the labels of the template\n" +
			`app.yaml: Deployment "web": spec.template.spec.containers: Required value: must have at least one container`},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := load(t, test.manifest)
			refused(t, objects, err, `app.yaml: Deployment "web": `+test.want)
		})
	}
}

const dnsLabel = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

func TestOversizedTemplateIsRefused(t *testing.T) {
	big := "    metadata:\n      x: " + strings.Repeat("x", MaxTemplateBytes) + "\n"
	objects, err := load(t, edit(t, "    metadata:\n", big))
	refused(t, objects, err, `app.yaml: Deployment "web": spec.template: Too long: is 393316 bytes as JSON, may not be more than 393216 bytes: everything about a Deployment is kept in one object of at most 1 MiB`)
}

func TestRollbackToIsRefusedWithAnExplanation(t *testing.T) {
	for _, version := range []string{"apps/v1beta1", "extensions/v1beta1"} {
		text := strings.Replace(edit(t, "replicas: 3", "rollbackTo: {revision: 1}"), "apps/v1", version, 1)
		objects, err := load(t, text)
		refused(t, objects, err, `app.yaml: Deployment "web": spec.rollbackTo: Forbidden: is a request and not a setting: go back with the command undo and --to-revision`)
	}
}

func TestSelectorIsNotGuessedSinceV1beta2(t *testing.T) {
	for _, version := range []string{"apps/v1beta2", "apps/v1"} {
		text := strings.Replace(edit(t, "  selector:\n    matchLabels:\n      app: web\n", ""), "apps/v1", version, 1)
		objects, err := load(t, text)
		refused(t, objects, err, `app.yaml: Deployment "web": spec.selector: Required value: must match the labels of the template`)
	}
}

func TestMetadataAndKindErrors(t *testing.T) {
	set := func(old, new string) string { return edit(t, old, new) }
	const supported = `: supported values: "v1 Namespace", "v1 ConfigMap", "v1 Secret", "v1 Service", "apps/v1 Deployment", "apps/v1beta2 Deployment", "apps/v1beta1 Deployment", "extensions/v1beta1 Deployment"`
	const subdomain = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`
	for name, test := range map[string]struct{ manifest, want string }{
		"unknown kind":    {set("kind: Deployment", "kind: DaemonSet"), `app.yaml: DaemonSet "web": kind: Unsupported value: "apps/v1 DaemonSet"` + supported},
		"unknown version": {set("apps/v1", "apps/v9"), `app.yaml: Deployment "web": kind: Unsupported value: "apps/v9 Deployment"` + supported},
		"no kind":         {set("kind: Deployment\n", ""), `app.yaml: kind: Required value: such as Deployment`},
		"no apiVersion":   {set("apiVersion: apps/v1\n", ""), `app.yaml: Deployment "web": apiVersion: Required value: such as apps/v1`},
		"no name":         {set("  name: web\n", "  labels: {}\n"), `app.yaml: Deployment: metadata.name: Required value: name or generateName is required`},
		"no metadata":     {set("metadata:\n  name: web\n", ""), `app.yaml: Deployment: metadata.name: Required value: name or generateName is required`},
		"generateName":    {set("  name: web\n", "  generateName: web-\n"), `app.yaml: Deployment: metadata.name: Required value: generateName is not enough: an object is found again by its name`},
		"name a number":   {set("  name: web\n", "  name: 1\n"), `app.yaml: Deployment: metadata.name: Invalid value: 1: must be a string`},
		"bad name":        {set("  name: web\n", "  name: My_Web\n"), `app.yaml: Deployment "My_Web": metadata.name: Invalid value: "My_Web": ` + subdomain},
		"bad name and namespace": {set("  name: web\n", "  name: 1\n  namespace: A\n"), "app.yaml: Deployment: metadata.name: Invalid value: 1: must be a string\n" +
			`app.yaml: Deployment: metadata.namespace: Invalid value: "A": ` + dnsLabel},
		"bad namespace":   {set("  name: web\n", "  name: web\n  namespace: A\n"), `app.yaml: Deployment "web": metadata.namespace: Invalid value: "A": ` + dnsLabel},
		"not an object":   {"hello", `app.yaml: must be an object with apiVersion, kind and metadata, not a string`},
		"a plain list":    {"- a", `app.yaml: must be an object with apiVersion, kind and metadata, not a list`},
		"namespaced NS":   {"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}", `app.yaml: Namespace "a": metadata.namespace: Forbidden: not allowed on this type`},
		"List of nothing": {"apiVersion: v1\nkind: List\nitems: {}", `app.yaml: List: items: Invalid value: {}: must be a list`},
		"List of null":    {"apiVersion: v1\nkind: List\nitems: [null]", `app.yaml (items[0]): must be an object with apiVersion, kind and metadata, not null`},
		"List in a List":  {"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List}]", `app.yaml (items[0]): List: kind: Unsupported value: "v1 List"` + supported},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := load(t, test.manifest)
			refused(t, objects, err, test.want)
		})
	}
}

func TestAllErrorsOfAllFilesAreReportedTogether(t *testing.T) {
	t.Chdir(folder(t,
		"a.yaml", edit(t, "replicas: 3", "replicas: many\n  minReadySeconds: -1"),
		"b.yaml", strings.Replace(web, "name: web", "name: other", 1)+"---\n# a comment\nkind: Gadget\napiVersion: v1\n",
		"c.yaml", "a: [",
	))
	objects, err := Load([]string{"a.yaml", "missing.yaml", "b.yaml", "c.yaml"}, nil, false)
	refused(t, objects, err, strings.Join([]string{
		`the path "missing.yaml" does not exist`,
		`a.yaml: Deployment "web": spec.replicas: Invalid value: "many": must be an integer of 32 bits`,
		`a.yaml: Deployment "web": spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0`,
		`b.yaml (document 2, line 20): Gadget: kind: Unsupported value: "v1 Gadget": supported values: "v1 Namespace", "v1 ConfigMap", "v1 Secret", "v1 Service", "apps/v1 Deployment", "apps/v1beta2 Deployment", "apps/v1beta1 Deployment", "extensions/v1beta1 Deployment"`,
		`c.yaml: line 1: did not find expected node content`,
	}, "\n"))
}

func TestDuplicatesNameBothPlaces(t *testing.T) {
	t.Chdir(folder(t, "a.yaml", web, "b.yaml", web+"---\n"+strings.Replace(web, "apps/v1", "extensions/v1beta1", 1)))
	objects, err := Load([]string{"a.yaml", "b.yaml"}, nil, false)
	refused(t, objects, err, `b.yaml: Deployment "web": metadata.name: Duplicate value: "web": already in a.yaml`+"\n"+
		`b.yaml (document 2, line 19): Deployment "web": metadata.name: Duplicate value: "web": already in a.yaml`)
}

func TestSameNameInAnotherNamespaceOrKindIsNoDuplicate(t *testing.T) {
	other := strings.Replace(web, "  name: web\n", "  name: web\n  namespace: other\n", 1)
	if got := len(mustLoad(t, web+"---\n"+other+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")); got != 3 {
		t.Errorf("%d objects, want 3", got)
	}
}
