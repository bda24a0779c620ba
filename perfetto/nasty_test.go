package perfetto_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/convert/sinktest"
	"github.com/trace2otel/trace2otel/internal/fixtures"
	"github.com/trace2otel/trace2otel/internal/traceprocessor"
	"github.com/trace2otel/trace2otel/perfetto"
)

// TestNasty loads records that sane programs do not cause, and asks how one of
// them shows.
func TestNasty(t *testing.T) {
	deep := "stack 1:"
	for i := range 128 {
		deep += fmt.Sprintf(" f%d f.go:%d <", i, i+1)
	}
	deep = strings.TrimSuffix(deep, "<")
	for _, test := range []struct {
		name, records, sql, want string
	}{
		{
			"goroutine id beyond 32 bits", `
			stack 1: f f.go:1
			0 G5000000000 begin goroutine "main.f" open-start
			0 G5000000000 begin running P0 open-start
			5 G5000000000 sample P0 stack=1
			10 G5000000000 end running
			10 G5000000000 end goroutine`,
			"select tid, process.name, state, dur, (select category from slice) from thread_state join thread using (utid) join process using (upid)",
			"5000000000\tmain.f\tRunning\t10\tsample\n5000000000\tmain.f\tX\t-1\tsample\n",
		},
		{
			"goroutine ids that are no thread ids", `
			0 G0 begin goroutine "main.f" open-start
			0 G0 begin running P0 open-start
			0 G-7 begin goroutine "main.f" open-start
			0 G-7 begin waiting open-start
			0 G2000000003 begin goroutine "main.f" open-start
			0 G2000000003 begin waiting open-start
			0 G9223372036854775807 begin goroutine "main.f" open-start
			0 G9223372036854775807 begin waiting open-start
			10 G2000000003 end waiting
			10 G2000000003 begin runnable
			20 G2000000003 end runnable
			20 G2000000003 end goroutine`,
			`select thread.name, process.name, group_concat(state, ' '), process.end_ts from thread_state join thread using (utid) join process using (upid)
			 group by utid order by 1`,
			"goroutine -7 as\tmain.f\tS S\t[NULL]\n" +
				"goroutine 0 as\tmain.f\tRunning R\t[NULL]\n" +
				"goroutine 2000000003 as\tmain.f\tS R X\t[NULL]\n" +
				"goroutine 9223372036854775807 as\tmain.f\tS S\t[NULL]\n",
		},
		{
			"procs that are no CPUs", `
			0 G1 begin goroutine "main.f" open-start
			0 G1 begin running P4096 open-start
			10 G1 end running
			10 G1 begin waiting ""
			20 G1 end waiting
			20 G1 begin running P-5
			30 G1 end running
			30 G1 begin syscall P-5
			40 G1 end syscall
			40 G1 begin running P4095`,
			"select ts, dur, state, cpu, (select name from slice where category = 'wait') from thread_state",
			"0\t10\tT\t[NULL]\tunspecified\n10\t10\tS\t[NULL]\tunspecified\n20\t10\tT\t[NULL]\tunspecified\n" +
				"30\t10\tD\t[NULL]\tunspecified\n40\t-1\tRunning\t4095\tunspecified\n",
		},
		{
			"strings of any bytes", `
			stack 1: "f\xff\x00" "\xfe.go:1" < "" ":-1" < "` + strings.Repeat("x", 70000) + `" "y:1"
			0 G1 begin goroutine "main.\xff" open-start
			0 G1 begin running P0 open-start
			1 G1 begin task "\xff\x00t" id=18446744073709551615 stack=1
			2 G1 begin region "\xffr" parent=1
			3 G1 log "\xffc" text="\x00\xff\n"
			4 - metric "\xff:bytes" id=1
			5 G1 label "\xffl"
			6 G1 begin stw "\xffs"
			7 G1 end stw
			8 G1 end running
			8 G1 begin waiting "\xffw"`,
			"select group_concat(name, ' '), (select display_value from args where key = 'debug.message') from (select name from slice order by ts)",
			"unknown task \uFFFD\u2400t \uFFFDr \uFFFDc \uFFFDl \uFFFDs \uFFFDw\t\u2400\uFFFD\n\n",
		},
		{
			"stacks: deep, empty, undefined", deep + `
			0 G1 begin goroutine "main.f" open-start
			0 G1 begin waiting open-start stack=1
			1 G2 begin goroutine "main.f" by=G1 bystack=99
			1 G2 begin waiting "x" stack=0
			2 G1 sample P0`,
			"select max(depth), count() from stack_profile_callsite",
			"127\t128\n",
		},
		{
			"stops of the world at once", `
			0 G1 begin stw "a" open-start
			5 G2 begin stw "b"
			7 - begin stw "c"
			10 G1 end stw
			12 G2 end stw
			13 G1 begin stw "d"
			15 G1 end stw
			20 - end stw`,
			"select name, ts, dur, depth from slice order by ts",
			"a\t0\t10\t0\nb\t5\t7\t0\nc\t7\t13\t0\nd\t13\t2\t0\n",
		},
		{
			"ends without begins", `
			0 G1 begin goroutine "main.f" open-start
			0 G1 begin running P0 open-start
			1 G1 begin region "in"
			2 G1 end region
			3 G1 end region "before, inner" start=0 open-start
			4 G1 end region "before, outer" start=0 open-start
			5 - end task id=1 start=0 open-start
			6 - end task id=2 start=0 open-start
			7 - end region "of nobody" start=0 open-start`,
			"select name, ts, dur, depth from slice order by dur",
			"in\t1\t1\t0\nbefore, inner\t0\t3\t0\nbefore, outer\t0\t4\t0\nunknown task\t0\t5\t0\nunknown task\t0\t6\t0\nof nobody\t0\t7\t0\n",
		},
		{
			"an assist and a wait under way", `
			9 G2 begin goroutine "main.f" by=G1
			9 G2 begin running P0
			0 G1 begin goroutine "main.f" open-start
			0 G1 begin waiting open-start
			0 G1 begin assist open-start
			10 G1 end waiting
			10 G1 begin runnable
			20 G1 end runnable
			20 G1 begin running P1
			30 G1 end assist
			40 G1 end running
			40 G1 end goroutine`,
			"select name, ts, dur, depth from slice where category is not 'goroutine' order by dur",
			"unknown (waiting since start)\t0\t10\t0\nGC mark assist\t0\t30\t0\n",
		},
		{
			"nothing but logs and samples of nobody", `
			stack 1: f f.go:1
			1 - log "c" text="m"
			2 - sample stack=1
			3 - sample stack=1 P1
			4 G9 sample stack=1 P1`,
			`select 'slice', thread.name, slice.name from slice join thread_track t on t.id = track_id join thread using (utid)
			 union all select 'sample', thread.name, ts from perf_sample join thread using (utid)`,
			"slice\tno goroutine\tc\nslice\tno goroutine\tCPU sample\nsample\tno goroutine\t3\nsample\tgoroutine\t4\n",
		},
		{
			"counters that fall to zero", `
			0 G1 begin goroutine "main.f" open-start
			0 G1 begin waiting open-start
			0 G2 begin goroutine "main.f" open-start
			0 G2 begin running P0 open-start
			50 G2 end running
			50 G2 begin call
			50 G2 begin syscall-blocked
			99 G1 end waiting
			99 G1 end goroutine`,
			"select name, ts, cast(value as int) from counter join counter_track t on t.id = track_id where name glob '*running' or name glob 'Goroutines*syscalls' order by ts, name",
			"Goroutines in syscalls\t0\t0\nGoroutines running\t0\t1\nGoroutines in syscalls\t50\t1\nGoroutines running\t50\t0\n" +
				"Goroutines in syscalls\t99\t1\nGoroutines running\t99\t0\n",
		},
		{
			"a trace before zero", `
			trace start=-100
			-100 G1 begin goroutine "main.f" open-start
			-100 G1 begin running P0 open-start
			-50 G1 end running
			-50 G1 begin waiting "sleep"
			50 G1 end waiting
			50 G1 end goroutine`,
			"select sum(dur) from thread_state where state is not 'X'",
			"150\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := traceprocessor.OpenBytes(t, write(t, sinktest.Story(t, test.records)))
			db.CheckImport()
			if got := db.Table(test.sql); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			for _, o := range variants {
				if testing.Short() {
					break
				}
				var out bytes.Buffer
				if err := sinktest.Story(t, test.records).Replay(perfetto.New(&out, o), 3); err != nil {
					t.Fatal(err)
				}
				traceprocessor.OpenBytes(t, out.Bytes()).CheckImport()
			}
		})
	}
}

