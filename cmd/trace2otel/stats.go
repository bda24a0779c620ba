package main

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"

	"github.com/spf13/pflag"

	"github.com/trace2otel/trace2otel/convert"
	"github.com/trace2otel/trace2otel/stats"
)

// statsFormats are the arguments of --format.
var statsFormats = map[string]stats.Format{
	"text": stats.Text,
	"json": stats.JSON,
	"html": stats.HTML,
}

// statsFlags adds the flags that stats has also in convert.
func statsFlags(fs *pflag.FlagSet) func(string) ([]output, error) {
	goroutine := statsGoroutine(fs)
	return func(string) ([]output, error) {
		return []output{statsOutput("json", *goroutine)}, nil
	}
}

// statsOwnFlags adds those of the command stats.
func statsOwnFlags(fs *pflag.FlagSet) func(string) ([]output, error) {
	format := fs.String("format", "text", "`how` to write it: text, json or html; a FILE of -o named .json or .html selects it too")
	goroutine := statsGoroutine(fs)
	return func(file string) ([]output, error) {
		if ext := filepath.Ext(file); !fs.Changed("format") && ext != "" {
			if _, ok := statsFormats[ext[1:]]; ok {
				*format = ext[1:]
			}
		}
		if _, ok := statsFormats[*format]; !ok {
			return nil, fmt.Errorf("--format is text, json or html, not %q", *format)
		}
		return []output{statsOutput(*format, *goroutine)}, nil
	}
}

// statsGoroutine adds the flag that they share.
func statsGoroutine(fs *pflag.FlagSet) **regexp.Regexp {
	var match *regexp.Regexp
	fs.Var(pattern{&match}, "goroutine", "also list the single goroutines whose start function matches `REGEX`, or the one of this id:\nwith who created it, who woke it, and whom it woke")
	return &match
}

func statsOutput(format string, goroutine *regexp.Regexp) output {
	o := stats.Options{Format: statsFormats[format], ToolVersion: version(), Goroutine: goroutine}
	return output{ext: ".stats." + format, text: true, markup: o.Format == stats.HTML, sink: func(w io.Writer) convert.Sink { return stats.New(w, o) }}
}
