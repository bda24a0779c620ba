package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/trace2otel/trace2otel/convert"
)

// A cli is one run of the command: where it reads and writes, and the flags
// that all conversions have.
type cli struct {
	stdin     *os.File
	stdout    *os.File
	terminal  bool // stdout is one
	messages  messages
	progress  io.Writer // the terminal to show progress on, or nil
	temporary *temporaries
	spools    *spools
	keeping   *atomic.Bool // set whenever a keeper keeps something

	viewAddress string // where view serves

	strict       bool
	start        startTime
	window       window
	decoder      convert.Decoder
	strictDecode bool
	assertions   assertions
	limits       limits

	code exitCode // of the conversion
}

func newCLI(stdin, stdout *os.File, stderr io.Writer) *cli {
	c := &cli{
		stdin:    stdin,
		stdout:   stdout,
		terminal: term.IsTerminal(int(stdout.Fd())),
		messages: messages{w: stderr, runner: underRunner()},

		temporary:   new(temporaries),
		keeping:     new(atomic.Bool),
		viewAddress: viewAddress,
	}
	c.spools = &spools{temporary: c.temporary}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		c.progress = f
	}
	return c
}

// execute runs the command line args. Commands report what comes of their
// inputs themselves, in c.code; the errors that they return are of usage.
func (c *cli) execute(ctx context.Context, args []string) exitCode {
	defer c.spools.removeAll()
	c.messages.secrets = newRedactor(args)
	root := c.newRoot()
	root.SetArgs(args)
	out := &stickyWriter{w: c.stdout}
	root.SetOut(out)
	root.SetErr(c.messages.w)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case errors.Is(out.err, syscall.EPIPE):
		return exitPipe
	case out.err != nil: // of help, say, which does not look
		c.messages.failure("", cannotWrite("standard output", withoutPath(out.err)))
		return exitFailed
	case err != nil:
		if hintOf(err) == "" {
			err = hinted{err, fmt.Sprintf("see %s --help", cmd.CommandPath())}
		}
		c.messages.failure("", err)
		return exitUsage
	}
	return c.code
}

// A stickyWriter keeps the first error of a writer, for those who write and do not
// look.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

func (c *cli) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "trace2otel",
		Short:         "Say what Go programs waited for, by their execution traces",
		Long:          rootLong,
		Example:       rootExample,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(root *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(root, args[0])
		},
		RunE: func(root *cobra.Command, _ []string) error {
			root.SetOut(c.messages.w) // it was not asked for
			root.Help()
			c.code = exitUsage
			return nil
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate(versionText())
	for i := range formats {
		root.AddCommand(c.newSingle(&formats[i]))
	}
	root.AddCommand(c.newConvert(), c.newDiff(), c.newMan(), c.newSend(), c.newView())
	return root
}

// unknownCommand says what may have been meant by name.
func unknownCommand(root *cobra.Command, name string) error {
	err := fmt.Errorf("there is no command %q", name)
	if like := root.SuggestionsFor(name); len(like) > 0 {
		return hinted{err, "did you mean " + strings.Join(like, " or ") + "?"}
	}
	if _, statErr := os.Stat(name); statErr == nil {
		return hinted{
			errors.New("what is to be made of " + name + "?"),
			"trace2otel stats " + name + ", for one",
		}
	}
	return err
}

// What the flags of the decoders say, of all commands that read traces.
const (
	decoderUsage = "own, which is fast and repairs damage; x, which is golang.org/x/exp/trace;\n" +
		"auto is own for traces of Go 1.22 and later, and x for older ones"
	strictDecodeUsage = "convert damaged traces up to the damage, instead of repairing what follows"
)

// addCommon adds the flags that all conversions have. toName is the one that
// ends the window.
func (c *cli) addCommon(fs *pflag.FlagSet, toName string) {
	fs.SortFlags = false
	c.window.addFlags(fs, toName)
	fs.Var(&c.start, "start", "when the first event was, for traces without dates (before Go 1.25):\nRFC 3339, or mtime to let the last event be as old as the file")
	fs.Var(&c.decoder, "decoder", decoderUsage)
	fs.BoolVar(&c.strictDecode, "strict-decode", false, strictDecodeUsage)
	fs.BoolVar(&c.strict, "strict", false, "fail, and write nothing, unless everything can be converted")
	c.limits.addFlags(fs)
	c.limits.addOutputFlag(fs)
	fs.BoolVarP(&c.messages.quiet, "quiet", "q", false, "say nothing but warnings and errors")
}

// checkInputs reports inputs with which these flags cannot work.
func (c *cli) checkInputs(inputs []string, toName string) error {
	if err := c.start.check(inputs); err != nil {
		return err
	}
	return c.window.check(inputs, toName)
}

// version returns the version of this program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func versionText() string {
	return fmt.Sprintf("trace2otel %s\nbuilt with %s for %s/%s\nreads the trace formats %s\n",
		version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, convert.ReadableVersions)
}