// TestDamagedTracesInSQL loads what can be converted of inputs that are broken
// or hostile.
func TestDamagedTracesInSQL(t *testing.T) {
	for _, f := range fixtures.Damaged(t) {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			in, err := os.Open(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			var file bytes.Buffer
			sum, err := convert.Run(context.Background(), in, convert.Options{}, newSink(&file))
			if err != nil {
				return // not a bit of it
			}
			db := traceprocessor.OpenBytes(t, file.Bytes())
			db.CheckImport()
			for _, o := range variants {
				if testing.Short() {
					break
				}
				var out bytes.Buffer
				if _, err := in.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				if _, err := convert.Run(context.Background(), in, convert.Options{}, perfetto.New(&out, o)); err != nil {
					t.Fatal(err)
				}
				traceprocessor.OpenBytes(t, out.Bytes()).CheckImport()
			}
			if loss := db.Table("select count() from metadata where name = 'trace_attribute.loss'") == "1\n"; loss != (sum.Loss != nil) {
				t.Errorf("the file tells of a loss: %v", loss)
			}
			if repairs := db.Table("select count() from metadata where name = 'trace_attribute.repairs'") == "1\n"; repairs != sum.Repairs.Any() {
				t.Errorf("the file tells of repairs: %v", repairs)
			}
		})
	}
}

