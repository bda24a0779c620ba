package jaegertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// The Jaeger to test with, and the checksum of its module: that covers its
// go.sum, which has those of all others.
const (
	jaegerModule  = "github.com/jaegertracing/jaeger"
	jaegerVersion = "v1.76.0"
	jaegerSum     = "h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g="
)

// Binary returns the path of Jaeger, version 2 of it (cmd/jaeger; cmd/all-in-one
// of the same module is version 1, which drops attributes of links). It builds
// it if it is not there.
func Binary() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "trace2otel")
	name := fmt.Sprintf("jaeger-%s-%s-%s", jaegerVersion, runtime.GOOS, runtime.GOARCH)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(parent, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(parent, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := buildIn(tmp, name); err != nil {
		return "", fmt.Errorf("building Jaeger: %w", err)
	}
	return path, os.Rename(filepath.Join(tmp, name), path) // whole, or not at all
}

// buildIn builds Jaeger in dir. go install cannot: its go.mod has a replace. So
// a module with the same go.mod and go.sum, and so the same versions, does.
func buildIn(dir, name string) error {
	source, err := download(dir)
	if err != nil {
		return err
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(source, file))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o666); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"mod", "edit", "-module=jaeger", "-require=" + jaegerModule + "@" + jaegerVersion},
		{"mod", "download", jaegerModule}, // adds its sums
		{"build", "-mod=mod", "-trimpath", "-o", name, jaegerModule + "/cmd/jaeger"},
	} {
		if _, err := goCommand(dir, args...); err != nil {
			return err
		}
	}
	return nil
}

// download returns the folder with Jaeger's source.
func download(dir string) (string, error) {
	out, err := goCommand(dir, "mod", "download", "-json", jaegerModule+"@"+jaegerVersion)
	if err != nil {
		return "", err
	}
	var module struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", err
	}
	if module.Sum != jaegerSum {
		return "", errors.New("its checksum is " + module.Sum)
	}
	return module.Dir, nil
}

func goCommand(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
