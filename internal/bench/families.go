package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/trace2otel/trace2otel/internal/forge"
	"github.com/trace2otel/trace2otel/internal/gotrace"
)

// A family is a kind of trace of any size. Reading and converting it must not
// take more than in proportion to that, give or take what caches and sorting
// cost.
type family struct {
	name string
	n    int // how many of what it is about, at the smaller size

	subjects []string // to count; nil: everything
	make     func(s *scene, n int)
	cut      bool // off within its generation
}

// concerns reports whether a subject is to be counted.
func (f *family) concerns(subject string) bool {
	if f.subjects == nil {
		return subject == "everything"
	}
	return slices.Contains(f.subjects, subject)
}

// families are of two kinds: those in which something was once searched for from
// the start, with the subjects that did, and all else of which a trace can have
// any number.
var families = []family{
	{name: "regions left open within others", n: 4000, subjects: []string{"records", "everything"}, make: leakedRegions},
	{name: "regions left open", n: 4000, subjects: []string{"records", "everything"}, make: leftRegions},
	{name: "regions ended first in, first out", n: 4000, subjects: []string{"records", "everything"}, make: fifoRegions},
	{name: "regions that end in turn, half open", n: 20000, subjects: []string{"perfetto"}, make: slidingRegions},
	{name: "ends of types not open", n: 4000, subjects: []string{"records", "everything"}, make: otherEnds},
	{name: "ends of regions without begin", n: 6000, subjects: []string{"records", "all pprof", "everything"}, make: earlyEnds},
	{name: "ends of types without begin", n: 2000, subjects: []string{"all pprof", "everything"}, make: earlyRegionTypes},
	{name: "tasks of before", n: 4000, subjects: []string{"otlp jsonl", "everything"}, make: earlyTasks},
	{name: "tasks of before, never ended", n: 4000, subjects: []string{"otlp jsonl"}, make: earlyOpenTasks},
	{name: "reasons of waits", n: 2000, subjects: []string{"stats", "everything"}, make: waitReasons},
	{name: "timeline of a cut generation", n: 1000, subjects: []string{"perfetto"}, make: nameless, cut: true},
	{name: "start functions", n: 1500, make: startFunctions},
	{name: "types of regions", n: 1500, make: regionTypes},
	{name: "types of tasks", n: 1500, make: taskTypes},
	{name: "nested regions", n: 2000, make: nestedRegions},
	{name: "tasks, one after another", n: 2000, make: serialTasks},
	{name: "tasks, all open", n: 2000, make: openTasks},
	{name: "chain of tasks, outer first", n: 2000, make: chainOfTasks},
	{name: "goroutines alive", n: 1000, make: aliveGoroutines},
	{name: "sleepers", n: 2000, make: sleepers},
	{name: "goroutines, one after another", n: 2000, make: churn},
	{name: "chain of creators", n: 2000, make: creators},
	{name: "stacks", n: 1500, make: distinctStacks},
	{name: "GC cycles", n: 1500, make: cycles},
	{name: "stops of the world", n: 3000, make: stops},
	{name: "categories of logs", n: 3000, make: logCategories},
}

// forged returns the family's trace of size n.
func (f *family) forged(n int) []byte {
	s := newScene()
	f.make(s, n)
	return s.bytes(!f.cut)
}

// A scene is a trace of one generation, of what happens on a thread, with one
// proc, on which goroutine 1 runs at first.
type scene struct {
	out     *forge.Trace
	now     uint64 // ticks of 64 ns
	since   uint64 // when data begins
	data    []byte // events not yet in a batch
	texts   []byte // strings not yet in a batch
	stacks  []byte // likewise
	strings map[string]uint64
	nstacks uint64
	seqs    map[uint64]uint64 // of goroutines: how often each started or was woken
}

const sceneThread = 7

func newScene() *scene {
	s := &scene{out: forge.New(), now: 1, since: 1, strings: make(map[string]uint64), seqs: make(map[uint64]uint64)}
	s.out.Sync(1)
	s.event(gotrace.EvProcStatus, 0, 1)
	s.event(gotrace.EvGoStatus, 1, sceneThread, 2)
	return s
}

// batchSize is how many bytes a batch has at least; less than it may have by
// more than any event.
const batchSize = 50_000

// event appends an event, a tick after the one before.
func (s *scene) event(typ gotrace.Type, args ...uint64) {
	if len(s.data) > batchSize {
		s.flush()
	}
	s.now++
	s.data = forge.Event(s.data, typ, append([]uint64{1}, args...)...)
}

// flush writes the events to a batch.
func (s *scene) flush() {
	s.out.Batch(1, sceneThread, s.since, s.data)
	s.data, s.since = s.data[:0], s.now
}

// text returns the number of a string.
func (s *scene) text(t string) uint64 {
	id := s.strings[t]
	if id == 0 {
		id = uint64(len(s.strings) + 1)
		s.strings[t] = id
		if len(s.texts) > batchSize {
			s.flushTexts()
		}
		s.texts = forge.Event(s.texts, byte(5), id, uint64(len(t)))
		s.texts = append(s.texts, t...)
	}
	return id
}

