package meaning

import "strings"

// Unknown finds wrappers that no table knows, by two exact rules on what the
// roots of a trace call. Feed it the stacks of a generation before its events
// are told: then it answers for all goroutines of that generation.
//
// Let R be a root and C the function that R calls.
//
// Call site: one line of R calls two or more functions, but one goroutine sees
// only one of them. Then the call is of a function value, and C is what was
// given: a static call cannot do that. A goroutine that sees two functions at
// one line is a pool's worker and keeps its root. Roots in std are left to the
// tables (two calls may stand in one line); so is a C without a name.
//
// Foreign closure: C is a function literal that R's outer function does not
// enclose; or C is in package main and R is not; or C is in the package that
// called the wrapper, which R cannot import. R must not wait itself, and not be
// main.main: loops that call callbacks do.
//
// It grows with the lines of roots, and with live goroutines: see Forget.
type Unknown struct {
	lines map[rootLine]*callSite
	waits map[string]bool                // roots that wait themselves
	seen  map[int64]map[*callSite]string // by goroutine: what each line of its root called
}

type rootLine struct {
	fn   string
	line int
}

// A callSite is what one line of a root calls.
type callSite struct {
	first   string
	several bool // goroutines differ in what they see
	pool    bool // one goroutine sees several
}

// NewUnknown returns an Unknown that has seen nothing.
func NewUnknown() *Unknown {
	return &Unknown{
		lines: make(map[rootLine]*callSite),
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
	if f.rootWaits {
		u.waits[f.Root] = true
	}
	if f.callee.Func == "" || f.rootWaits {
		return
	}
	at := rootLine{f.Root, f.root.Line}
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

// Start returns the function that a goroutine was begun for, if the root of
// this stack of it is an unknown wrapper: the frame that the root calls.
// creator, the stack of its creation, may be nil.
func (u *Unknown) Start(f, creator *Facts) (Frame, bool) {
	if f == nil || f.known || f.callee.Func == "" || f.rootWaits {
		return Frame{}, false
	}
	site := u.lines[rootLine{f.Root, f.root.Line}]
	if site == nil || site.pool {
		return Frame{}, false
	}
	if site.several || !u.waits[f.Root] && f.foreign(creator) {
		return f.callee, true
	}
	return Frame{}, false
}

// Name is [Tables.Name] with the wrappers that u found.
func (u *Unknown) Name(t *Tables, f, creator *Facts) Name {
	if start, ok := u.Start(f, creator); ok {
		return Name{Func: Clean(start.Func), Via: Clean(f.Root), Source: FromBelow}
	}
	return t.Name(f, creator)
}

// foreign reports whether the root cannot have called its callee by name.
func (f *Facts) foreign(creator *Facts) bool {
	if f.Root == "main.main" || f.Root == "runtime.main" {
		return false
	}
	root, callee := packagePath(f.Root), packagePath(f.callee.Func)
	if callee == "main" && root != "main" {
		return true
	}
	if isClosure(f.callee.Func) {
		if strings.HasSuffix(f.callee.Func, "-fm") {
			return true
		}
		outer := outermost(Clean(f.Root))
		return !strings.HasPrefix(Clean(f.callee.Func), outer+".")
	}
	if creator == nil || root == callee {
		return false
	}
	// The creator's first frame outside of the root's package called the wrapper.
	return creator.outside(root) == callee
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

// findOutermost keeps of a stack what Unknown asks for.
func (f *Facts) findOutermost(t *Tables, frames []Frame, std *Std) {
	last := len(frames) - 1
	f.root = frames[last]
	f.known = f.wrapped || f.Class != ProgramClass || std.Is(f.root) || t.isPool(f.Root)
	if last > 0 && !std.Is(frames[last-1]) {
		f.callee = frames[last-1]
	}
	f.rootWaits = true
	for _, x := range frames[:last] {
		f.rootWaits = f.rootWaits && std.Is(x)
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
