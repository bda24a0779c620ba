package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// viewAddress is the only one that the content security policy of
// ui.perfetto.dev lets it fetch from.
const viewAddress = "127.0.0.1:9001"

const perfettoUI = "https://ui.perfetto.dev"

// newView returns the command that opens a timeline in the Perfetto UI.
func (c *cli) newView() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "view INPUT",
		Short:   "Open a timeline in the Perfetto UI",
		Long:    viewLong,
		Example: viewExample,
		Args:    oneInput,
	}
	outputs := perfettoFlags(cmd.Flags())
	alone := cmd.Flags().Bool("no-browser", false, "open no browser: print the link only")
	c.addCommon(cmd.Flags(), "to")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		outs, err := outputs("")
		if err != nil {
			return err
		}
		if err := c.checkInputs(args, "to"); err != nil {
			return err
		}
		from := c.one(cmd.Context(), args[0])
		j := job{input: from.input, member: from.member, err: from.err, targets: []target{{output: outs[0]}}}
		if err := j.check(&c.start); err != nil {
			return err
		}
		c.code = c.view(cmd.Context(), j, !*alone)
		return nil
	}
	return cmd
}

// view converts an input to a temporary file and serves that to the Perfetto UI.
func (c *cli) view(ctx context.Context, j job, browser bool) exitCode {
	// Before the work: another view may be open.
	l, err := net.Listen("tcp", c.viewAddress)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = hinted{
				fmt.Errorf("cannot serve at %s: something else does", c.viewAddress),
				"the Perfetto UI can fetch from there only: end what uses the port, or open the output of trace2otel perfetto by hand",
			}
		}
		c.messages.failure("", err)
		return exitFailed
	}
	defer l.Close()

	place, err := c.temporary.create(os.TempDir(), 0o600)
	if err != nil {
		c.messages.failure("", cannotWrite("a temporary file", err))
		return exitFailed
	}
	defer c.temporary.remove(place.Name())
	defer place.Close() // locked until then
	t := &j.targets[0]
	t.file = place
	code := c.run(ctx, j)
	if code != exitOK && code != exitLoss {
		return code
	}

	s := newFileServer(place.Name(), l.Addr().String(), j.base()+t.ext)
	link := viewLink(l.Addr(), s.path)
	switch _, err := fmt.Fprintln(c.stdout, link); {
	case errors.Is(err, syscall.EPIPE):
		return exitPipe
	case err != nil:
		c.messages.failure("", cannotWrite("standard output", withoutPath(err)))
		return exitFailed
	}
	if browser {
		if err := openBrowser(link); err != nil {
			c.messages.warning("", hinted{fmt.Errorf("cannot open a browser: %w", err), "open the link by hand"})
		}
	}
	c.messages.note("", "serving the timeline until the Perfetto UI has fetched it; Ctrl-C ends")
	return worse(code, s.serve(ctx, l))
}

// viewLink returns the address at which the Perfetto UI opens what is served
// at path, with the useful tracks in view. The UI has the pids of processes behind
// their names.
func viewLink(addr net.Addr, path string) string {
	commands, err := json.Marshal([]map[string]any{
		{"id": "dev.perfetto.ExpandTracksByRegex", "args": []string{`^(CPU Scheduling|(Go runtime|Tasks|Procs)( \d+)?)$`}},
		{"id": "dev.perfetto.PinTracksByRegex", "args": []string{"^(GC cycles|Stop the world|Heap live|Goroutines runnable)$"}},
	})
	if err != nil {
		panic(err) // there is nothing in it that cannot be JSON
	}
	source := url.URL{Scheme: "http", Host: addr.String(), Path: path}
	return perfettoUI + "/#!/?url=" + url.QueryEscape(source.String()) +
		"&startupCommands=" + url.QueryEscape(string(commands))
}

// A fileServer serves one file to the Perfetto UI, and to nobody else's pages. It
// answers only requests that name its address, use its random path, and have the
// UI's origin or none.
type fileServer struct {
	file    string
	host    string        // as requests have it
	path    string        // has an element that is drawn by chance
	fetched chan struct{} // closed when all of it has been sent to the UI
	once    sync.Once
}

func newFileServer(file, host, name string) *fileServer {
	return &fileServer{file: file, host: host, path: "/" + rand.Text() + "/" + name, fetched: make(chan struct{})}
}

func (s *fileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if r.Host != s.host || origin != "" && origin != perfettoUI {
		http.Error(w, "this is for "+perfettoUI, http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", perfettoUI)
	h.Set("Access-Control-Allow-Private-Network", "true")
	h.Set("Cache-Control", "no-store")
	switch {
	case r.URL.Path != s.path:
		http.NotFound(w, r)
	case r.Method == http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "GET it", http.StatusMethodNotAllowed)
	default:
		s.send(w, r)
	}
}

func (s *fileServer) send(w http.ResponseWriter, r *http.Request) {
	f, err := os.Open(s.file)
	if err != nil {
		http.Error(w, "it is gone", http.StatusInternalServerError)
		return
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		http.Error(w, "it cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(size))
	if r.Method == http.MethodHead {
		return
	}
	n, err := io.Copy(w, f)
	if err == nil && n == size && r.Header.Get("Origin") == perfettoUI {
		s.once.Do(func() { close(s.fetched) })
	}
}

// serve serves until the UI has fetched the file or ctx ends.
func (s *fileServer) serve(ctx context.Context, l net.Listener) exitCode {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(l) // ends by what follows
	}()
	code := exitOK
	select {
	case <-s.fetched:
		// Lets the last bytes leave.
		wait, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		server.Shutdown(wait)
	case <-ctx.Done():
		code = exitInterrupted(ctx)
	}
	server.Close()
	<-ended
	return code
}

// browserCommand returns the command that a value of $BROWSER has for a page: a
// program with its arguments, of several the first, with colons between them. The
// page stands where it has %s, or at the end.
func browserCommand(value, page string) []string {
	if runtime.GOOS != "windows" {
		value, _, _ = strings.Cut(value, ":")
	}
	args := strings.Fields(value)
	placed := false
	for i, arg := range args {
		placed = placed || strings.Contains(arg, "%s")
		args[i] = strings.ReplaceAll(arg, "%s", page)
	}
	if !placed {
		args = append(args, page)
	}
	return args
}

// openBrowser opens a page: with $BROWSER, or as the system does.
func openBrowser(page string) error {
	args := []string{"xdg-open", page}
	switch {
	case strings.TrimSpace(os.Getenv("BROWSER")) != "":
		args = browserCommand(os.Getenv("BROWSER"), page)
	case runtime.GOOS == "darwin":
		args = []string{"open", page}
	case runtime.GOOS == "windows":
		args = []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	cmd := exec.Command(args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // it may stay as long as the browser does
	return nil
}
