package main

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// An exitCode tells how a run of the command went.
type exitCode int

const (
	exitOK       exitCode = 0
	exitFailed   exitCode = 1 // an input gave nothing, or an output could not be written
	exitUsage    exitCode = 2 // the command line makes no sense
	exitLoss     exitCode = 3 // converted, but not everything
	exitAsserted exitCode = 4 // an assertion does not hold
	exitSignal   exitCode = 128
)

// severity orders the codes for the case that several hold.
var severity = map[exitCode]int{exitLoss: 1, exitAsserted: 2, exitFailed: 3, exitUsage: 4}

// worse returns the code to exit with if both a and b hold.
func worse(a, b exitCode) exitCode {
	switch {
	case a >= exitSignal:
		return a
	case b >= exitSignal, severity[b] > severity[a]:
		return b
	}
	return a
}

// exitPipe is the code of a program whose reader went away, as the shell
// tells it of programs that SIGPIPE ends.
const exitPipe = exitSignal + exitCode(syscall.SIGPIPE)

// An interruption is the cause of the end of a context that a signal ended.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string { return "stopped by a signal: " + i.signal.String() }

// exitInterrupted returns the code for the signal that ended ctx.
func exitInterrupted(ctx context.Context) exitCode {
	var i interruption
	if errors.As(context.Cause(ctx), &i) {
		if s, ok := i.signal.(syscall.Signal); ok {
			return exitSignal + exitCode(s)
		}
	}
	return exitFailed
}
