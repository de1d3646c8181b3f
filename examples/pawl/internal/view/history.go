package view

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/gopawl/pawl/history"
)

// resource is what kubectl calls an app in what it prints.
func resource(app string) string { return "deployment.apps/" + clean(app) }

// History is `kubectl rollout history`: a row for each revision, in the order given.
func History(app string, revisions []history.Entry) string {
	head := resource(app) + " \n"
	if len(revisions) == 0 {
		return head + "No rollout history found.\n"
	}
	rows := [][]string{{"REVISION", "CHANGE-CAUSE"}}
	for _, e := range revisions {
		rows = append(rows, []string{strconv.FormatInt(e.Number, 10), cmp.Or(clean(e.Cause), "<none>")})
	}
	return head + text(table(rows)) + "\n"
}

// Revision is `kubectl rollout history --revision`: the pod template of a revision. The number is
// the one asked for, which the revision may have had before. The template is in its JSON form;
// kubectl shows the hash label and the change-cause with it, which are taken from the revision. The
// error is that of a template which has another form.
func Revision(app string, number int64, e history.Entry, template map[string]any) (string, error) {
	described, err := podTemplate(e, template)
	if err != nil {
		return "", fmt.Errorf("%s with revision #%d: %w", resource(app), number, err)
	}
	return fmt.Sprintf("%s with revision #%d\n%s\n", resource(app), number, described), nil
}
