package kubetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const textWidth = 120

// layOut prints JSON, on one line where it fits, so that differences stand in lines of their own.
func layOut(out *strings.Builder, v any, indent string) {
	line := compact(v)
	inner := indent + "  "
	switch v := v.(type) {
	case map[string]any:
		if len(indent)+len(line) <= textWidth && indent != "" {
			break
		}
		out.WriteString("{\n")
		for _, key := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(out, "%s%s: ", inner, key)
			layOut(out, v[key], inner)
			out.WriteByte('\n')
		}
		out.WriteString(indent + "}")
		return
	case []any:
		if len(indent)+len(line) <= textWidth || len(v) == 0 {
			break
		}
		out.WriteString("[\n")
		for _, item := range v {
			out.WriteString(inner)
			layOut(out, item, inner)
			out.WriteByte('\n')
		}
		out.WriteString(indent + "]")
		return
	}
	out.WriteString(line)
}

func compact(v any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// lineDiff answers the lines that are only in one of two texts, by their longest common
// subsequence; "" if there are none.
func lineDiff(want, got string) string {
	a, b := strings.Split(strings.TrimSuffix(want, "\n"), "\n"), strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	common := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out strings.Builder
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			fmt.Fprintln(&out, "-", strings.TrimSpace(a[i]))
			i++
		default:
			fmt.Fprintln(&out, "+", strings.TrimSpace(b[j]))
			j++
		}
	}
	return out.String()
}
