package traceprocessor

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

//go:embed tp.mjs
var script []byte

// A process is a running trace_processor. It takes over a second to start, so
// that idle ones are kept for the next test; they end with the test binary,
// which holds their standard input.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

type request struct {
	Load  string `json:"load,omitempty"`
	Query string `json:"query,omitempty"`
}

type answer struct {
	Columns []string    `json:"columns"`
	Rows    [][]*string `json:"rows"`
	Error   string      `json:"error"`
}

var idle struct {
	sync.Mutex
	processes []*process
	err       error // why there can be none
}

// take returns an idle process, or starts one. A failure is remembered: every
// later call fails at once.
func take() (*process, error) {
	idle.Lock()
	defer idle.Unlock()
	if n := len(idle.processes); n > 0 {
		p := idle.processes[n-1]
		idle.processes = idle.processes[:n-1]
		return p, nil
	}
	if idle.err != nil {
		return nil, idle.err
	}
	p, err := start()
	idle.err = err
	return p, err
}

// give makes p idle.
func give(p *process) {
	idle.Lock()
	defer idle.Unlock()
	idle.processes = append(idle.processes, p)
}

func start() (*process, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	dir, err := assets()
	if err != nil {
		return nil, err
	}
	// The script is a file rather than an argument, for node's messages.
	tmp, err := os.MkdirTemp("", "traceprocessor")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp) // read by the time of the first answer
	file := filepath.Join(tmp, "tp.mjs")
	if err := os.WriteFile(file, script, 0o666); err != nil {
		return nil, err
	}
	cmd := exec.Command(node, file, dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, in: in, out: bufio.NewReader(out)}
	if _, err := p.ask(request{Query: "select 1"}); err != nil {
		p.stop()
		return nil, fmt.Errorf("trace_processor does not start: %w", err)
	}
	return p, nil
}

// ask sends a request and waits for its answer.
func (p *process) ask(r request) (*answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	line, err = p.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("it ended: %w", err)
	}
	a := new(answer)
	if err := json.Unmarshal(line, a); err != nil {
		return nil, err
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a, nil
}

// stop ends the process. Its exit status tells nothing new.
func (p *process) stop() {
	p.in.Close()
	p.cmd.Process.Kill()
	p.cmd.Wait()
}
