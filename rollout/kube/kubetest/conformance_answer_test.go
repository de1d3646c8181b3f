package kubetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// answer is what a server said.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   any // nil if the body is none
}

func newAnswer(res *http.Response, body []byte) answer {
	a := answer{status: res.StatusCode, header: res.Header, body: body}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&a.json) != nil {
		a.json = nil
	}
	return a
}

// lookup answers a field deep within, or nil. An item of a list goes by its index or its name.
func lookup(v any, path ...string) any {
	for _, name := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil {
				i = slices.IndexFunc(at, func(item any) bool { return lookup(item, "name") == name })
			}
			if i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// headers are those that clients act on.
var headers = []string{"Retry-After", "Warning"}

func (n *normalizer) render(a answer) string {
	var out strings.Builder
	fmt.Fprintln(&out, a.status)
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		fmt.Fprintln(&out, "Content-Type:", kind)
	}
	for _, name := range headers {
		for _, value := range a.header.Values(name) {
			fmt.Fprintf(&out, "%s: %s\n", name, n.text(value))
		}
	}
	if a.json != nil {
		out.WriteString(n.json(a.json, a.status))
	} else if strings.HasPrefix(a.header.Get("Content-Type"), "text/") {
		out.WriteString(n.text(strings.TrimSpace(string(a.body))) + "\n")
	}
	return out.String()
}

// renderEvent shows one event of a watch, but no bookmark that only comes as time goes by.
func (n *normalizer) renderEvent(event map[string]any) string {
	object := event["object"]
	switch event["type"] {
	case "BOOKMARK":
		if lookup(object, "metadata", "annotations") == nil {
			return ""
		}
		fallthrough
	case "ERROR":
		return fmt.Sprintf("%s %s", event["type"], n.json(object, 0))
	}
	seen := n.normalize(object)
	return fmt.Sprintf("%s %s %s %s\n", event["type"], lookup(seen, "kind"), lookup(seen, "metadata", "name"), lookup(seen, "metadata", "resourceVersion"))
}

// json lays out a body. What all refusals have in common is left out, if it is as always.
func (n *normalizer) json(body any, status int) string {
	var out strings.Builder
	v := n.normalize(body)
	if m, ok := v.(map[string]any); ok && m["kind"] == "Status" && m["status"] == metav1.StatusFailure {
		for name, usual := range map[string]string{"apiVersion": `"v1"`, "metadata": "{}", "code": strconv.Itoa(status)} {
			if compact(m[name]) == usual {
				delete(m, name)
			}
		}
		delete(m, "kind")
		delete(m, "status")
	}
	layOut(&out, v, "")
	return out.String() + "\n"
}