// TestManyNames makes up more names of regions than are interned, and more
// types of tasks than get tracks of their own: a chain of 100, of which each
// 16th lies at the root again, and 900 at the root, where there is room for
// 256 types.
func TestManyNames(t *testing.T) {
	const n = 1<<15 + 100
	var story strings.Builder
	story.WriteString("0 G1 begin goroutine \"main.f\" open-start\n0 G1 begin running P0 open-start\n")
	for i := range n {
		fmt.Fprintf(&story, "%d G1 begin region \"r%d\"\n%d G1 end region\n", 10*i+1, i, 10*i+2)
		if i < 1000 {
			parent := 0
			if i < 100 {
				parent = i
			}
			fmt.Fprintf(&story, "%d G1 begin task \"t%d\" id=%d parent=%d\n", 10*i+3, i, i+1, parent)
		}
	}
	db := traceprocessor.OpenBytes(t, write(t, sinktest.Story(t, story.String())))
	db.CheckImport()
	got := db.Table(`
		select category, count(distinct name), count(), sum(depth) from slice group by 1 union all
		select 'types with tracks', count(distinct name), 0, 0 from track where name glob 't[0-9]*' union all
		select 'tracks for others', min(count(), 1), 0, 0 from track where name = 'other tasks'`)
	want := fmt.Sprintf("region\t%d\t%d\t0\ntask\t1000\t1000\t0\ntypes with tracks\t349\t0\t0\ntracks for others\t1\t0\t0\n", n, n)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A failsOnce writer fails the first time.
type failsOnce struct{ failed bool }

func (w *failsOnce) Write(p []byte) (int, error) {
	if !w.failed {
		w.failed = true
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

// TestErrorSticks lets a write fail that is followed by others.
func TestErrorSticks(t *testing.T) {
	story := `0 G1 log "c" text="` + strings.Repeat("x", 3<<20) + "\"\n1 G1 log \"c\" text=\"y\"\n"
	rec := sinktest.Story(t, story)
	sink := newSink(new(failsOnce))
	if err := sink.Begin(&rec.Trace); err != nil {
		t.Fatal(err)
	}
	for i := range rec.Records {
		sink.Consume(&convert.Batch{Records: rec.Records[i : i+1]}) // its error is not looked at
	}
	if err := sink.Finish(&rec.Summary); err == nil {
		t.Error("the error is gone")
	}
}
