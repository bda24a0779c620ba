package traceprocessor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// RequireEnv names the environment variable that, set to 1, turns the skipping
// of tests into failure.
const RequireEnv = "TRACE2OTEL_REQUIRE_PERFETTO"

// A DB is a Perfetto file loaded into trace_processor. It lives until its test
// ends, and is for that test's goroutine alone.
type DB struct {
	t testing.TB
	p *process
}

// Open loads a Perfetto file. It skips the test where trace_processor is not
// to be had, and fails it where the file cannot be loaded.
func Open(t testing.TB, file string) *DB {
	t.Helper()
	p, err := take()
	if err != nil {
		if os.Getenv(RequireEnv) == "1" {
			t.Fatalf("%s is set, but: %v", RequireEnv, err)
		}
		t.Skipf("Perfetto SQL tests are skipped: %v", err)
	}
	file, err = filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ask(request{Load: file}); err != nil {
		p.stop()
		t.Fatalf("trace_processor cannot load %s: %v", file, err)
	}
	t.Cleanup(func() { give(p) })
	return &DB{t: t, p: p}
}

// OpenBytes loads a Perfetto file that is in memory.
func OpenBytes(t testing.TB, data []byte) *DB {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.pftrace")
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return Open(t, file)
}

// Null is what [DB.Query] returns for an SQL NULL.
const Null = "[NULL]"

// Query returns the rows that an SQL statement yields, every cell as text. It
// fails the test if the statement does.
func (db *DB) Query(sql string) [][]string {
	db.t.Helper()
	a, err := db.p.ask(request{Query: sql})
	if err != nil {
		db.t.Fatalf("trace_processor: %v\n%s", err, sql)
	}
	rows := make([][]string, len(a.Rows))
	for i, r := range a.Rows {
		rows[i] = make([]string, len(r))
		for j, cell := range r {
			rows[i][j] = Null
			if cell != nil {
				rows[i][j] = *cell
			}
		}
	}
	return rows
}

// Table returns what sql yields as text: a line to a row, cells separated by
// tabs.
func (db *DB) Table(sql string) string {
	db.t.Helper()
	var b strings.Builder
	for _, row := range db.Query(sql) {
		b.WriteString(strings.Join(row, "\t"))
		b.WriteByte('\n')
	}
	return b.String()
}

// importErrors selects every sign that trace_processor did not understand a
// file, or that the file contradicts itself. Some of them have a severity of
// their own in the stats table, too mild for us.
const importErrors = `
select name, ifnull(idx, ''), severity, value from stats
where value > 0 and (
	severity in ('error', 'data_loss')
	or name glob '*_errors'
	or name glob 'clock_sync_failure*'
	or name in (
		'tokenizer_skipped_packets',
		'packet_skipped_seq_needs_incremental_state_invalid',
		'interned_data_skipped_incremental_state_invalid',
		'generic_task_state_invalid_order',
		'unknown_extension_fields',
		'misplaced_end_event',
		'slice_out_of_order',
		'flow_duplicate_id',
		'flow_no_enclosing_slice',
		'flow_step_without_start',
		'flow_end_without_start',
		'flow_invalid_id'))
order by name`

// CheckImport fails the test if trace_processor counted an import error of any
// kind.
func (db *DB) CheckImport() {
	db.t.Helper()
	if errs := db.Table(importErrors); errs != "" {
		db.t.Errorf("trace_processor found fault with the file (name, index, severity, count):\n%s", errs)
	}
}
