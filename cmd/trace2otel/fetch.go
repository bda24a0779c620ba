package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how many are followed, each within HTTP.
const maxRedirects = 5

// fetch begins to read what a URL has, once: each request to /debug/pprof/trace
// starts a new trace. There is no bound on how long that may take, since the
// request says for how many seconds to trace; connecting has one.
func fetch(ctx context.Context, input string) (io.ReadCloser, error) {
	client := http.Client{
		Transport: &http.Transport{
			Proxy:              http.ProxyFromEnvironment,
			DialContext:        (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			DisableCompression: true, // what is compressed says so itself
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case len(via) > maxRedirects:
				return fmt.Errorf("more than %d redirects", maxRedirects)
			case !isURL(r.URL.String()), via[0].URL.Scheme == "https" && r.URL.Scheme != "https":
				return fmt.Errorf("a redirect to %s is not followed", displayURL(r.URL.String()))
			}
			return nil
		},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, input, nil)
	if err != nil {
		return nil, hinted{errors.New("is no URL"), "one is like http://localhost:6060/debug/pprof/trace?seconds=5"}
	}
	resp, err := client.Do(r)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the message has the URL
		}
		return nil, hinted{fmt.Errorf("cannot be fetched: %w", err), "does the program run, and import net/http/pprof?"}
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		first, _ := bufio.NewReader(io.LimitReader(resp.Body, 1<<10)).ReadString('\n')
		return nil, fmt.Errorf("the server answers %s: %s", resp.Status, strings.TrimSpace(first))
	}
	return body{resp.Body}, nil
}

// A body says of a connection that broke that the trace is cut there.
type body struct{ io.ReadCloser }

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("the connection broke: %w", err)
	}
	return n, err
}