func (s *scene) flushTexts() {
	s.out.Batch(1, sceneThread, 1, append([]byte{4}, s.texts...))
	s.texts = s.texts[:0]
}

// stack returns the number of a stack, leaf first, which has not been before.
func (s *scene) stack(functions ...string) uint64 {
	if len(s.stacks) > batchSize {
		s.flushStacks()
	}
	s.nstacks++
	s.stacks = forge.Event(s.stacks, byte(3), s.nstacks, uint64(len(functions)))
	for _, f := range functions {
		name := s.text(f)
		for _, v := range []uint64{name, name, s.text("main.go"), 1} {
			s.stacks = forge.Number(s.stacks, v)
		}
	}
	return s.nstacks
}

func (s *scene) flushStacks() {
	s.out.Batch(1, sceneThread, 1, append([]byte{2}, s.stacks...))
	s.stacks = s.stacks[:0]
}

// bytes returns the trace: whole, or without strings, stacks and the end of its
// generation, which a program writes last.
func (s *scene) bytes(whole bool) []byte {
	s.flush()
	if whole {
		s.flushStacks()
		s.flushTexts()
		s.out.End()
	}
	return s.out.Bytes()
}

// create has the running goroutine create another.
func (s *scene) create(g, stack uint64) { s.event(gotrace.EvGoCreate, g, stack, 0) }

// start starts a goroutine that can run.
func (s *scene) start(g uint64) {
	s.seqs[g]++
	s.event(gotrace.EvGoStart, g, s.seqs[g])
}

// block ends the running of a goroutine.
func (s *scene) block(reason string, stack uint64) {
	s.event(gotrace.EvGoBlock, s.text(reason), stack)
}

// wake has the running goroutine wake another.
func (s *scene) wake(g uint64) {
	s.seqs[g]++
	s.event(gotrace.EvGoUnblock, g, s.seqs[g], 0)
}

// rest has goroutine 1, which runs, wait for a tick.
func (s *scene) rest(reason string) {
	s.block(reason, 0)
	s.wake(1)
	s.start(1)
}

// leftRegions begins regions that never end.
func leftRegions(s *scene, n int) {
	for range n {
		s.event(gotrace.EvUserRegionBegin, 0, s.text("left"), 0)
	}
}

// otherEnds ends as many regions of a type that was never begun.
func otherEnds(s *scene, n int) {
	leftRegions(s, n)
	earlyEnds(s, n)
}

// earlyEnds ends regions that were not seen to begin.
func earlyEnds(s *scene, n int) {
	for range n {
		s.event(gotrace.EvUserRegionEnd, 0, s.text("other"), 0)
	}
}

// leakedRegions has a worker's loop leave a region open within another.
func leakedRegions(s *scene, n int) {
	handle, lookup := s.text("handle"), s.text("lookup")
	for range n {
		s.event(gotrace.EvUserRegionBegin, 0, handle, 0)
		s.event(gotrace.EvUserRegionBegin, 0, lookup, 0)
		s.event(gotrace.EvUserRegionEnd, 0, handle, 0)
	}
}

func fifoRegions(s *scene, n int) {
	for _, typ := range []gotrace.Type{gotrace.EvUserRegionBegin, gotrace.EvUserRegionEnd} {
		for i := range n {
			s.event(typ, 0, s.text("region "+strconv.Itoa(i)), 0)
		}
	}
}

// slidingRegions has n regions open most of the time, and each begin as the
// oldest ends.
func slidingRegions(s *scene, n int) {
	for i := range 3 * n {
		if i >= n {
			s.event(gotrace.EvUserRegionEnd, 0, s.text("region "+strconv.Itoa(i-n)), 0)
		}
		if i < 2*n {
			s.event(gotrace.EvUserRegionBegin, 0, s.text("region "+strconv.Itoa(i)), 0)
		}
	}
}

func regionTypes(s *scene, n int) {
	for i := range n {
		typ := s.text("region " + strconv.Itoa(i))
		s.event(gotrace.EvUserRegionBegin, 0, typ, 0)
		s.rest("sync")
		s.event(gotrace.EvUserRegionEnd, 0, typ, 0)
	}
}

// earlyRegionTypes ends regions begun before the trace, each of a type of its own.
func earlyRegionTypes(s *scene, n int) {
	for i := range n {
		s.rest("sync")
		s.event(gotrace.EvUserRegionEnd, 0, s.text("region "+strconv.Itoa(i)), 0)
	}
}

func nestedRegions(s *scene, n int) {
	typ := s.text("nested")
	for range n {
		s.event(gotrace.EvUserRegionBegin, 0, typ, 0)
		s.rest("sync")
	}
	for range n {
		s.event(gotrace.EvUserRegionEnd, 0, typ, 0)
	}
}

func waitReasons(s *scene, n int) {
	for range 2 {
		for i := range n {
			s.rest("reason " + strconv.Itoa(i))
		}
	}
}

