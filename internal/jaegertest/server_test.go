package jaegertest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A Jaeger is one that runs, on loopback, and keeps spans in memory.
type Jaeger struct {
	GRPC string // the URL to send to over gRPC
	HTTP string // the URL to send to over HTTP
	UI   string // the URL of its user interface and queries

	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan struct{} // closed when it has ended
}

// readyTimeout is how long Jaeger may take to start.
const readyTimeout = time.Minute

// start starts the Jaeger at path. It ends with the test.
func start(t *testing.T, path string) *Jaeger {
	t.Helper()
	at := freeAddresses(t, 4)
	file := filepath.Join(t.TempDir(), "jaeger.yaml")
	if err := os.WriteFile(file, Config(at[0], at[1], at[2], at[3]), 0o666); err != nil {
		t.Fatal(err)
	}
	j := &Jaeger{
		UI: "http://" + at[0], GRPC: "http://" + at[2], HTTP: "http://" + at[3],
		cmd: exec.Command(path, "--config", file), done: make(chan struct{}),
	}
	j.cmd.Env = append(os.Environ(), "OTEL_TRACES_SAMPLER=always_off") // no spans of its own
	j.cmd.Stdout, j.cmd.Stderr = &j.log, &j.log
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		j.cmd.Wait()
		close(j.done)
	}()
	t.Cleanup(func() {
		j.cmd.Process.Kill()
		<-j.done
	})
	for deadline := time.Now().Add(readyTimeout); ; time.Sleep(50 * time.Millisecond) {
		if _, err := get(j.UI + "/api/services"); err == nil { // the last to listen
			return j
		}
		select {
		case <-j.done:
			t.Fatalf("Jaeger ended: %s", &j.log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("Jaeger does not start")
		}
	}
}

// freeAddresses returns addresses that nobody listens on.
func freeAddresses(t *testing.T, n int) (addresses []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, b)
	}
	return b, err
}
