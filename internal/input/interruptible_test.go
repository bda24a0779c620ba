package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
)

// TestInterruptible reads what is there, as it is.
func TestInterruptible(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 50_000)
	for name, r := range map[string]io.Reader{
		"whole":        bytes.NewReader(want),
		"halves":       iotest.HalfReader(bytes.NewReader(want)),
		"end and data": iotest.DataErrReader(bytes.NewReader(want)),
	} {
		i := NewInterruptible(t.Context(), r)
		got, err := io.ReadAll(i)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if n, err := i.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%s: behind the end: %d bytes, %v", name, n, err)
		}
		i.Close()
	}
	broken := errors.New("broken")
	i := NewInterruptible(t.Context(), io.MultiReader(bytes.NewReader(want[:10]), iotest.ErrReader(broken)))
	if got, err := io.ReadAll(i); !errors.Is(err, broken) || !bytes.Equal(got, want[:10]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestInterruption ends a Read that blocks, by the context and by Close.
func TestInterruption(t *testing.T) {
	cause := errors.New("given up")
	for _, byClose := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		i := NewInterruptible(ctx, r)
		w.Write([]byte("a"))
		buf := make([]byte, 10)
		if n, err := i.Read(buf); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		go func() {
			if byClose {
				i.Close()
			} else {
				cancel(cause)
			}
		}()
		_, err = i.Read(buf)
		if want := cause; byClose {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("closed: %v", err)
			}
		} else if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		cancel(nil)
		w.Close()
		r.Close()
	}
}