func startFunctions(s *scene, n int) {
	for i := range n {
		g := uint64(10 + i)
		s.create(g, s.stack(fmt.Sprintf("main.f%d", i)))
		s.block("sync", 0)
		s.start(g)
		s.wake(1)
		s.event(gotrace.EvGoDestroy)
		s.start(1)
	}
}

// earlyTasks has a goroutine work off n tasks that began before the trace.
func earlyTasks(s *scene, n int) { s.earlyTasks(n, true) }

// earlyOpenTasks has it work in them, and not end them.
func earlyOpenTasks(s *scene, n int) { s.earlyTasks(n, false) }

func (s *scene) earlyTasks(n int, end bool) {
	typ := s.text("job")
	for i := range n {
		task := uint64(10 + i)
		s.event(gotrace.EvUserRegionBegin, task, typ, 0)
		s.event(gotrace.EvUserRegionEnd, task, typ, 0)
		if end {
			s.event(gotrace.EvUserTaskEnd, task, 0)
		}
	}
}

func serialTasks(s *scene, n int) {
	typ := s.text("task")
	for i := range n {
		task := uint64(10 + i)
		s.event(gotrace.EvUserTaskBegin, task, 0, typ, 0)
		s.event(gotrace.EvUserTaskEnd, task, 0)
	}
}

func taskTypes(s *scene, n int) {
	for i := range n {
		task := uint64(10 + i)
		s.event(gotrace.EvUserTaskBegin, task, 0, s.text("task "+strconv.Itoa(i)), 0)
		s.rest("sync")
		s.event(gotrace.EvUserTaskEnd, task, 0)
	}
}

func openTasks(s *scene, n int) {
	typ := s.text("task")
	for i := range n {
		s.event(gotrace.EvUserTaskBegin, uint64(10+i), 0, typ, 0)
		s.rest("sync")
	}
}

// chainOfTasks has each task be one of the task before, and the outermost end
// first.
func chainOfTasks(s *scene, n int) {
	typ := s.text("task")
	for i := range n {
		s.event(gotrace.EvUserTaskBegin, uint64(10+i), uint64(9+i), typ, 0)
	}
	for i := range n {
		s.event(gotrace.EvUserTaskEnd, uint64(10+i), 0)
	}
}

// aliveGoroutines has n goroutines begin and wait, and each be woken once.
func aliveGoroutines(s *scene, n int) {
	stack := s.stack("main.worker")
	for i := range n {
		s.create(uint64(10+i), stack)
	}
	for range 2 {
		for i := range n {
			g := uint64(10 + i)
			s.block("sync", 0)
			s.start(g)
			s.wake(1)
			s.block("chan receive", 0)
			s.start(1)
			s.wake(g)
		}
	}
}

// sleepers has n goroutines wait until the trace ends.
func sleepers(s *scene, n int) {
	stack := s.stack("main.sleeper")
	for i := range n {
		s.create(uint64(10+i), stack)
	}
	s.block("sleep", 0)
	for i := range n {
		s.start(uint64(10 + i))
		s.block("sleep", 0)
	}
}

// nameless has a few goroutines run n times in turn. If the generation is cut,
// their slices on the thread wait for names that never come.
func nameless(s *scene, n int) {
	const few = 10
	for g := range uint64(few) {
		s.create(10+g, 0)
	}
	s.block("sync", 0)
	for i := range n {
		s.start(uint64(10 + i%few))
		s.event(gotrace.EvGoStop, s.text("preempted"), 0)
	}
}

func churn(s *scene, n int) {
	stack := s.stack("main.worker")
	for i := range n {
		g := uint64(10 + i)
		s.create(g, stack)
		s.block("sync", 0)
		s.start(g)
		s.wake(1)
		s.event(gotrace.EvGoDestroy)
		s.start(1)
	}
}

// creators has each goroutine create the next, and wait.
func creators(s *scene, n int) {
	stack := s.stack("main.worker")
	for i := range n {
		g := uint64(10 + i)
		s.create(g, stack)
		s.block("select", 0)
		s.start(g)
	}
}

func distinctStacks(s *scene, n int) {
	for i := range n {
		s.block("sync", s.stack("sync.(*Mutex).Lock", fmt.Sprintf("main.f%d", i), "main.main"))
		s.wake(1)
		s.start(1)
	}
}

// cycles has n garbage collections.
func cycles(s *scene, n int) {
	for i := range n {
		s.event(gotrace.EvGCBegin, uint64(2*i+1), 0)
		for _, reason := range []string{"GC sweep termination", "GC mark termination"} {
			s.event(gotrace.EvSTWBegin, s.text(reason), 0)
			s.event(gotrace.EvSTWEnd)
			if reason == "GC sweep termination" {
				s.event(gotrace.EvGCEnd, uint64(2*i+2))
			}
		}
	}
}

func stops(s *scene, n int) {
	for range n {
		s.event(gotrace.EvSTWBegin, s.text("read mem stats"), 0)
		s.event(gotrace.EvSTWEnd)
	}
}

func logCategories(s *scene, n int) {
	for i := range n {
		s.event(gotrace.EvUserLog, 0, s.text("category "+strconv.Itoa(i)), s.text("message"), 0)
	}
}
