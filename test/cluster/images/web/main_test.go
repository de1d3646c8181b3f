package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// In a drain the server goes on answering, and sends everybody away.
func TestDraining(t *testing.T) {
	s := &site{version: "v1", pod: "web-1"}
	server := httptest.NewServer(s.handler())
	defer server.Close()
	for _, test := range []struct {
		name            string
		ready, draining bool
		readiness       int
		goodbye         bool
	}{
		{"starting", false, false, http.StatusServiceUnavailable, false},
		{"ready", true, false, http.StatusOK, false},
		{"draining", true, true, http.StatusServiceUnavailable, true},
	} {
		s.ready.Store(test.ready)
		s.draining.Store(test.draining)
		if status, _, _ := get(t, server.URL+"/ready"); status != test.readiness {
			t.Errorf("%s: /ready says %d, want %d", test.name, status, test.readiness)
		}
		if status, _, _ := get(t, server.URL+"/live"); status != http.StatusOK {
			t.Errorf("%s: /live says %d", test.name, status)
		}
		status, body, goodbye := get(t, server.URL)
		if status != http.StatusOK || body != "This is v1 running in pod web-1\n" || goodbye != test.goodbye {
			t.Errorf("%s: status %d, %q, connection closed: %v; want %v", test.name, status, body, goodbye, test.goodbye)
		}
	}
}

func get(t *testing.T, url string) (status int, body string, goodbye bool) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data), resp.Close
}
