package meaning

import "strings"

// Unknown finds wrappers that no table knows, by two exact rules on what the
// roots of a trace call. Feed it the stacks of a generation before its events
// are told: then it answers for all goroutines of that generation.
//
// Let R be a start function, behind known wrappers or the root itself, and C
// the function that R calls.
//
// Call site: one line of R calls two or more functions, but one goroutine sees
// only one of them. Then the call is of a function value, and C is what was
// given: a static call cannot do that. A goroutine that sees two functions at
// one line is a pool's worker and keeps its root. Functions of std are left to the
// tables (two calls may stand in one line); so is a C without a name.
//
// Foreign closure: C is a function literal that R's outer function does not
// enclose; or C is in package main and R is not; or C is in the package that
// called the wrapper, which R cannot import. R must not wait itself, and not be
// main.main: loops that call callbacks do.
//
// It grows with the lines of start functions, and with live goroutines: see Forget.
type Unknown struct {
	lines map[startLine]*callSite
	waits map[string]bool                // start functions that wait themselves
	seen  map[int64]map[*callSite]string // by goroutine: what each line of its start function called
}

type startLine struct {
	fn   string
	line int
}

// A callSite is what one line of a start function calls.
type callSite struct {
	first   string
	several bool // goroutines differ in what they see
	pool    bool // one goroutine sees several
}

// NewUnknown returns an Unknown that has seen nothing.
func NewUnknown() *Unknown {
	return &Unknown{
		lines: make(map[startLine]*callSite),
		waits: make(map[string]bool),
		seen:  make(map[int64]map[*callSite]string),
	}
}

// Add tells of a stack that a goroutine had. Facts of stacks of CPU samples
// have no root: they change nothing.
func (u *Unknown) Add(goroutine int64, f *Facts) {
	if f == nil || f.Root == "" || f.known {
		return
	}
	if f.startWaits {
		u.waits[f.Start.Func] = true
	}
	if f.callee.Func == "" || f.startWaits {
		return
	}
	at := startLine{f.Start.Func, f.Start.Line}
	site := u.lines[at]
	if site == nil {
		site = &callSite{first: f.callee.Func}
		u.lines[at] = site
	}
	if site.first != f.callee.Func {
		site.several = true
	}
	calls := u.seen[goroutine]
	if calls == nil {
		calls = make(map[*callSite]string)
		u.seen[goroutine] = calls
	}
	if before, ok := calls[site]; ok && before != f.callee.Func {
		site.pool = true
	}
	calls[site] = f.callee.Func
}

// Forget drops what it keeps of a goroutine that has ended.
func (u *Unknown) Forget(goroutine int64) { delete(u.seen, goroutine) }

// Start returns the function that a goroutine was begun for, if that
// which this stack shows is an unknown wrapper: the frame that it calls.
// creator, the stack of its creation, may be nil.
func (u *Unknown) Start(f, creator *Facts) (Frame, bool) {
	if f == nil || f.known || f.callee.Func == "" || f.startWaits {
		return Frame{}, false
	}
	site := u.lines[startLine{f.Start.Func, f.Start.Line}]
	if site == nil || site.pool {
		return Frame{}, false
	}
	if site.several || !u.waits[f.Start.Func] && f.foreign(creator) {
		return f.callee, true
	}
	return Frame{}, false
}

// Name is [Tables.Name] with the wrappers that u found.
func (u *Unknown) Name(t *Tables, f, creator *Facts) Name {
	if start, ok := u.Start(f, creator); ok {
		return Name{Func: Clean(start.Func), Via: Clean(f.Start.Func), Source: FromBelow}
	}
	return t.Name(f, creator)
}

// foreign reports whether the start function cannot have called its callee by name.
func (f *Facts) foreign(creator *Facts) bool {
	if f.Root == "main.main" || f.Root == "runtime.main" {
		return false
	}
	start, callee := packagePath(f.Start.Func), packagePath(f.callee.Func)
	if callee == "main" && start != "main" {
		return true
	}
	if isClosure(f.callee.Func) {
		if strings.HasSuffix(f.callee.Func, "-fm") {
			return true
		}
		outer := outermost(Clean(f.Start.Func))
		return !strings.HasPrefix(Clean(f.callee.Func), outer+".")
	}
	if creator == nil || start == callee {
		return false
	}
	// The creator's first frame outside of the start's package called the wrapper.
	return creator.outside(start) == callee
}

// outside returns the package of the first frame of the program that is not of
// package pkg, "" if there is none.
func (f *Facts) outside(pkg string) string {
	for _, p := range f.packages {
		if p != pkg {
			return p
		}
	}
	return ""
}

// findStart keeps of a stack what Unknown asks for: the frame at start and the
// one that it calls.
func (f *Facts) findStart(t *Tables, frames []Frame, start int, std *Std) {
	f.known = f.wrapped && !f.below || f.export != "" || f.isTest || f.Class != ProgramClass ||
		std.Is(f.Start) || t.isPool(f.Root)
	if start > 0 && !std.Is(frames[start-1]) {
		f.callee = frames[start-1]
	}
	f.startWaits = true
	for _, x := range frames[:start] {
		f.startWaits = f.startWaits && std.Is(x)
	}
	for _, x := range frames {
		if std.Is(x) {
			continue
		}
		p := packagePath(x.Func)
		if n := len(f.packages); n == 0 || f.packages[n-1] != p {
			f.packages = append(f.packages, p)
		}
		if len(f.packages) == 4 { // the first that differs from one is among two
			break
		}
	}
}
