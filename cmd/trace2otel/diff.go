package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/internal/input"
	"github.com/trace2otel/trace2otel/stats"
)

// newDiff returns the command that compares traces.
func (c *cli) newDiff() *cobra.Command {
	var d diffFlags
	cmd := &cobra.Command{
		Use:     "diff OLD NEW, or diff OLD... -- NEW...",
		Short:   "Say what changed between traces: where time went, and how long each wait took",
		Long:    diffLong,
		Example: diffExample,
		Args: func(cmd *cobra.Command, args []string) error {
			_, _, err := sides(cmd, args)
			return err
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&d.format, "format", "text", "`how` to write it: text or json; a FILE of -o named .json selects it too")
	fs.StringVarP(&d.file, "output", "o", stdio, "write to `FILE`, replacing it; - is standard output")
	fs.BoolVar(&d.o.PerSecond, "per-second", false, "compare sums of time, and counts, of a second of trace each")
	fs.BoolVar(&d.all, "all", false, "write all changes: also the small, and those that chance explains")
	c.window.addFlags(fs, "to")
	fs.Var(&c.decoder, "decoder", decoderUsage)
	fs.BoolVar(&c.strictDecode, "strict-decode", false, strictDecodeUsage)
	fs.BoolVar(&c.strict, "strict", false, "fail, and write nothing, unless all of each trace can be read")
	c.limits.addFlags(fs)
	fs.BoolVarP(&c.messages.quiet, "quiet", "q", false, "say nothing but warnings and errors")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		old, new, err := sides(cmd, args)
		if err == nil {
			err = checkOutputFlags(fs)
		}
		if err != nil {
			return err
		}
		if !fs.Changed("format") && filepath.Ext(d.file) == ".json" {
			d.format = "json"
		}
		if d.format != "text" && d.format != "json" {
			return fmt.Errorf("--format is text or json, not %q", d.format)
		}
		if d.all && d.format == "json" {
			return errors.New("--all is for text: JSON has all changes")
		}
		if err := c.window.check(args, "to"); err != nil {
			return err
		}
		c.code = c.diff(cmd.Context(), old, new, &d)
		return nil
	}
	return cmd
}

type diffFlags struct {
	format string
	file   string
	all    bool
	o      stats.DiffOptions
}

// sides returns the arguments before and after --, or the two that there are.
func sides(cmd *cobra.Command, args []string) (old, new []string, err error) {
	if n := cmd.ArgsLenAtDash(); n > 0 && n < len(args) {
		return args[:n], args[n:], nil
	}
	if len(args) != 2 || cmd.ArgsLenAtDash() >= 0 {
		return nil, nil, hinted{
			errors.New("what is to be compared with what?"),
			"name two traces or folders, or several traces on each side of --",
		}
	}
	return args[:1], args[1:], nil
}

// diff compares two sides and writes what changed.
func (c *cli) diff(ctx context.Context, old, new []string, d *diffFlags) exitCode {
	var sides [2][]*stats.Report
	for i, inputs := range [][]string{old, new} {
		for _, input := range inputs {
			reports, err := c.reports(ctx, input)
			switch {
			case ctx.Err() != nil:
				return c.interrupted(ctx, displayName(input))
			case err != nil:
				c.messages.failure(displayName(input), err)
				return exitFailed // the other traces alone would say something else
			}
			sides[i] = append(sides[i], reports...)
		}
	}
	if c.strict && c.code != exitOK {
		c.messages.failure("", errors.New("nothing is written, since --strict"))
		return exitFailed
	}
	changes, err := stats.Compare(sides[0], sides[1], d.o)
	if err != nil {
		c.messages.failure("", err)
		return exitFailed
	}
	f, err := createOutput(d.file, c.stdout, outputMode{syntax: syntaxText}, c.temporary)
	if err != nil {
		c.messages.failure("", cannotWrite(d.file, err))
		return exitFailed
	}
	if d.format == "json" {
		err = changes.WriteJSON(f)
	} else {
		err = changes.WriteText(f, d.all)
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		f.discard()
		return exitPipe // the reader has had enough, and knows it
	case err != nil:
		f.discard()
		c.messages.failure("", f.explain(withoutPath(err)))
		return exitFailed
	}
	return worse(c.code, c.commit(ctx, "", []destination{f}, nil, &outcome{}))
}

