package meaning

import "strings"

// A Source says what the name of a goroutine was taken from.
type Source uint8

const (
	NoSource     Source = iota // no stack of it is known
	FromRoot                   // the start function itself
	FromBelow                  // the function directly below a wrapper
	FromCreator                // the function that created it: nothing stands below the wrapper
	FromIterator               // the function that an iterator runs
	FromExport                 // the function that C calls
)

// A Name is what a goroutine is called.
type Name struct {
	Func   string // to be shown: see Clean
	Via    string // the wrapper at the root, "" if there is none
	Line   int    // of Func, with FromCreator; else 0
	Source Source
}

// String returns the name with the wrapper beside it, "readRows (via
// main.(*group).run.func1)", or with what it was taken from.
func (n Name) String() string {
	switch {
	case n.Source == NoSource:
		return "unknown"
	case n.Source == FromCreator && n.Via == corostart:
		return "iterator begun in " + n.Func
	case n.Source == FromCreator:
		return n.Via + ", begun in " + n.Func
	case n.Source == FromIterator:
		return "iterator " + n.Func
	case n.Via != "":
		return n.Func + " (via " + n.Via + ")"
	}
	return n.Func
}

// TimerCreator stands for the creator of a goroutine that a timer began.
const TimerCreator = "a timer"

const (
	corostart    = "runtime.corostart"
	cgocallback  = "runtime.cgocallback"
	exportPrefix = "_cgoexp_" // and 12 hexadecimal digits, _, the function's name
)

// Name returns the name of a goroutine from one of its stacks and from the
// stack of its creation; both may be nil. A stack shows the function below a
// wrapper or does not, so another one may give a better name: see [Name.Better].
func (t *Tables) Name(f, creator *Facts) Name {
	if f == nil || f.Root == "" {
		return Name{}
	}
	root := Clean(f.Root)
	switch {
	case f.export != "":
		return Name{Func: f.export, Via: root, Source: FromExport}
	case f.below && f.Root == corostart:
		return Name{Func: Clean(f.Start.Func), Via: root, Source: FromIterator}
	case f.below:
		return Name{Func: Clean(f.Start.Func), Via: root, Source: FromBelow}
	case f.wrapped && creator != nil && f.Root == corostart && creator.pull.Func != "":
		return Name{Func: Clean(creator.pull.Func), Line: creator.pull.Line, Via: root, Source: FromCreator}
	case f.wrapped && creator != nil && creator.Site.Func != "":
		return Name{Func: Clean(creator.Site.Func), Line: creator.Site.Line, Via: root, Source: FromCreator}
	}
	return Name{Func: root, Source: FromRoot}
}

// Better reports whether n says more of a goroutine than o, which another stack
// of it gave.
func (n Name) Better(o Name) bool { return n.rank() > o.rank() }

func (n Name) rank() int {
	return [...]int{NoSource: 0, FromRoot: 1, FromCreator: 2, FromBelow: 3, FromIterator: 3, FromExport: 3}[n.Source]
}

// ByTimer reports whether a timer began a goroutine with this root. Nobody says
// that its creation, seen in the trace, was no goroutine's. To Go 1.13 timers
// had a goroutine of their own, which creator, which may be nil, tells.
func ByTimer(root string, nobody bool, creator *Facts) bool {
	if nobody {
		return root != cgocallback && root != ""
	}
	return creator != nil && creator.Root == "runtime.timerproc"
}

// InIterator returns what a coroutine switch to a goroutine of this name is for.
func InIterator(n Name) string {
	if n.Func == "" {
		return "in an iterator"
	}
	if n.Source == FromCreator {
		return "in an " + n.String()
	}
	return "in iterator " + n.Func
}

// Clean returns a function's name as people write it: without the suffixes
// that the compiler gives to wrappers and to bodies of loops, without the path
// of a vendor folder, and with dots for %2e.
func Clean(fn string) string {
	fn = matchName(fn)
	for {
		cut := cutSuffix(fn)
		if cut == fn {
			break
		}
		fn = cut
	}
	if strings.Contains(fn, "%2e") {
		fn = strings.ReplaceAll(fn, "%2e", ".")
	}
	return fn
}

// cutSuffix cuts one of .gowrapN, .deferwrapN, -rangeN and -fm.
func cutSuffix(fn string) string {
	digits := strings.TrimRight(fn, "0123456789")
	for _, suffix := range [...]string{".gowrap", ".deferwrap", "-range"} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok && rest != "" && len(digits) < len(fn) {
			return rest
		}
	}
	return strings.TrimSuffix(fn, "-fm")
}

// Definer returns the last function in the name of a closure, names for
// main.main.names.func53: to Go 1.26 a closure whose function is inlined is
// named after the caller too, so that this is what names of two versions have
// in common. It reports false for functions that are no closures.
func Definer(fn string) (string, bool) {
	fn = Clean(fn)
	outer := outermost(fn)
	if outer == fn {
		return fn, false
	}
	name := outer[min(len(packagePath(outer))+1, len(outer)):]
	if i := strings.LastIndex(name, ".(*"); i >= 0 {
		return name[i+1:], true
	}
	if strings.HasPrefix(name, "(*") {
		return name, true
	}
	return name[strings.LastIndexByte(strings.TrimSuffix(name, "[...]"), '.')+1:], true
}

// outermost returns the function that encloses a closure: fn without its last
// elements that are funcN or a number. Other functions it returns as they are.
func outermost(fn string) string {
	for {
		i := strings.LastIndexByte(fn, '.')
		if i < 0 {
			return fn
		}
		last := strings.TrimPrefix(fn[i+1:], "func")
		if last == "" || strings.Trim(last, "0123456789") != "" {
			return fn
		}
		fn = fn[:i]
	}
}

// isClosure reports whether fn is a function literal or a method value.
func isClosure(fn string) bool {
	return strings.HasSuffix(fn, "-fm") || outermost(Clean(fn)) != Clean(fn)
}

// exported returns the function that C calls, from the frames of a goroutine of
// a C thread: what follows the digits of _cgoexp_…_name, with its package if
// the frame below has it.
func exported(frames []Frame) string {
	for i := len(frames) - 1; i >= 0; i-- {
		rest, ok := strings.CutPrefix(frames[i].Func, exportPrefix)
		if !ok {
			continue
		}
		_, name, ok := strings.Cut(rest, "_")
		if !ok {
			return ""
		}
		if i > 0 && strings.HasSuffix(frames[i-1].Func, "."+name) {
			return Clean(frames[i-1].Func)
		}
		return name
	}
	return ""
}
