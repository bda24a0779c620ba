package firstgc_test

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/internal/firstgc"
)

// TestAt runs itself in a process with nothing on its heap.
func TestAt(t *testing.T) {
	if os.Getenv("FIRSTGC_CHILD") != "" {
		child(t)
		return
	}
	for _, c := range []struct{ name, env, want string }{
		{"put off", "", "0 before, 100 after"},
		{"said otherwise", "GOGC=200", "some before, 200 after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestAt$", "-test.v")
			for _, e := range os.Environ() {
				if !strings.HasPrefix(e, "GOGC=") && !strings.HasPrefix(e, "GOMEMLIMIT=") {
					cmd.Env = append(cmd.Env, e)
				}
			}
			cmd.Env = append(cmd.Env, "FIRSTGC_CHILD=1", c.env)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v, want %q of\n%s", err, c.want, out)
			}
		})
	}
}

var sink []byte

func child(t *testing.T) {
	firstgc.At(64 << 20)
	for range 32 {
		sink = make([]byte, 1<<20)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := "some"
	if m.NumGC == 0 {
		before = "0"
	}
	percent := 0
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && percent != 100 && percent != 200; {
		runtime.GC()
		percent = debug.SetGCPercent(-1)
		debug.SetGCPercent(percent)
	}
	t.Logf("%s before, %d after", before, percent)
}
