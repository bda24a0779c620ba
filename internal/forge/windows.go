package forge

import (
	"bytes"
	"encoding/binary"
)

// Windows returns a trace of Go 1.22 to 1.24 as if it had been recorded on
// Windows: its source files are in C:, and its clock has so many ticks a second.
// If paths is false, only the clock is another.
func Windows(trace []byte, ticks uint64, paths bool) []byte {
	out := bytes.Clone(trace[:16])
	for rest := trace[16:]; len(rest) > 0; {
		var head [4]uint64 // generation, thread, time, size
		off := 1
		for i := range head {
			n := 0
			head[i], n = binary.Uvarint(rest[off:])
			off += n
		}
		typ, data := rest[0], rest[off:off+int(head[3])]
		rest = rest[off+len(data):]
		switch {
		case typ != 1 || len(data) == 0:
		case data[0] == 8: // the frequency
			data = binary.AppendUvarint([]byte{8}, ticks)
		case data[0] == 4 && paths:
			data = windowsStrings(data)
		}
		out = append(out, typ)
		for _, v := range head[:3] {
			out = binary.AppendUvarint(out, v)
		}
		out = binary.AppendUvarint(out, uint64(len(data)))
		out = append(out, data...)
	}
	return out
}

// windowsStrings puts the source files in a batch of strings into C:.
func windowsStrings(data []byte) []byte {
	out := data[:1:1]
	for rest := data[1:]; len(rest) > 0; {
		id, n := binary.Uvarint(rest[1:])
		size, k := binary.Uvarint(rest[1+n:])
		s := rest[1+n+k:][:size]
		rest = rest[1+n+k+len(s):]
		if bytes.HasSuffix(s, []byte(".go")) {
			s = append([]byte("C:"), s...)
		}
		out = append(out, 5)
		out = binary.AppendUvarint(out, id)
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	return out
}
