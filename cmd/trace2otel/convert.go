package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/internal/input"
)

// newConvert returns the command that makes several outputs of each of several
// inputs.
func (c *cli) newConvert() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "convert INPUT... --to FORMAT,... --out DIR",
		Short:   "Write several outputs of one or more traces, each trace read once",
		Long:    fmt.Sprintf(convertLong, namesTable()) + assertLong,
		Example: convertExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return hinted{errors.New("which traces?"), "name some, or pass - for standard input"}
			}
			return nil
		},
	}
	var b batch
	cmd.Flags().StringSliceVar(&b.to, "to", nil, "`formats` to write: "+strings.Join(formatNames(), ","))
	cmd.Flags().StringVar(&b.dir, "out", "", "`folder` to write to; it is made if absent")
	cmd.Flags().BoolVar(&b.force, "force", false, "replace files that exist")
	cmd.Flags().IntVarP(&b.workers, "jobs", "j", runtime.GOMAXPROCS(0), "convert `N` inputs at once, as far as memory allows")
	cmd.Flags().BoolVar(&b.failFast, "fail-fast", false, "begin with no more inputs after one that fails")
	for i := range formats {
		ch := newChoice(&formats[i])
		b.choices = append(b.choices, ch)
		addShared(cmd.Flags(), ch.flags)
	}
	c.addCommon(cmd.Flags(), "until")
	c.assertions.addFlags(cmd.Flags())
	b.accounts.addFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkOutputFlags(cmd.Flags()); err != nil {
			return err
		}
		outs, err := b.outputs()
		if err != nil {
			return err
		}
		jobs, err := b.plan(c, outs, c.sources(cmd.Context(), args))
		if err != nil {
			return err
		}
		if err := errors.Join(c.checkInputs(args, "until"), c.assertions.check()); err != nil {
			return err
		}
		if err := b.vacant(c, jobs); err != nil {
			c.messages.failure("", err)
			c.code = exitFailed
			return nil
		}
		c.limits.hashed = b.accounts.report != ""
		c.code = pool{b.workers, b.failFast}.run(cmd.Context(), c, jobs)
		c.code = worse(c.code, b.accounts.write(c, jobs))
		return nil
	}
	return cmd
}

// namesTable says how the outputs of each format are named, for the help.
func namesTable() string {
	var b strings.Builder
	for _, f := range formats {
		fmt.Fprintf(&b, "  %-9s NAME%s\n", f.name, f.names)
	}
	return b.String()
}

// A batch is what the flags of convert say.
type batch struct {
	to       []string
	dir      string
	force    bool
	workers  int
	failFast bool
	accounts accounts
	choices  []choice // there are, in the order of the table of formats
}

// A choice is a format that convert can be told to write.
type choice struct {
	*format
	flags   *pflag.FlagSet
	outputs func(file string) ([]output, error)
}

func newChoice(f *format) choice {
	fs := pflag.NewFlagSet(f.name, pflag.ContinueOnError)
	fs.SortFlags = false
	outputs := f.flags(fs)
	fs.VisitAll(func(flag *pflag.Flag) { flag.Usage = f.name + ": " + flag.Usage })
	return choice{f, fs, outputs}
}

// addShared adds the flags of a format to those of others. One that several
// have sets all of them.
func addShared(all, flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) {
		first := all.Lookup(flag.Name)
		if first == nil {
			all.AddFlag(flag)
			return
		}
		first.Value = sharedValue{first.Value, flag}
		first.Usage += "\n" + flag.Usage
	})
}

// A sharedValue is that of a flag, and of another of the same name.
type sharedValue struct {
	pflag.Value
	also *pflag.Flag
}

func (v sharedValue) Set(text string) error {
	if err := v.Value.Set(text); err != nil {
		return err
	}
	v.also.Changed = true
	return v.also.Value.Set(text)
}

// idle returns an error if a flag is set that no chosen format has: it would do
// nothing.
func (b *batch) idle() (err error) {
	used := make(map[string]bool)
	for _, ch := range b.choices {
		if slices.Contains(b.to, ch.name) {
			ch.flags.VisitAll(func(flag *pflag.Flag) { used[flag.Name] = true })
		}
	}
	for _, ch := range b.choices {
		ch.flags.VisitAll(func(flag *pflag.Flag) {
			if flag.Changed && !used[flag.Name] && err == nil {
				err = fmt.Errorf("--%s is for %s, which --to does not name", flag.Name, ch.name)
			}
		})
	}
	return err
}

