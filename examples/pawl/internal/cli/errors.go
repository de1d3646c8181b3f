package cli

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/rollout/kube"
)

// exitError ends a command about which all has been said, with an exit code; 0 is the usual one of
// a failure.
type exitError struct {
	error
	code int
}

// failures are the errors of several apps, each of which is reported by itself.
type failures []error

// Error joins the errors with line breaks.
func (f failures) Error() string { return errors.Join(f...).Error() }

// failed are the errors that are none.
func failed(errs []error) error {
	var all failures
	for _, err := range errs {
		if err != nil {
			all = append(all, err)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// report prints an error as kubectl does, those of the API server with their reason.
func (p *Pawl) report(err error) {
	switch err := err.(type) {
	case nil:
	case manifest.Errors:
		p.reportAll(err)
	case failures:
		p.reportAll(err)
	case *app.InvalidError:
		for _, bad := range err.Errs {
			p.reportOne(fmt.Errorf("deployment %q: %w", err.App, bad))
		}
	default:
		p.reportOne(err)
	}
}

func (p *Pawl) reportAll(errs []error) {
	for _, err := range errs {
		p.reportOne(err)
	}
}

func (p *Pawl) reportOne(err error) {
	var refused *kube.RefusedError
	if errors.As(err, &refused) {
		err = refused // it says what was attempted; the step would say it once more
	}
	var quiet *exitError
	var answer apierrors.APIStatus
	switch {
	case errors.As(err, &quiet):
	case errors.As(err, &answer):
		fmt.Fprintf(p.ErrOut, "Error from server%s: %v\n", reason(answer), err)
	default:
		fmt.Fprintf(p.ErrOut, "error: %v\n", err)
	}
}

func reason(answer apierrors.APIStatus) string {
	if r := answer.Status().Reason; r != metav1.StatusReasonUnknown {
		return fmt.Sprintf(" (%s)", r)
	}
	return ""
}
