package gates

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/gopawl/pawl/rollout"
)

// HTTP is open while a GET of a URL is answered with a status from 200 to 299 within 2 seconds.
// Any other answer, or none, is not yet; the message has the status and the first line of the
// body. Redirects are followed as the client does.
type HTTP struct {
	URL string // http or https, with a host
	// Every is when to ask again; 0 leaves that to the engine.
	Every time.Duration
	// Client makes the request; nil is [http.DefaultClient].
	Client *http.Client
}

const (
	httpPatience = 2 * time.Second
	longestLine  = 200 // bytes of the answer that are shown
)

// Validate returns an [*rollout.InvalidError] for a URL that cannot be asked, or a negative time.
func (h HTTP) Validate() error {
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &rollout.InvalidError{Path: "http.url", Value: fmt.Sprintf("%q", h.URL), Allowed: "a URL such as http://web/healthz"}
	}
	if h.Every < 0 {
		return &rollout.InvalidError{Path: "http.every", Value: h.Every, Allowed: "0 or more"}
	}
	return nil
}

// Check makes the request.
func (h HTTP) Check(ctx context.Context, _ rollout.State) (rollout.Verdict, error) {
	if err := h.Validate(); err != nil {
		return rollout.Verdict{}, err
	}
	within, cancel := context.WithTimeout(ctx, httpPatience)
	defer cancel()
	said, ok, err := h.get(within)
	switch {
	case ctx.Err() != nil:
		return rollout.Verdict{}, ctx.Err()
	case err != nil && within.Err() != nil:
		said = fmt.Sprintf("no answer in %v", httpPatience)
	case err != nil:
		said = err.Error()
	}
	v := rollout.Verdict{Message: h.name() + ": " + printable(said), Retry: h.Every}
	if ok {
		v.Answer, v.Retry = rollout.Open, 0
	}
	return v, nil
}

// get returns what the answer says, and whether it is a good one.
func (h HTTP) get(ctx context.Context) (said string, ok bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return "", false, err
	}
	client := h.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		var inner *url.Error // has the URL in its text once more
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return "", false, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 == 2 {
		return response.Status, true, nil
	}
	if line := firstLine(response.Body); line != "" {
		return response.Status + ": " + line, false, nil
	}
	return response.Status, false, nil
}

// firstLine is what can be read of it, at most so much as a message has room for.
func firstLine(body io.Reader) string {
	line, _ := bufio.NewReader(io.LimitReader(body, longestLine)).ReadString('\n')
	return strings.TrimSpace(line)
}

// printable leaves out what a terminal would act on: the text is a stranger's.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// name is the URL without a password.
func (h HTTP) name() string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return "URL"
	}
	return u.Redacted()
}
