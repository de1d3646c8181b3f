package kubetest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// bookmarkInterval is how often a watch that allows bookmarks gets one.
const bookmarkInterval = time.Minute

// watcher is one watch.
type watcher struct {
	*Cluster
	w         http.ResponseWriter
	res       *resource
	sel       selection
	sent      uint64 // everything up to this revision was sent
	bookmarks bool
	marked    time.Time // the latest bookmark, or the beginning
}

// watch streams changes until the client goes, the time is over or the log has been left
// behind.
func (c *Cluster) watch(w http.ResponseWriter, r *request) error {
	options, err := r.listOptions()
	if err != nil {
		return err
	}
	sel, err := r.selection(options)
	if err != nil {
		return err
	}
	x := &watcher{Cluster: c, w: w, res: r.res, sel: sel, bookmarks: options.AllowWatchBookmarks, marked: time.Now()}
	first, err := x.begin(options)
	ended := apierrors.IsTimeout(err)
	if ended { // too late to refuse: a watch has begun when it is found out
		first = appendError(nil, err)
	} else if err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(http.StatusOK)
	if err := http.NewResponseController(w).Flush(); err != nil {
		return nil // the client has gone
	}
	if ended {
		_ = x.send(first) // a client that has gone cannot be told
		return nil
	}
	x.stream(r.Context(), first, timeoutOf(options))
	return nil
}

// timeoutOf answers how long the watch lasts; 0 is for ever.
func timeoutOf(options *internalversion.ListOptions) time.Duration {
	if options.TimeoutSeconds == nil {
		return 0
	}
	return time.Duration(*options.TimeoutSeconds) * time.Second
}

// begin finds where the watch starts and answers what it sends at once.
func (x *watcher) begin(options *internalversion.ListOptions) ([]byte, error) {
	wanted, err := parseVersion(options.ResourceVersion)
	if err != nil {
		return nil, err
	}
	initial := wanted == 0
	if options.SendInitialEvents != nil {
		initial = *options.SendInitialEvents
	}
	var first []byte
	err = x.view(func(s *session) error {
		current, err := s.revision()
		if err != nil {
			return err
		}
		if initial && wanted > current {
			return errFutureVersion(wanted, current)
		}
		if !initial && wanted > 0 {
			x.sent = wanted
			return nil
		}
		x.sent = current
		if initial {
			first, err = x.snapshot(s, options)
		}
		return err
	})
	return first, err
}

// snapshot shows what there is as additions, and marks its end if that was asked for.
func (x *watcher) snapshot(s *session, options *internalversion.ListOptions) ([]byte, error) {
	picked, err := s.pick(x.res, x.sel)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, r := range picked {
		out = appendFrame(out, entryAdded, r.raw)
	}
	if options.SendInitialEvents != nil && x.bookmarks {
		out = append(out, x.bookmark(map[string]string{metav1.InitialEventsAnnotationKey: "true"})...)
	}
	return out, nil
}

// stream sends frames until the end of the watch.
func (x *watcher) stream(ctx context.Context, frames []byte, timeout time.Duration) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	for ended := false; ; {
		if err := x.send(frames); err != nil || ended {
			return
		}
		changed := x.changes.wait()
		if frames, ended = x.changesSince(); len(frames) > 0 || ended {
			continue
		}
		if frames, ended = x.sleep(ctx, changed); ended && len(frames) == 0 {
			return
		}
	}
}

// sleep waits for something to look at, and answers a bookmark when it is time for one.
func (x *watcher) sleep(ctx context.Context, changed <-chan struct{}) (frames []byte, ended bool) {
	var tick, poll <-chan time.Time
	if x.bookmarks {
		t := time.NewTimer(time.Until(x.marked.Add(bookmarkInterval)))
		defer t.Stop()
		tick = t.C
	}
	if x.poll > 0 {
		t := time.NewTimer(x.poll)
		defer t.Stop()
		poll = t.C
	}
	select {
	case <-changed:
	case <-poll:
	case <-tick:
		x.marked = time.Now()
		return x.bookmark(nil), false
	case <-ctx.Done():
		if x.bookmarks && ctx.Err() == context.DeadlineExceeded {
			return x.bookmark(nil), true
		}
		return nil, true
	}
	return nil, false
}

func (x *watcher) send(frames []byte) error {
	if len(frames) == 0 {
		return nil
	}
	if _, err := x.w.Write(frames); err != nil {
		return err
	}
	return http.NewResponseController(x.w).Flush()
}

// changesSince answers the changes that were not sent yet. A watch that has lost its place in
// the log ends with an error.
func (x *watcher) changesSince() (frames []byte, ended bool) {
	err := x.view(func(s *session) error {
		current, err := s.revision()
		if err != nil || current <= x.sent {
			return err
		}
		if expired(x.sent, current) {
			return apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", x.sent, current-logLength))
		}
		err = s.since(x.sent, x.res, func(_ uint64, e *entry) error {
			frames = x.appendChange(frames, e)
			return nil
		})
		x.sent = current
		return err
	})
	if err != nil {
		return appendError(nil, err), true
	}
	return frames, false
}

// appendChange shows a change as the selection sees it: an object that comes to match is
// added, one that no longer does is deleted.
func (x *watcher) appendChange(out []byte, e *entry) []byte {
	before := e.Before != nil && x.sel.matches(*e.Before)
	now := e.Type != entryDeleted && x.sel.matches(e.Now)
	switch {
	case before && now:
		return appendFrame(out, entryModified, e.Object)
	case before:
		return appendFrame(out, entryDeleted, e.Object)
	case now:
		return appendFrame(out, entryAdded, e.Object)
	}
	return out
}

func (x *watcher) bookmark(annotations map[string]string) []byte {
	meta := map[string]any{"resourceVersion": fmt.Sprint(x.sent)}
	if annotations != nil {
		meta["annotations"] = annotations
	}
	obj := map[string]any{"kind": x.res.Kind, "apiVersion": x.res.groupVersion().String(), "metadata": meta}
	data, err := json.Marshal(obj)
	if err != nil {
		return appendError(nil, err)
	}
	return appendFrame(nil, "BOOKMARK", data)
}

func appendFrame(out []byte, kind entryType, object []byte) []byte {
	out = append(out, `{"type":"`+string(kind)+`","object":`...)
	out = append(out, object...)
	return append(out, '}', '\n')
}

func appendError(out []byte, err error) []byte {
	status := statusOf(err)
	data, failed := json.Marshal(status)
	if failed != nil {
		return out
	}
	return appendFrame(out, "ERROR", data)
}
