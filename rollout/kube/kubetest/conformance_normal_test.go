package kubetest_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// normalizer gives what is of one cluster or of one moment names that are the same anywhere. A UID
// goes by the object's name, a resource version by its number among those that the object had.
type normalizer struct {
	namespace string
	uids      map[string]string
	known     map[string]int               // how many objects of a name there were
	versions  map[string]map[uint64]string // by UID
	latest    uint64
}

func newNormalizer(namespace string) normalizer {
	return normalizer{namespace, map[string]string{}, map[string]int{}, map[string]map[uint64]string{}, 0}
}

func (n *normalizer) normalize(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return n.normalizeMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = n.normalize(v[i])
		}
		return out
	case string:
		return n.text(v)
	}
	return v
}

func (n *normalizer) normalizeMap(v map[string]any) map[string]any {
	name, isNamed := v["name"].(string)
	uid, _ := v["uid"].(string)
	if isNamed {
		n.meet(uid, withoutSuffix(name, v["generateName"]))
	}
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		text, isText := v[key].(string)
		switch {
		case key == "managedFields", key == "storageVersionHash": // kubetest has none
		case key == "resourceVersion" && isText && isNamed:
			out[key] = n.version(text, uid)
		case key == "resourceVersion" && isText:
			out[key] = n.listVersion(text)
		case key == "continue" && isText && text != "":
			out[key] = "token"
		case key == "name" && isText:
			out[key] = n.text(withoutSuffix(text, v["generateName"]))
		default:
			out[key] = n.normalize(v[key])
		}
	}
	return out
}

// meet gives a UID that was not seen before a name.
func (n *normalizer) meet(uid, name string) {
	if !isUID.MatchString(uid) || n.uids[uid] != "" {
		return
	}
	n.uids[uid] = "uid-" + strings.ReplaceAll(name, n.namespace, "ns")
	if n.known[name]++; n.known[name] > 1 {
		n.uids[uid] += fmt.Sprintf("-%d", n.known[name])
	}
}

// withoutSuffix hides the random end of a generated name.
func withoutSuffix(name string, base any) string {
	if base, ok := base.(string); ok && len(name) > 5 && strings.HasPrefix(base, name[:len(name)-5]) {
		return name[:len(name)-5] + "*****"
	}
	return name
}

// version numbers those of an object, which have to grow.
func (n *normalizer) version(text, uid string) string {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return text
	}
	seen := n.versions[uid]
	if seen == nil {
		seen = map[uint64]string{}
		n.versions[uid] = seen
	}
	if seen[number] != "" {
		return seen[number]
	}
	for earlier := range seen {
		if earlier > number {
			return "out of order"
		}
	}
	n.latest = max(n.latest, number)
	seen[number] = fmt.Sprintf("v%d", len(seen)+1)
	return seen[number]
}

// listVersion tells whether that of a list is not older than any object seen.
func (n *normalizer) listVersion(text string) string {
	number, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil:
		return text
	case number >= n.latest:
		return "latest"
	}
	return "past"
}

var (
	isUID     = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	isVersion = regexp.MustCompile(`(object meta: |current: |precondition: |resource version: \d+ \(|record \()\d+`)
	isAddress = regexp.MustCompile(`\b10(\.\d+){3}\b`)
	isTime    = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
	isObject  = regexp.MustCompile(`"\{.*\}"|'\{.*\}'`)
)

// text also shortens the objects that some messages hold.
func (n *normalizer) text(s string) string {
	if isTime.MatchString(s) {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err == nil && time.Since(at).Abs() < time.Hour {
			return "now"
		}
		return s
	}
	s = strings.ReplaceAll(s, n.namespace, "ns")
	s = isUID.ReplaceAllStringFunc(s, func(uid string) string {
		if n.uids[uid] == "" {
			return "uid"
		}
		return n.uids[uid]
	})
	s = isVersion.ReplaceAllString(s, "${1}#")
	s = isAddress.ReplaceAllString(s, "10.x")
	return isObject.ReplaceAllString(s, `"{…}"`)
}
