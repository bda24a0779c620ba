package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan returns the command that writes manual pages, for packagers.
func (c *cli) newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write manual pages, one to a command",
		Long:    "Write manual pages, one to a command, into the folder DIR; it is made if absent.",
		Example: "  trace2otel man share/man/man1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput("DIR", args[0]); err != nil {
				return err
			}
			if err := c.writeMan(cmd.Root(), args[0]); err != nil {
				c.messages.failure("", fmt.Errorf("no manual pages: %w", err))
				c.code = exitFailed
			}
			return nil
		},
	}
}

// writeMan writes the pages. They have no date, so that they are the same
// whenever they are made.
func (c *cli) writeMan(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return withoutPath(err)
	}
	root.DisableAutoGenTag = true
	return doc.GenManTree(root, &doc.GenManHeader{
		Section: "1", Source: "trace2otel " + version(), Manual: "trace2otel", Date: new(time.Time),
	}, dir)
}
