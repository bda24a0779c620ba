package perfetto_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// largeTrace is how many bytes TestLargeTrace records at least.
const largeTrace = 25 << 20

// A sizedFile knows how much was written to it, while others write.
type sizedFile struct {
	*os.File
	size atomic.Int64
}

func (f *sizedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.size.Add(int64(n))
	return n, err
}

// recordLarge writes a trace of workers that take jobs from one another, in
// tasks with regions and logs, and of goroutines that they start.
func recordLarge(t *testing.T, path string) {
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := &sizedFile{File: file}
	if err := trace.Start(out); err != nil {
		t.Skip(err) // go test -trace
	}
	defer trace.Stop()
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for job := range jobs {
				ctx, task := trace.NewTask(context.Background(), "job")
				trace.Logf(ctx, "job", "number %d", job)
				trace.WithRegion(ctx, "ask", func() {
					answer := make(chan int)
					go func() {
						defer trace.StartRegion(ctx, "answer").End()
						answer <- job
					}()
					<-answer
				})
				task.End()
			}
		})
	}
	for job := 0; out.size.Load() < largeTrace; job++ {
		jobs <- job
	}
	close(jobs)
	workers.Wait()
}

// sums are of the time that goroutines spent in each state of a thread, and
// of what else a large file is to have.
type sums struct {
	states map[string]int64
	logs   int
}

func (s *sums) Begin(*convert.Trace) error {
	*s = sums{states: make(map[string]int64)}
	return nil
}

func (s *sums) Consume(b *convert.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		switch {
		case r.Kind == convert.KindLog:
			s.logs++
		case r.Kind != convert.KindState || r.Phase != convert.End:
		case r.State == convert.StateRunnable:
			s.states["R"] += int64(r.Duration())
		case r.State == convert.StateWaiting:
			s.states["S"] += int64(r.Duration())
		case r.State == convert.StateSyscallBlocked:
			s.states["D"] += int64(r.Duration())
		default:
			s.states["Running"] += int64(r.Duration())
		}
	}
	return nil
}

func (s *sums) Finish(*convert.Summary) error { return nil }

// TestLargeTrace loads a trace of 25 MB, and says how long that takes.
func TestLargeTrace(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "large.trace"), filepath.Join(dir, "large.pftrace")
	recordLarge(t, in)

	file, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	var want sums
	start := time.Now()
	sum := fixtures.Run(t, fixtures.File{Name: "large.trace", Path: in},
		perfetto.New(w, perfetto.Options{CounterStep: 100 * time.Microsecond}), &want)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d events: converted to %d bytes in %v", sum.Bytes, sum.Events, info.Size(), time.Since(start))
	if sum.Bytes < largeTrace || sum.Loss != nil {
		t.Fatalf("the trace has %d bytes; lost: %v", sum.Bytes, sum.Loss)
	}

	start = time.Now()
	db := traceprocessor.Open(t, out)
	t.Logf("loaded in %v", time.Since(start))
	db.CheckImport()
	got := db.Table(`
		select state, sum(iif(dur = -1, trace_end() - ts, dur)) from thread_state where state is not 'X'
		group by 1 having sum(iif(dur = -1, trace_end() - ts, dur)) > 0 union all
		select 'logs', count() from slice where category = 'log'`)
	rows := ""
	for _, state := range []string{"D", "R", "Running", "S"} {
		if ns := want.states[state]; ns > 0 {
			rows += fmt.Sprintf("%s\t%d\n", state, ns)
		}
	}
	if rows += fmt.Sprintf("logs\t%d\n", want.logs); got != rows {
		t.Errorf("got\n%swant\n%s", got, rows)
	}
}