// reports returns the report of an input, or those of all in a folder.
func (c *cli) reports(ctx context.Context, path string) (all []*stats.Report, err error) {
	info, err := os.Stat(path)
	if path == stdio || isURL(path) || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		r, err := c.report(ctx, source{input: path})
		return []*stats.Report{r}, err
	}
	if err != nil || !info.IsDir() {
		return c.reportsOf(ctx, c.sources(ctx, []string{path}))
	}
	files, _, err := input.Walk(ctx, path)
	for _, f := range files {
		if err == nil && f.Err != nil && (!errors.Is(f.Err, input.ErrDangling) || namedAsTrace(f.Path)) {
			err = f.Err
		}
		if err != nil || f.Err != nil {
			continue
		}
		r, reportErr := c.report(ctx, source{input: f.Path})
		switch {
		case isNoReport(reportErr) && !namedAsTrace(f.Path):
			// a folder may hold anything; a killed test leaves an empty trace
			if a := c.archiveIn(ctx, f.Path); a != nil && len(a.Members) > 0 {
				var more []*stats.Report
				more, err = c.reportsOf(ctx, members(a, f.Path, ""))
				all = append(all, more...)
			}
		case reportErr != nil:
			err = fmt.Errorf("%s: %w", f.Path, reportErr)
		default:
			all = append(all, r)
		}
	}
	if err == nil && len(all) == 0 {
		err = hinted{errors.New("holds no trace"), "name a folder with traces, or with the JSON of trace2otel stats"}
	}
	return all, err
}

// reportsOf returns the reports of inputs that were named, or are in an archive.
func (c *cli) reportsOf(ctx context.Context, sources []source) (all []*stats.Report, err error) {
	for _, s := range sources {
		var r *stats.Report
		if err = s.err; err == nil {
			r, err = c.report(ctx, s)
		}
		if err != nil && len(sources) > 1 {
			err = fmt.Errorf("%s: %w", s.input, err)
		}
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

// errNoReport is that of files that are neither a trace nor a report.
var errNoReport = errors.New("is no trace, nor the JSON of trace2otel stats")

// isNoReport reports whether err says that a file is something else, and was never
// a trace.
func isNoReport(err error) bool {
	var r *input.Refusal
	var a archiveError
	return errors.Is(err, errNoReport) || errors.As(err, &a) || errors.As(err, &r) && !r.Mangled()
}

// report analyses a trace, or reads its report, within the time there is for an
// input.
func (c *cli) report(ctx context.Context, s source) (*stats.Report, error) {
	ctx, cancel := c.limits.within(ctx)
	defer cancel()
	r, err := c.analyse(ctx, s)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return r, err
}

func (c *cli) analyse(ctx context.Context, s source) (*stats.Report, error) {
	path := s.input
	in := &opened{limits: c.limits, member: s.member}
	if err := in.open(ctx, path, c.stdin); err != nil {
		return nil, err
	}
	defer in.Close()
	r := bufio.NewReader(in.Reader)
	head, err := r.Peek(1)
	switch {
	case err == io.EOF:
		return nil, errNoReport
	case err != nil:
		return nil, err
	case bytes.Equal(head, []byte("{")):
		report, err := stats.ReadJSON(r)
		if err != nil {
			return nil, errNoReport
		}
		return report, nil
	}
	in.Reader = r
	if err := in.asTrace(); err != nil {
		return nil, err
	}
	r = bufio.NewReader(in)
	if head, _ := r.Peek(len(traceMagic)); string(head) != traceMagic {
		return nil, errNoReport
	}
	c.tellFound(displayName(path), in, 0)
	o := convert.Options{
		Name: s.base(), Decoder: c.decoder, StrictDecode: c.strictDecode,
		MaxGeneration: int64(c.limits.generation),
	}
	x := extent{path: path, member: in.member, stdin: c.stdin, decoding: o, limits: c.limits}
	if o.From, o.To, err = c.window.of(ctx, &x); err != nil {
		return nil, err
	}
	sink := stats.New(nil, stats.Options{ToolVersion: version()})
	sum, err := convert.Run(ctx, r, o, sink)
	if err != nil {
		return nil, err
	}
	c.code = worse(c.code, c.judge(displayName(path), sum, nil, nil))
	return sink.Report(), nil
}
