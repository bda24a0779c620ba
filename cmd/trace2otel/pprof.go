package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/pprofout"
)

// allKinds is the argument of --kind that stands for every profile there is.
const allKinds = "all"

func kindNames(kinds []pprofout.Kind) []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.String())
	}
	return names
}

// kindTable says what each kind counts, for the help.
func kindTable() string {
	var b strings.Builder
	for _, k := range pprofout.Kinds {
		fmt.Fprintf(&b, "  %-8s %s\n", k, k.What())
	}
	return b.String()
}

// pprofOptions are the flags of pprof.
type pprofOptions struct {
	kinds  []string
	compat string
	stack  string
	o      pprofout.Options
}

func pprofFlags(fs *pflag.FlagSet) func(string) ([]output, error) {
	p := pprofOptions{o: pprofout.Options{ToolVersion: version()}}
	fs.StringSliceVar(&p.kinds, "kind", nil, "`profile` to write: "+strings.Join(kindNames(pprofout.Kinds), ", ")+"; or all")
	fs.StringVar(&p.compat, "compat", "", "count as another `program` does: gotool, as go tool trace -pprof")
	fs.StringVar(&p.stack, "stack", "", "`whose` stack waits count at: waiter, waker, or both, the waker's under a frame [woken by];\nsched has the waker's by default, and other waits the waiter's")
	fs.BoolVar(&p.o.ReasonFrames, "reason-frames", false, "put a frame onto each stack for what the goroutine waited for, like [chan receive]")
	fs.Var(pattern{&p.o.Goroutine}, "goroutine", "count only goroutines whose start function matches `REGEX`")
	fs.Var(pattern{&p.o.Task}, "task", "count only time in tasks, and their subtasks, whose type matches `REGEX`")
	fs.Var(pattern{&p.o.Region}, "region", "count only time in regions, and those within, whose type matches `REGEX`")
	fs.IntVar(&p.o.CPURate, "cpu-rate", pprofout.DefaultCPURate, "samples a second that the CPU profiler was set to take, in `Hz`")
	return func(string) ([]output, error) {
		kinds, err := p.selected(fs)
		if err != nil {
			return nil, err
		}
		if err := p.check(fs, kinds); err != nil {
			return nil, err
		}
		return p.outputs(kinds), nil
	}
}

// selected returns the kinds that --kind names, or that there are.
func (p *pprofOptions) selected(fs *pflag.FlagSet) ([]pprofout.Kind, error) {
	every := pprofout.Kinds
	switch {
	case p.compat != "" && p.compat != "gotool":
		return nil, fmt.Errorf("--compat can only be gotool, not %q", p.compat)
	case p.compat != "":
		every = pprofout.GoToolKinds
	}
	switch {
	case !fs.Changed("kind"):
		return every, nil
	case len(p.kinds) == 0:
		return nil, errors.New("--kind is empty")
	}
	var kinds []pprofout.Kind
	for _, name := range p.kinds {
		named := every
		if name != allKinds {
			kind, err := pprofout.ParseKind(name)
			if err != nil {
				return nil, hinted{fmt.Errorf("there is no profile %q", name), "the profiles are " + strings.Join(kindNames(pprofout.Kinds), ", ") + ", and all"}
			}
			if !slices.Contains(every, kind) {
				return nil, hinted{fmt.Errorf("go tool trace has no profile %q", name), "with --compat gotool, the profiles are " + strings.Join(kindNames(every), ", ")}
			}
			named = []pprofout.Kind{kind}
		}
		for _, k := range named {
			if !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds, nil
}

// pprofFlagUses says of flags which profiles they change.
var pprofFlagUses = []struct {
	flag  string
	kinds []pprofout.Kind
}{
	{"stack", []pprofout.Kind{pprofout.Net, pprofout.Sync, pprofout.Sched, pprofout.Wait}},
	{"reason-frames", []pprofout.Kind{pprofout.Net, pprofout.Sync, pprofout.Sched, pprofout.Wait, pprofout.Wall, pprofout.GC}},
	{"cpu-rate", []pprofout.Kind{pprofout.CPU}},
	{"goroutine", pprofout.Kinds},
	{"task", pprofout.Kinds},
	{"region", pprofout.Kinds},
}

// check returns an error if a flag has no use for kinds, or no such value.
func (p *pprofOptions) check(fs *pflag.FlagSet, kinds []pprofout.Kind) (err error) {
	for _, use := range pprofFlagUses {
		switch {
		case !fs.Changed(use.flag):
		case p.compat != "":
			return fmt.Errorf("--%s and --compat exclude each other: go tool trace has nothing of the kind", use.flag)
		case !slices.ContainsFunc(kinds, func(k pprofout.Kind) bool { return slices.Contains(use.kinds, k) }):
			return fmt.Errorf("--%s is for the profiles %s", use.flag, strings.Join(kindNames(use.kinds), ", "))
		}
	}
	if fs.Changed("stack") {
		if p.o.Stack, err = pprofout.ParseStack(p.stack); err != nil {
			return fmt.Errorf("--stack is waiter, waker or both, not %q", p.stack)
		}
	}
	if p.o.CPURate < 1 || p.o.CPURate > 1e9 {
		return fmt.Errorf("--cpu-rate cannot be %d", p.o.CPURate)
	}
	if p.o.Compat = p.compat != ""; p.o.Compat {
		p.o.CPURate = 0 // it has no such profile
	}
	return nil
}

// outputs returns an output for each of kinds, all of one sink.
func (p *pprofOptions) outputs(kinds []pprofout.Kind) (outs []output) {
	all := set(func(ws []io.Writer) convert.Sink {
		var to []pprofout.Output
		for i, w := range ws {
			to = append(to, pprofout.Output{Kind: kinds[i], W: w})
		}
		return pprofout.NewSet(to, p.o)
	})
	for _, k := range kinds {
		outs = append(outs, output{ext: "." + k.String() + ".pb.gz", asGo: p.o.Compat, set: &all})
	}
	return outs
}

// A pattern is a flag that takes a regular expression.
type pattern struct{ re **regexp.Regexp }

func (p pattern) Type() string { return "REGEX" }

func (p pattern) String() string {
	if p.re == nil || *p.re == nil {
		return ""
	}
	return (*p.re).String()
}

// Set takes an expression.
func (p pattern) Set(text string) error {
	re, err := regexp.Compile(text)
	if err != nil {
		return err
	}
	*p.re = re
	return nil
}
