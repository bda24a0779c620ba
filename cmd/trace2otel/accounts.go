package main

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"
)

// accounts are the files in which convert says what became of its inputs:
// --report, --junit and --annotations.
type accounts struct {
	report      string
	junit       string
	annotations string
	timings     bool
}

func (a *accounts) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&a.report, "report", "", "write what became of each input to `FILE`, as JSON")
	fs.StringVar(&a.junit, "junit", "", "write it to `FILE` as test runners do: each input a test")
	fs.StringVar(&a.annotations, "annotations", "auto", "`whom` to tell what is wrong: github, none, or auto, which is github in its workflows")
	fs.BoolVar(&a.timings, "timings", false, "have these say how long each input took, which differs from run to run")
}

// check reports flags that make no sense.
func (a *accounts) check() error {
	switch {
	case a.annotations != "auto" && a.annotations != "github" && a.annotations != "none":
		return fmt.Errorf("--annotations is github, none or auto, not %q", a.annotations)
	case a.timings && a.report == "" && a.junit == "":
		return fmt.Errorf("--timings is for --report and --junit")
	}
	return nil
}

func (a *accounts) github() bool {
	return a.annotations == "github" || a.annotations == "auto" && os.Getenv("GITHUB_ACTIONS") == "true"
}

// write writes what there is to write, of jobs that have run.
func (a *accounts) write(c *cli, jobs []job) exitCode {
	if a.report == "" && a.junit == "" && !a.github() {
		return exitOK
	}
	r := newReport(jobs, a.timings)
	code := exitOK
	for _, f := range []struct {
		path   string
		make   func() ([]byte, error)
		syntax syntax
	}{{a.report, r.json, syntaxText}, {a.junit, r.junit, syntaxMarkup}} {
		if f.path == "" {
			continue
		}
		data, err := f.make()
		if err == nil {
			err = c.writeFile(f.path, data, f.syntax)
		}
		if err != nil {
			c.messages.failure("", cannotWrite(f.path, err))
			code = exitFailed
		}
	}
	if a.github() {
		r.annotate(c.messages.w)
		if file := os.Getenv("GITHUB_STEP_SUMMARY"); file != "" {
			if err := r.summarize(file); err != nil {
				c.messages.warning("", fmt.Errorf("no summary of the step: %w", err))
			}
		}
	}
	return code
}

// writeFile writes a small file, as a whole or not at all.
func (c *cli) writeFile(path string, data []byte, s syntax) error {
	f, err := createOutput(path, c.stdout, outputMode{syntax: s}, c.temporary)
	if err != nil {
		return err
	}
	f.Write(data) // its error is f's
	return f.commit()
}
