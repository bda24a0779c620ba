package meaning

import "strings"

// rawCalls are the functions that enter the kernel, whatever for.
var rawCalls = map[string]bool{
	"syscall.Syscall": true, "syscall.Syscall6": true, "syscall.Syscall9": true, "syscall.SyscallN": true,
	"syscall.RawSyscall": true, "syscall.RawSyscall6": true, "syscall.rawSyscallNoError": true,
	"syscall.syscall": true, "syscall.syscall6": true, "syscall.syscalln": true,
	"runtime.entersyscall": true, "runtime.entersyscallblock": true, "runtime.cgocall": true,
	"runtime.systemstack_switch": true, "runtime.asmcgocall": true,
	"internal/runtime/syscall.Syscall6": true, "runtime/internal/syscall.Syscall6": true,
	"internal/runtime/syscall/linux.Syscall6": true,
}

// systemRows are the causes of blocked system calls by a frame of the leaf part.
var systemRows = map[string]Cause{
	"syscall.Nanosleep": Sleep,
	"time.Sleep":        Sleep, // read: js and Plan 9

	"os/signal.signal_recv":                   Signal,
	"os/signal.loop":                          Signal,
	"internal/syscall/unix.Waitid":            ChildProcess, // below os.(*Process).pidfdWait, Go 1.24 and later
	"os.(*Process).pidfdWait":                 ChildProcess,
	"os.(*Process).blockUntilWaitable":        ChildProcess,
	"syscall.Wait4":                           ChildProcess,
	"syscall.wait4":                           ChildProcess,
	"runtime/pprof.readProfile":               Profiler,
	"runtime/pprof.runtime_pprof_readProfile": Profiler, // read
	"runtime.(*profBuf).read":                 Profiler,
	"runtime.timerproc":                       RuntimeIdle, // to Go 1.13
	"runtime.notetsleepg":                     RuntimeIdle,

	"syscall.Fsync":     FileSync,
	"syscall.Fdatasync": FileSync,
	"syscall.fdatasync": FileSync,

	"net._C2func_getaddrinfo": NameLookup, // by C
	"net._C2func_res_nsearch": NameLookup, // read
}

// reads and writes are the calls that move data; the frames above say of what.
var (
	reads = map[string]bool{
		"syscall.read": true, "syscall.Read": true, "syscall.pread": true, "syscall.Pread": true, "syscall.pread64": true,
		"syscall.recvfrom": true, "syscall.recvmsg": true, "syscall.ReadFile": true, "syscall.readlen": true,
	}
	writes = map[string]bool{
		"syscall.write": true, "syscall.Write": true, "syscall.pwrite": true, "syscall.Pwrite": true, "syscall.pwrite64": true,
		"syscall.sendto": true, "syscall.sendmsg": true, "syscall.WriteFile": true, "syscall.Splice": true,
		"syscall.splice": true, "syscall.sendfile": true, "syscall.Sendfile": true, "internal/poll.writev": true,
	}
	accepts = map[string]bool{"syscall.accept": true, "syscall.accept4": true, "syscall.Accept": true, "syscall.Accept4": true}
)

// SystemCause returns what a system call is for that was begun at the stack of
// f, which may be nil: [SystemCall] if nothing more is known.
func (f *Facts) SystemCause() Cause {
	if f == nil || f.system == UnknownCause {
		return SystemCall
	}
	return f.system
}

// systemCause tells system calls apart by their innermost frames.
func systemCause(frames []Frame) Cause {
	i := 0
	for i < len(frames) && rawCalls[frames[i].Func] {
		i++
	}
	if i == len(frames) {
		return UnknownCause
	}
	rest := frames[i:]
	for _, x := range rest[:min(3, len(rest))] {
		if c, ok := systemRows[x.Func]; ok {
			return c
		}
		if strings.Contains(x.Func, "._Cfunc_") || strings.Contains(x.Func, "._C2func_") {
			return CCall
		}
	}
	switch fn := rest[0].Func; {
	case accepts[fn]:
		return Accept
	case fn == "syscall.connect", fn == "syscall.Connect":
		return Dial
	case reads[fn]:
		return ofWhat(rest, NetworkRead, FileRead)
	case writes[fn]:
		return ofWhat(rest, NetworkWrite, FileWrite)
	}
	return UnknownCause
}

// ofWhat returns the cause for a network or a file by the frames of net and os.
// Calls of package syscall by the program itself are of neither, for all that
// is known.
func ofWhat(frames []Frame, network, file Cause) Cause {
	for _, x := range frames {
		switch {
		case strings.HasPrefix(x.Func, "net."):
			return network
		case strings.HasPrefix(x.Func, "os.(*File)."):
			return file
		}
	}
	return UnknownCause
}
