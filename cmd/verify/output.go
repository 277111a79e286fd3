package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"flowproof/export"
	"flowproof/internal/atomicfile"
)

// output is a file to be written, or nothing if its path is empty.
type output struct {
	path   string
	format export.Format
	opt    export.Options
}

// newOutput refuses an output that cannot be written, before any work is done.
// The extension, one of exts (nil: any that a format has), names the format.
func newOutput(path string, exts ...string) (*output, error) {
	out := &output{path: path}
	if path == "" {
		return out, nil
	}
	var known []string
	for _, f := range export.Formats() {
		if exts == nil || slices.Contains(exts, f.Ext) {
			known = append(known, f.Ext)
			if strings.HasSuffix(path, f.Ext) {
				out.format = f
			}
		}
	}
	if out.format.Name == "" {
		return nil, fmt.Errorf("-o: %q does not end in %s", path, strings.Join(known, " or "))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("-o: %s is a directory, want the name of a file", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("-o: %s cannot be written: there is no directory %s", path, filepath.Dir(path))
	}
	return out, nil
}

// write writes the flow (nil for a format that needs none), completely or not
// at all.
func (o *output) write(s *solved) error {
	if o.path == "" {
		return nil
	}
	err := atomicfile.Write(o.path, func(w io.Writer) error {
		if s == nil {
			return o.format.Write(w, nil, nil, o.opt)
		}
		return o.format.Write(w, s.flow, s.target.Matrix, o.opt)
	})
	if err != nil {
		return fmt.Errorf("-o: %s cannot be written: %w", o.path, err)
	}
	return nil
}
