package traffic

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// server is what runs in a pod.
type server struct {
	http.Server
	leaving atomic.Bool
	until   time.Time // when it has drained; set as it begins to leave
	ending  bool      // it ends then
}

// finish is how long a server that ends waits for the requests that are on their way.
const finish = time.Second

func newServer(address, version, pod string) *server {
	s := &server{}
	s.Addr = address
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.leaving.Load() {
			// Whoever keeps the connection is told to open another one: closed without
			// a word, it would cost the request that is on its way.
			w.Header().Set("Connection", "close")
		}
		fmt.Fprintf(w, "This is %s running in pod %s\n", version, pod)
	})
	return s
}

// shutDown ends the server when it has answered.
func (s *server) shutDown() {
	ctx, cancel := context.WithTimeout(context.Background(), finish)
	defer cancel()
	if s.Shutdown(ctx) != nil {
		s.Close()
	}
}
