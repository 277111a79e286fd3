package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"flowproof/certificate/encode"
	"flowproof/export"
	"flowproof/internal/atomicfile"
)

// output is a file to be written, or nothing if its path is empty.
type output struct {
	path   string
	format export.Format // none for a certificate
	opt    export.Options
}

// certExt is the extension of certificates.
const certExt = ".cert"

// newOutput refuses an output that cannot be written, before any work is done.
// The extension, one of exts, tells what is written.
func newOutput(path string, exts ...string) (*output, error) {
	out := &output{path: path}
	if path == "" {
		return out, nil
	}
	if !slices.ContainsFunc(exts, func(e string) bool { return strings.HasSuffix(path, e) }) {
		return nil, fmt.Errorf("-o: %q does not end in %s", path, strings.Join(exts, " or "))
	}
	for _, f := range export.Formats() {
		if strings.HasSuffix(path, f.Ext) {
			out.format = f
		}
	}
	if err := atomicfile.Check(path); err != nil {
		return nil, fmt.Errorf("-o: %w", err)
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
		switch {
		case s == nil:
			return o.format.Write(w, nil, nil, o.opt)
		case strings.HasSuffix(o.path, certExt):
			return encode.Write(w, s.Certificate())
		}
		return o.format.Write(w, s.Flow, s.Matrix, o.opt)
	})
	if err != nil {
		return fmt.Errorf("-o: %s cannot be written: %w", o.path, err)
	}
	return nil
}
