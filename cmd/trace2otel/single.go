package main

import (
	"errors"
	"fmt"
	"os"
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
	flags := f.flags
	if f.alone != nil {
		flags = f.alone
	}
	outputs := flags(cmd.Flags())
	var d deliveryFlags
	if f.sent {
		d.addFlags(cmd.Flags())
	}
	file := cmd.Flags().StringP("output", "o", "", "write to `FILE`, replacing it; - is standard output, the default")
	c.addCommon(cmd.Flags(), "to")
	if f.asserts {
		c.assertions.addFlags(cmd.Flags())
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.assertions.check(); err != nil {
			return err
		}
		outs, err := outputs(*file)
		if err != nil {
			return err
		}
		outs, also := splitOutputs(outs)
		if len(outs) != 1 {
			return hinted{
				errors.New("which one? " + f.name + " makes several outputs, and this command writes one"),
				"pass " + f.choice + ", or use trace2otel convert",
			}
		}
		delivery, err := d.delivery(args, *file)
		if err != nil {
			return err
		}
		t := target{output: outs[0], path: *file}
		switch {
		case *file == "" && delivery != nil:
		case *file == "":
			t.path = stdio
			if !t.text && c.terminal {
				return hinted{
					fmt.Errorf("%s is no text, and standard output is a terminal", f.name),
					"pass -o " + baseName(args[0]) + t.ext,
				}
			}
		case *file != stdio:
			if err := statInputs(args).spare(*file); err != nil {
				return err
			}
		}
		if err := c.checkInputs(args, "to"); err != nil {
			return err
		}
		j := job{input: args[0], delivery: delivery}
		if t.path != "" {
			j.targets = append(j.targets, t)
		}
		if delivery != nil {
			j.targets = append(j.targets, target{output: t.output, delivery: delivery})
		}
		for _, o := range also {
			if delivery != nil {
				j.meter = delivery.meter()
				j.targets = append(j.targets, target{output: o, meter: j.meter})
			}
			switch {
			case t.path == "" && delivery != nil:
				continue
			case t.path == "" || t.path == stdio:
				return hinted{errors.New("where to with what goes beside FILE?"), "pass -o FILE"}
			}
			path := besidePath(t.path, o.ext)
			if err := statInputs(args).spare(path); err != nil {
				return err
			}
			j.targets = append(j.targets, target{output: o, path: path})
		}
		if err := j.readTwice(); err != nil {
			return err
		}
		c.code = c.run(cmd.Context(), j)
		return nil
	}
	return cmd
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

// inputFiles are the inputs that an output might be in the way of.
type inputFiles []inputFile

type inputFile struct {
	path string
	info os.FileInfo
}

func statInputs(paths []string) inputFiles {
	var ins inputFiles
	for _, path := range paths {
		if path == stdio {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			ins = append(ins, inputFile{path, info})
		}
	}
	return ins
}

// spare returns an error if the output would replace an input.
func (ins inputFiles) spare(output string) error {
	info, err := os.Stat(output)
	if err != nil {
		return nil
	}
	for _, in := range ins {
		if os.SameFile(in.info, info) {
			return fmt.Errorf("the output %s is the input %s", output, in.path)
		}
	}
	return nil
}
