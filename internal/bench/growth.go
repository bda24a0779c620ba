package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
)

// A growth is how much more instructions a subject takes for a trace of a
// family that is twice as large.
type growth struct {
	family  *family
	subject subject
	once    float64 // for the smaller trace; what an empty one takes is not counted
	twice   float64
	err     error
}

func (g *growth) ratio() float64 { return g.twice / g.once }

// measureGrowth counts the instructions for traces of each family whose name
// matches, of its size and of twice that, and prints how much they grow. It is an
// error if any grow by more than most.
func measureGrowth(pattern string, most float64) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "growth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	var all []*growth
	bases := make(map[string]*base)
	for i := range families {
		f := &families[i]
		if !wanted.MatchString(f.name) {
			continue
		}
		for _, s := range subjects {
			if f.concerns(s.name) {
				all = append(all, &growth{family: f, subject: s})
				bases[s.name] = new(base)
			}
		}
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, newScene().bytes(true), 0o666); err != nil {
		return err
	}
	side := make(chan struct{}, runtime.GOMAXPROCS(0)) // no more processes at a time
	var wg sync.WaitGroup
	for i, g := range all {
		wg.Go(func() {
			side <- struct{}{}
			defer func() { <-side }()
			g.err = g.measure(filepath.Join(dir, fmt.Sprint(i)), bases[g.subject.name].of(g.subject, empty))
		})
	}
	wg.Wait()
	return reportGrowth(all, most)
}

// A base is what a subject takes for an empty trace.
type base struct {
	once         sync.Once
	instructions float64
	err          error
}

func (b *base) of(s subject, path string) *base {
	b.once.Do(func() { b.instructions, b.err = instructions(s, path) })
	return b
}

func (g *growth) measure(path string, b *base) error {
	if b.err != nil {
		return b.err
	}
	defer os.Remove(path)
	for n, to := range map[int]*float64{g.family.n: &g.once, 2 * g.family.n: &g.twice} {
		if err := os.WriteFile(path, g.family.forged(n), 0o666); err != nil {
			return err
		}
		counted, err := instructions(g.subject, path)
		if err != nil {
			return err
		}
		*to = counted - b.instructions
	}
	return nil
}

// reportGrowth prints what was measured.
func reportGrowth(all []*growth, most float64) error {
	var errs []error
	fmt.Printf("%-36s %-12s %8s %12s %7s\n", "", "", "n", "million, 2 n", "growth")
	for _, g := range all {
		if g.err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", g.family.name, g.subject.name, g.err))
			continue
		}
		mark := ""
		if g.ratio() > most {
			mark = "  too much"
			errs = append(errs, fmt.Errorf("%s: %s takes %.2f times as much for twice the trace, more than %.1f",
				g.family.name, g.subject.name, g.ratio(), most))
		}
		fmt.Printf("%-36s %-12s %8d %12.0f %7.2f%s\n", g.family.name, g.subject.name, g.family.n, g.twice/1e6, g.ratio(), mark)
	}
	return errors.Join(errs...)
}
