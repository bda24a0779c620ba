package main

import (
	"sync/atomic"

	"github.com/trace2otel/trace2otel/otlp"
)

// A keeper keeps what a back end did not take in a file, for trace2otel send.
type keeper struct {
	path string // of the file, or empty: nothing is kept

	file    *outputFile  // while it is open
	room    *room        // what is kept takes of it, even if it is full
	keeping *atomic.Bool // the command's, set with every piece
	kept    string       // the file, once it has something that failed
	err     error        // why it has not
}

// open creates the file.
func (k *keeper) open(c *cli, r *room) (err error) {
	if k.path == "" {
		return nil
	}
	m := outputMode{syntax: syntaxText}
	if k.format() == otlp.Binary {
		m.syntax = syntaxNone
	}
	if k.file, err = createOutput(k.path, c.stdout, m, c.temporary); err != nil {
		k.file = nil
		return cannotWrite(k.path, err)
	}
	k.keeping, k.room = c.keeping, r
	return nil
}

func (k *keeper) format() otlp.Format { return formatOf(k.path) }

// Write explains its errors, which are on their way past what else a delivery
// may fail from.
func (k *keeper) Write(p []byte) (int, error) {
	k.room.take(len(p)) // if it is full, the delivery ends, and keeps what it has
	n, err := k.file.Write(p)
	k.keeping.Store(true)
	if err != nil {
		err = k.file.explain(withoutPath(err))
	}
	return n, err
}

// close puts the file into its place if something failed, or if it is to say
// that nothing did; else nothing is left. It is for calling once or more.
func (k *keeper) close(failed int64, complete bool) {
	f := k.file
	if f == nil {
		return
	}
	k.file = nil
	if f.err != nil || failed == 0 && !complete {
		f.discard() // an error of writing has been told
		return
	}
	if err := f.commit(); err != nil {
		k.err = f.explain(err)
	} else if failed > 0 {
		k.kept = k.path
	}
}
