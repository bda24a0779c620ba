package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// newSingle returns the command that makes one output of one input.
func (c *cli) newSingle(f *format) *cobra.Command {
	cmd := &cobra.Command{
		Use:     f.name + " INPUT [-o FILE]",
		Short:   f.short,
		Long:    f.long + singleLong,
		Example: f.example,
		Args:    oneInput,
	}
	s := single{format: f}
	flags := f.flags
	if f.alone != nil {
		flags = f.alone
	}
	s.outputs = flags(cmd.Flags())
	if f.sent {
		s.delivery.addFlags(cmd.Flags())
	}
	cmd.Flags().StringVarP(&s.file, "output", "o", "", "write to `FILE`, replacing it; - is standard output, the default")
	c.addCommon(cmd.Flags(), "to")
	if f.asserts {
		c.assertions.addFlags(cmd.Flags())
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkOutputFlags(cmd.Flags()); err != nil {
			return err
		}
		j, err := s.plan(cmd.Context(), c, c.one(cmd.Context(), args[0]))
		if err != nil {
			return err
		}
		c.code = c.run(cmd.Context(), j)
		return nil
	}
	return cmd
}

// A single is what the flags of a command say that makes one output.
type single struct {
	*format
	outputs  func(file string) ([]output, error)
	delivery deliveryFlags
	file     string // of -o
}

// plan makes a job of the input. Its errors are those that the command line has
// in itself.
func (s *single) plan(ctx context.Context, c *cli, from source) (job, error) {
	input := from.file()
	j := job{input: from.input, member: from.member, err: from.err}
	if err := c.assertions.check(); err != nil {
		return j, err
	}
	outs, err := s.outputs(s.file)
	if err != nil {
		return j, err
	}
	outs, also := splitOutputs(outs)
	if len(outs) != 1 {
		return j, hinted{
			errors.New("which one? " + s.name + " makes several outputs, and this command writes one"),
			"pass " + s.choice + ", or use trace2otel convert",
		}
	}
	out := outs[0]
	if j.delivery, err = s.delivery.delivery([]string{input}); err != nil {
		return j, err
	}
	path, err := s.path(c, &j, out)
	if err != nil {
		return j, err
	}
	if err := c.checkInputs([]string{input}, "to"); err != nil {
		return j, err
	}
	if path != "" {
		j.targets = append(j.targets, target{output: out, path: path})
	}
	if j.delivery != nil {
		j.targets = append(j.targets, target{output: out, delivery: j.delivery})
	}
	paths := []outputPath{{"-o", s.file}}
	if j.delivery != nil {
		paths = append(paths, outputPath{"--failed-out", j.delivery.failed.path})
	}
	for _, o := range also {
		more, err := j.beside(ctx, o, path)
		if err != nil {
			return j, err
		}
		paths = append(paths, more...)
	}
	if err := distinct(paths); err != nil {
		return j, err
	}
	return j, j.check(&c.start)
}

// path returns where the output is to be written, "" if it is sent alone.
func (s *single) path(c *cli, j *job, out output) (string, error) {
	switch {
	case s.file == "" && j.delivery != nil:
		return "", nil
	case s.file == "" && !out.text && c.terminal:
		return "", hinted{
			fmt.Errorf("%s is no text, and standard output is a terminal", s.name),
			"pass -o " + j.base() + out.ext,
		}
	case s.file == "" || s.file == stdio:
		return stdio, nil
	}
	return s.file, statInputs([]string{j.file()}).spare(s.file)
}

// beside adds an output that goes where the one at path does: beside it, and to
// the back end. It returns the files that this takes.
func (j *job) beside(ctx context.Context, o output, path string) ([]outputPath, error) {
	var paths []outputPath
	if j.delivery != nil {
		j.meter = j.delivery.meter()
		if err := j.meter.resolve(ctx); err != nil {
			return nil, err
		}
		if err := j.meter.failBeside(j.file()); err != nil {
			return nil, err
		}
		paths = append(paths, outputPath{"the metrics of --failed-out", j.meter.failed.path})
		j.targets = append(j.targets, target{output: o, meter: j.meter})
	}
	switch path {
	case "":
		return paths, nil
	case stdio:
		return nil, hinted{errors.New("where to with what goes beside FILE?"), "pass -o FILE"}
	}
	path = besidePath(path, o.ext)
	if err := statInputs([]string{j.file()}).spare(path); err != nil {
		return nil, err
	}
	j.targets = append(j.targets, target{output: o, path: path})
	return append(paths, outputPath{"the metrics of -o", path}), nil
}

// splitOutputs tells the outputs that go beside others from those.
func splitOutputs(all []output) (outs, also []output) {
	for _, o := range all {
		if o.also {
			also = append(also, o)
		} else {
			outs = append(outs, o)
		}
	}
	return outs, also
}

// besidePath returns the name of an output beside the file of that path: its
// base name, with the extension.
func besidePath(path, ext string) string {
	dir, file := filepath.Split(path)
	for _, known := range []string{".jsonl", ".json", ".binpb", ".otlp"} {
		file = strings.TrimSuffix(file, known)
	}
	return dir + file + ext
}

// oneInput checks the arguments of commands that take one input.
func oneInput(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return hinted{errors.New("which trace?"), "name one, or pass - for standard input"}
	case 1:
		return nil
	}
	return hinted{
		fmt.Errorf("one trace at a time, not %d", len(args)),
		"trace2otel convert takes several",
	}
}
