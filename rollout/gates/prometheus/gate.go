package prometheus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/gopawl/pawl/rollout"
)

// Gate watches a query for some time, from when the new revision's ready replicas are all ready: each
// that becomes ready later starts the time anew. It looks at one point every Every, over the last For.
//
// It is shut as soon as more than Failures points are bad, over Max or under Min. It is open when For
// has passed and no more than Failures points are bad or missing. Otherwise it is pending: no data,
// and NaN is none, is neither bad nor good, so a metric that never comes holds the rollout.
//
// It keeps nothing: Prometheus has the record. No answer within 5 seconds is a transient error; what
// the server finds wrong with the query is an error.
type Gate struct {
	// API asks the server. Required.
	API v1.API
	// Query is PromQL with one series as its answer, or none, about the new revision. The names
	// of its pods begin with the revision's name. Required.
	Query func(rollout.Revision) string
	// Max and Min are the bounds of a good value, inclusive; nil is none. One is required.
	Max, Min *float64
	// For is how long to watch, and Every the time between two points: positive, at most 1,000
	// points.
	For, Every time.Duration
	// Failures is how many points need not be good; fewer than there are.
	Failures int
}

const (
	patience  = 5 * time.Second
	maxPoints = 1000
)

// Check asks the server, where there are new replicas to ask about.
func (g Gate) Check(ctx context.Context, s rollout.State) (rollout.Verdict, error) {
	if err := g.Validate(); err != nil {
		return rollout.Verdict{}, err
	}
	if s.Replicas == 0 {
		return rollout.Verdict{Answer: rollout.Open, Message: "no replicas are wanted"}, nil
	}
	r, _ := s.New()
	since := readySince(r, s.Now)
	if since.IsZero() {
		return rollout.Verdict{Message: "there are no ready new replicas yet"}, nil
	}
	from := s.Now.Add(-g.For)
	if from.Before(since) {
		from = since
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	query := g.Query(r)
	points, warnings, err := g.points(ctx, query, v1.Range{Start: from, End: s.Now, Step: g.Every})
	if err != nil {
		return rollout.Verdict{}, fmt.Errorf("ask Prometheus for %s: %w", query, err)
	}
	v := g.judge(points, since.Add(g.For), s.Now)
	v.Message = strings.Join(append([]string{v.Message}, warnings...), "; warning: ")
	return v, nil
}

// readySince is when the new revision came to be what is measured: since when its ready replicas are
// ready or, with a workload that does not say, have been asked for. Zero is not yet.
func readySince(r rollout.Revision, now time.Time) time.Time {
	since := r.ReadySince
	switch {
	case r.Ready == 0:
		return time.Time{}
	case since.IsZero():
		since = r.Scaled
	}
	if since.After(now) {
		return now
	}
	return since
}

// points are those that have a value.
func (g Gate) points(ctx context.Context, query string, within v1.Range) ([]model.SamplePair, v1.Warnings, error) {
	value, warnings, err := g.API.QueryRange(ctx, query, within)
	if err != nil {
		return nil, nil, classify(err)
	}
	matrix, ok := value.(model.Matrix)
	switch {
	case !ok:
		return nil, nil, fmt.Errorf("the answer is no matrix but a %v", value.Type())
	case len(matrix) > 1:
		return nil, nil, fmt.Errorf("the answer has %d series, not one: aggregate them", len(matrix))
	case len(matrix) == 0:
		return nil, warnings, nil
	}
	var points []model.SamplePair
	for _, p := range matrix[0].Values {
		if !math.IsNaN(float64(p.Value)) {
			points = append(points, p)
		}
	}
	return points, warnings, nil
}

// classify makes what may pass a transient error: all but what the server finds wrong with the
// request.
func classify(err error) error {
	var answer *v1.Error
	if errors.As(err, &answer) {
		switch answer.Type {
		case v1.ErrBadData, v1.ErrExec:
			return err
		case v1.ErrClient:
			if answer.Msg != throttled {
				return err
			}
		}
	}
	return &rollout.TransientError{Err: err}
}

// throttled is what the client library makes of "too many requests".
const throttled = "client error: 429"
