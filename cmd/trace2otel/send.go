package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trace2otel/trace2otel/otlp"
)

// newSend returns the command that sends files of spans.
func (c *cli) newSend() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "send FILE",
		Short:   "Send a file of OTLP spans to a back end",
		Long:    sendLong,
		Example: sendExample,
		Args:    oneFile,
	}
	var flags deliveryFlags
	cmd.Flags().SortFlags = false
	flags.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&c.messages.quiet, "quiet", "q", false, "say nothing but warnings and errors")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkOutputFlags(cmd.Flags()); err != nil {
			return err
		}
		d, err := flags.delivery(args)
		switch {
		case err != nil:
			return err
		case d == nil:
			return hinted{errors.New("where to?"), "pass --endpoint or --export"}
		}
		name := displayName(args[0])
		m := d.meter()
		m.alone = true
		code := c.send(cmd.Context(), args[0], d, m)
		c.code = worse(worse(code, d.tell(cmd.Context(), c, name)), m.tell(cmd.Context(), c, name))
		return nil
	}
	return cmd
}

// oneFile checks the arguments of send.
func oneFile(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return hinted{errors.New("which file?"), "name one that trace2otel otlp -o or --failed-out wrote, or pass - for standard input"}
	case 1:
		return nil
	}
	return fmt.Errorf("one file at a time, not %d", len(args))
}

// send sends the spans of a file by d, or its metrics by m. If part of the file is
// bad, the rest is sent.
func (c *cli) send(ctx context.Context, path string, d *delivery, m *meter) exitCode {
	name := displayName(path)
	err := func() error {
		in, err := c.open(ctx, path)
		if err != nil {
			return err
		}
		defer in.Close()
		d.watch(in, c)
		defer d.progress.end()
		r := bufio.NewReader(in)
		if head, _ := r.Peek(len(traceMagic)); string(head) == traceMagic {
			return hinted{errors.New("is an execution trace, not spans"), "trace2otel otlp converts and sends it"}
		}
		if areMetrics(path, r) {
			if err := m.resolve(ctx); err != nil {
				return err
			}
			if m.failed.format() == otlp.Binary && !namedAsMetrics(m.failed.path) {
				return hinted{
					fmt.Errorf("metrics in %s could not be told from spans", m.failed.path),
					"pass --failed-out FILE" + metricsName + ".binpb, or a FILE of JSON lines",
				}
			}
			if err := m.open(ctx, c, nil); err != nil {
				m.remove()
				return err
			}
			err := m.exporter.Send(r)
			return cmp.Or(err, m.commit())
		}
		if err := d.open(ctx, c, nil); err != nil {
			d.remove()
			return err
		}
		err = d.exporter.Send(r)
		return cmp.Or(err, d.commit())
	}()
	switch {
	case ctx.Err() != nil:
		return c.interrupted(ctx, name)
	case err != nil && d.report.Sent+m.report.Sent > 0:
		c.messages.failure(name, err)
		return exitLoss
	case err != nil:
		c.messages.failure(name, err)
		return exitFailed
	}
	return exitOK
}

// areMetrics reports whether what comes is metrics, not spans. JSON says so;
// binary messages of the two cannot be told apart but by their names, which are
// those of what otlp --metrics writes.
func areMetrics(path string, r *bufio.Reader) bool {
	head, _ := r.Peek(r.Size())
	if len(head) > 0 && head[0] == '{' {
		return metricsLine.Match(head)
	}
	return namedAsMetrics(path)
}

var metricsLine = regexp.MustCompile(`^\{\s*"resourceMetrics"`)

func namedAsMetrics(path string) bool { return strings.Contains(filepath.Base(path), metricsName+".") }

// traceMagic begins every execution trace (runtime/trace: "go 1.22 trace").
const traceMagic = "go 1."
