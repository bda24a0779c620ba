package main

import (
	"testing"

	"github.com/spf13/pflag"
)

// TestSharedFlags has a flag of one name in three formats.
func TestSharedFlags(t *testing.T) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	var values [3]*string
	var sets [3]*pflag.FlagSet
	for i := range values {
		sets[i] = pflag.NewFlagSet("", pflag.ContinueOnError)
		values[i] = sets[i].String("goroutine", "", "for one")
		addShared(all, sets[i])
	}
	if err := all.Parse([]string{"--goroutine", "main"}); err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if *v != "main" || !sets[i].Changed("goroutine") {
			t.Errorf("format %d: %q, changed: %v", i, *v, sets[i].Changed("goroutine"))
		}
	}
	if usage := all.Lookup("goroutine").Usage; usage != "for one\nfor one\nfor one" {
		t.Errorf("usage: %q", usage)
	}
}
