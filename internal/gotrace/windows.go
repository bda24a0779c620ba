package gotrace

import "bytes"

// On Windows the trace's clock is the processor's counter, divided by 256, since
// the system's has no better resolution than 0.5 ms. Go 1.22.0 forgot to divide
// the frequency too (golang/go#65997), so all times of its traces are 256 times
// too short: sleeps of a second last 3.9 ms, and so do generations.
//
// Such a trace is known by three things together: its format is that of Go 1.22,
// its files are Windows', and its frequency is a processor's. No other trace of
// Go 1.22 has such a one: there are 15,625,000 ticks a second where times come
// from the system, and on Windows 5 to 25 million. How long generations last is
// no sign: GODEBUG=traceadvanceperiod sets it.

// windowsFactor is what times of Go 1.22.0 on Windows have to be multiplied by.
const windowsFactor = 256

// undivided is a frequency, as ns per tick, that a clock divided by 256 cannot
// have: the counter would count 25 billion times a second.
const undivided = 10

// rescale corrects the clock of a generation if the trace is of Go 1.22.0 on
// Windows. The first generation decides: times must not change their scale within
// a trace.
func (r *Reader) rescale(g *generation) {
	if r.split.version != go122 || r.order.squeeze {
		return
	}
	c := &g.clock
	if r.order.ordinal == 0 && c.freq < undivided && g.ofWindows() {
		r.factor = windowsFactor
	}
	if r.factor != 0 && c.freq < undivided {
		c.freq *= windowsFactor
		c.whole, c.limit = 0, 0
	}
}

// Factor returns what the times of the trace were multiplied by, if it was
// recorded by Go 1.22.0 on Windows, which writes them too short; 0 if they are
// as they were written.
func (r *Reader) Factor() int64 { return r.factor }

// ofWindows reports whether one of the generation's strings is a source file's
// path of Windows, or a source file for it.
func (g *generation) ofWindows() bool {
	for slot := 1; slot < g.strings.slots(); slot++ {
		if (g.strings.sparse || g.strings.dense[slot] != 0) && windowsFile(g.bytes(uint32(slot))) {
			return true
		}
	}
	return false
}

func windowsFile(path []byte) bool {
	if !bytes.HasSuffix(path, []byte(".go")) && !bytes.HasSuffix(path, []byte(".s")) {
		return false
	}
	path = path[:bytes.LastIndexByte(path, '.')]
	for _, end := range []string{"_windows", "_windows_386", "_windows_amd64", "_windows_arm", "_windows_arm64"} {
		if bytes.HasSuffix(path, []byte(end)) {
			return true
		}
	}
	drive := len(path) > 3 && path[1] == ':' && (path[2] == '/' || path[2] == '\\')
	return drive && (path[0]|0x20 >= 'a' && path[0]|0x20 <= 'z')
}
