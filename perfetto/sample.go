package perfetto

import (
	"math"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/wire"
)

// Field numbers of perfetto/trace/profiling/profile_packet.proto and
// common/perf_events.proto.
const (
	sampleCPU       = 1 // PerfSample
	samplePID       = 2
	sampleTID       = 3
	sampleCallstack = 4
	sampleMode      = 5
	sampleCount     = 6

	modeUser = 2 // Profiling.CpuMode

	sampleTimebase    = 1 // PerfSampleDefaults
	timebaseFrequency = 2 // PerfEvents.Timebase
	timebaseCounter   = 4
	timebaseName      = 10
	swCPUClock        = 1 // PerfEvents.Counter

	// profileRate is the rate of runtime/pprof's CPU profile unless the program
	// changed it; the trace does not say.
	profileRate = 100
)

// appendSampleDefaults appends the fields of PerfSampleDefaults.
func appendSampleDefaults(b []byte) []byte {
	b, mark := wire.Open(b, sampleTimebase)
	b = wire.Uint(b, timebaseFrequency, profileRate)
	b = wire.Uint(b, timebaseCounter, swCPUClock)
	b = wire.String(b, timebaseName, "cpu-profile")
	return wire.Close(b, mark)
}

// sample writes a PerfSample, or an instant where that would have to make up a
// CPU, or cut the thread's id to 32 bits, has no stack, or is on no thread.
func (s *Sink) sample(r *convert.Record) {
	g := s.goroutine(r.G)
	stack := s.w.stack(r.Stack)
	if r.P < 0 || r.P >= maxCPU || g.tid > math.MaxUint32 || stack == 0 || g.process == nil {
		e := event{typ: typeInstant, track: g.track, category: catSample, name: "CPU sample", stack: r.Stack}
		s.w.event(r.Time, &e)
		return
	}
	c := s.sched.cpu(int32(r.P))
	c.samples++
	b, packet := s.w.openAt(r.Time)
	b, mark := wire.Open(b, packetPerfSample)
	b = wire.Uint(b, sampleCPU, uint64(r.P))
	b = wire.Int(b, samplePID, g.process.pid)
	b = wire.Int(b, sampleTID, g.tid)
	b = wire.Uint(b, sampleCallstack, stack)
	b = wire.Uint(b, sampleMode, modeUser)
	b = wire.Uint(b, sampleCount, c.samples)
	s.w.closeBoth(b, packet, mark)
}