// plan makes a job of each input. Its errors are those that the command line
// has in itself.
func (b *batch) plan(c *cli, outs []output, sources []source) ([]job, error) {
	var inputs []string
	for _, s := range sources {
		inputs = append(inputs, s.file())
	}
	var jobs []job
	existing := statInputs(inputs)
	taken := make(claims)
	for _, s := range sources {
		j := b.job(outs, s, taken)
		for _, t := range j.targets {
			if err := existing.spare(t.path); err != nil {
				return nil, err
			}
		}
		if err := j.check(&c.start); err != nil {
			return nil, err
		}
		j.unpack = func(a *input.Archive) (all []job) {
			taken := make(claims)
			for _, m := range members(a, s.input, s.dir) {
				next := b.job(outs, m, taken)
				if next.err == nil {
					next.err = next.makeFolders()
				}
				all = append(all, next)
			}
			return all
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// job makes a job of a source. If it cannot be one, that is its error.
func (b *batch) job(outs []output, s source, taken claims) job {
	j := job{input: s.input, member: s.member, err: s.err, outcome: new(outcome)}
	if j.err == nil {
		j.err = taken.claim(&s, b.dir, outs)
	}
	if j.err != nil {
		return j
	}
	for _, o := range outs {
		j.targets = append(j.targets, target{output: o, path: s.output(b.dir, o), keep: !b.force})
	}
	return j
}

// output returns the path of an output of a source.
func (s *source) output(dir string, o output) string {
	return filepath.Join(dir, s.dir, s.base()+o.ext)
}

// claims are the paths of outputs that inputs have, by the input.
type claims map[string]string

// claim takes the outputs of a source, all or none: an error says which input has
// one of them.
func (c claims) claim(s *source, dir string, outs []output) error {
	for _, o := range outs {
		path := s.output(dir, o)
		switch other, taken := c[path]; {
		case taken && other == s.input:
			return errors.New("is named twice, and converted once")
		case taken:
			return hinted{
				fmt.Errorf("would become %s, as %s does", printable(path), displayName(other)),
				"convert them to different folders",
			}
		}
	}
	for _, o := range outs {
		c[s.output(dir, o)] = s.input
	}
	return nil
}

// outputs returns what to make of each input, or the error that the flags have
// in themselves.
func (b *batch) outputs() ([]output, error) {
	switch {
	case len(b.to) == 0:
		return nil, hinted{errors.New("to what?"), "pass --to, with some of " + strings.Join(formatNames(), ",")}
	case b.dir == "":
		return nil, hinted{errors.New("where to?"), "pass --out, with a folder"}
	}
	if err := b.accounts.check(); err != nil {
		return nil, err
	}
	if b.workers < 1 {
		return nil, fmt.Errorf("--jobs cannot be %d", b.workers)
	}
	return b.selected()
}

// selected returns the outputs of the formats that --to names, in the order of
// the table.
func (b *batch) selected() (outs []output, err error) {
	names := formatNames()
	for _, name := range b.to {
		if !slices.Contains(names, name) {
			return nil, hinted{fmt.Errorf("there is no format %q", name), "the formats are " + strings.Join(names, ", ")}
		}
	}
	if err := b.idle(); err != nil {
		return nil, err
	}
	for _, ch := range b.choices {
		if !slices.Contains(b.to, ch.name) {
			continue
		}
		o, err := ch.outputs("")
		if err != nil {
			return nil, err
		}
		outs = append(outs, o...)
	}
	return outs, nil
}

// vacant sees to it that the folder is there and, unless forced, that no output
// is.
func (b *batch) vacant(c *cli, jobs []job) error {
	for _, j := range jobs {
		for _, t := range j.targets {
			if b.force {
				break
			}
			switch _, err := os.Lstat(t.path); {
			case err == nil:
				return hinted{fmt.Errorf("%s exists already", t.path), "pass --force to replace what exists"}
			case !errors.Is(err, fs.ErrNotExist):
				return cannotWrite(t.path, withoutPath(err))
			}
		}
	}
	if err := makeFolder(b.dir); err != nil {
		return err
	}
	made := make(map[string]bool)
	for _, j := range jobs {
		for _, t := range j.targets {
			dir := filepath.Dir(t.path)
			if made[dir] {
				continue
			}
			if err := makeFolder(dir); err != nil {
				return err
			}
			c.temporary.clean(dir)
			made[dir] = true
		}
	}
	return nil
}

// makeFolders makes the folders of a job's outputs.
func (j *job) makeFolders() error {
	for _, t := range j.targets {
		if err := makeFolder(filepath.Dir(t.path)); err != nil {
			return err
		}
	}
	return nil
}

func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder %s: %w", dir, withoutPath(err))
	}
	return nil
}
