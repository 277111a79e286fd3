package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"flowproof/certificate/encode"
	"flowproof/export"
	"flowproof/internal/atomicfile"
	"flowproof/report"
)

// outputs are the files to write, and how: the flags -o, -dtype, -inverse and -conv.
type outputs struct {
	paths         []string
	dtype         string
	inverse, conv bool

	files []output
}

// output is one file to be written.
type output struct {
	path   string
	format export.Format // none for a certificate
	opt    export.Options
}

// certExt is the extension of certificates.
const certExt = ".cert"

// certName is the name of their format.
const certName = "certificate"

func (o *outputs) flags(fs *flag.FlagSet) {
	fs.Func("o", "write this `file`; its ending names the format: "+strings.Join(extensions(), ", ")+"; may be given more than once", func(path string) error {
		if path == "" || slices.Contains(o.paths, path) {
			return errors.New("want the names of different files")
		}
		o.paths = append(o.paths, path)
		return nil
	})
	fs.StringVar(&o.dtype, "dtype", "float64", "safetensors, onnx: `type` of the numbers, float32 or float64")
	fs.BoolVar(&o.inverse, "inverse", false, "onnx: the inverse map")
	fs.BoolVar(&o.conv, "conv", false, "onnx: 1x1 convolutions on N x n x H x W instead of N x n")
}

// outputWords completes the flags of outputs.
func outputWords(words map[string][]string) map[string][]string {
	words["-dtype"] = []string{"float32", "float64"}
	return words
}

// extensions lists what a file may end in.
func extensions() []string {
	exts := []string{certExt}
	for _, f := range export.Formats() {
		exts = append(exts, f.Ext)
	}
	return exts
}

// optionFlags are the options of package export by their flags.
var optionFlags = map[string]string{"dtype": "dtype", "inverse": "inverse", "conv": "image"}

// open refuses outputs that cannot be written, before any work is done, and options
// that none of them takes.
func (o *outputs) open(given func(string) bool) error {
	for _, path := range o.paths {
		f, err := o.output(path)
		if err != nil {
			return fmt.Errorf("-o: %w", err)
		}
		o.files = append(o.files, f)
	}
	for _, flag := range []string{"dtype", "inverse", "conv"} {
		heeds := func(f output) bool { return f.format.Heeds(optionFlags[flag]) }
		switch {
		case !given(flag) || slices.ContainsFunc(o.files, heeds):
		case len(o.files) == 0:
			return fmt.Errorf("-%s: says how to write a file, and goes with -o FILE", flag)
		default:
			return fmt.Errorf("-%s: is nothing that %s takes; %s", flag, o.names(), takers(optionFlags[flag]))
		}
	}
	return nil
}

// takers says which formats take an option.
func takers(option string) string {
	var exts []string
	for _, f := range export.Formats() {
		if f.Heeds(option) {
			exts = append(exts, f.Ext)
		}
	}
	if len(exts) == 1 {
		return exts[0] + " does"
	}
	return strings.Join(exts, " and ") + " do"
}

// names lists the formats of the files.
func (o *outputs) names() string {
	var names []string
	for _, f := range o.files {
		names = append(names, f.name())
	}
	return strings.Join(names, " or ")
}

// output is the file of that path with the options that its format takes.
func (o *outputs) output(path string) (output, error) {
	out := output{path: path}
	k := slices.IndexFunc(export.Formats(), func(f export.Format) bool { return strings.HasSuffix(path, f.Ext) })
	switch {
	case k >= 0:
		out.format = export.Formats()[k]
	case !strings.HasSuffix(path, certExt):
		return out, fmt.Errorf("%q does not end in %s", path, strings.Join(extensions(), ", "))
	}
	if f := out.format; f.Name != "" {
		if d := (export.Options{DType: export.DType(o.dtype)}); f.Heeds("dtype") {
			out.opt.DType = d.DType
		}
		out.opt.Inverse = o.inverse && f.Heeds("inverse")
		out.opt.Image = o.conv && f.Heeds("image")
		if err := out.opt.Valid(f); err != nil {
			return out, optionError(err)
		}
	}
	return out, atomicfile.Check(path)
}

// optionError says which flag an error of package export is about.
func optionError(err error) error {
	var e *export.OptionError
	if errors.As(err, &e) {
		for flag, option := range optionFlags {
			if option == e.Option {
				return fmt.Errorf("-%s: %s", flag, e.Reason)
			}
		}
	}
	return err
}

// name is the name of the format.
func (f output) name() string {
	if f.format.Name == "" {
		return certName
	}
	return f.format.Name
}

// needFlow tells whether any of the files depends on the flow.
func (o *outputs) needFlow() bool {
	return slices.ContainsFunc(o.files, func(f output) bool { return f.format.Name == "" || f.format.NeedsFlow() })
}

// write writes the files, each completely or not at all, and says what it wrote. The
// flow is nil where no file needs one.
func (o *outputs) write(s *solved) (done []report.Output, err error) {
	for _, f := range o.files {
		if err := f.write(s); err != nil {
			return done, fmt.Errorf("-o: %s cannot be written: %w", f.path, err)
		}
		done = append(done, report.Output{File: f.path, Format: f.name(), DType: string(f.opt.DType), Inverse: f.opt.Inverse, Image: f.opt.Image})
	}
	return done, nil
}

func (f output) write(s *solved) error {
	if f.format.Name == "" {
		return s.writeCertificate(f.path)
	}
	return atomicfile.Write(f.path, func(w io.Writer) error {
		if s == nil {
			return f.format.Write(w, nil, nil, f.opt)
		}
		return f.format.Write(w, s.Flow, s.Matrix, f.opt)
	})
}

// writeCertificate claims what the check found; it checks first if nobody has.
func (s *solved) writeCertificate(path string) error {
	if s.Result == nil {
		if err := s.Compose(); err != nil {
			return err
		}
	}
	return atomicfile.Write(path, func(w io.Writer) error { return encode.Write(w, s.Certificate()) })
}
