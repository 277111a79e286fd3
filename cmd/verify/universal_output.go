package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"flowproof/certificate/encode"
	"flowproof/export"
	"flowproof/study"
)

// flowOutput is the file that verify universal writes its flow to, or nothing if its
// path is empty.
type flowOutput struct {
	path, dtype   string
	inverse, relu bool
	certificate   bool // instead of a format
	format        export.NonlinearFormat
}

func (o *flowOutput) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.path, "o", "", "write the flow to this `file`: .npz, .safetensors, .py, .onnx or .json, or a certificate to this .cert")
	fs.StringVar(&o.dtype, "dtype", "", "-o: `type` of the numbers, float32 or float64 (default float64)")
	fs.BoolVar(&o.inverse, "inverse", false, "-o file.onnx: the inverse map")
	fs.BoolVar(&o.relu, "relu", false, "-o: the couplings as networks of one hidden layer of ReLU units")
}

func (o *flowOutput) options() export.NonlinearOptions {
	return export.NonlinearOptions{DType: export.DType(o.dtype), Inverse: o.inverse, ReLU: o.relu}
}

// check refuses an output that cannot be written, and flags without effect, before any
// work is done.
func (o *flowOutput) check(in *invocation) error {
	others := []string{"dtype", "inverse", "relu"}
	if o.path == "" {
		for _, name := range others {
			if in.given(name) {
				return fmt.Errorf("-%s: does nothing without -o", name)
			}
		}
		return nil
	}
	for _, name := range []string{"deltas", "table"} {
		if in.given(name) {
			return fmt.Errorf("-o: writes one flow, and -%s makes several or none", name)
		}
	}
	if o.certificate = strings.HasSuffix(o.path, ".cert"); o.certificate {
		for _, name := range others {
			if in.given(name) {
				return fmt.Errorf("-%s: does nothing with a certificate, which holds the flow exactly", name)
			}
		}
		return writable("o", o.path)
	}
	var ok bool
	if o.format, ok = export.FindNonlinear(o.path); !ok {
		var exts []string
		for _, f := range export.NonlinearFormats() {
			exts = append(exts, f.Ext)
		}
		return fmt.Errorf("-o: %q does not end in %s or .cert", o.path, strings.Join(exts, " or "))
	}
	if err := o.options().Valid(o.format); err != nil {
		return err
	}
	if o.alone() {
		var extra error
		in.Visit(func(f *flag.Flag) {
			if extra == nil && !slices.Contains(append(others, "o"), f.Name) {
				extra = fmt.Errorf("-%s: does nothing with -o %s, a module that is the same for every flow", f.Name, o.path)
			}
		})
		if extra != nil {
			return extra
		}
	}
	return writable("o", o.path)
}

// alone reports whether what is written needs no flow.
func (o *flowOutput) alone() bool { return o.path != "" && !o.certificate && !o.format.NeedsFlow() }

// write writes the flow of a record (nil if none is needed), completely or not at all.
func (o *flowOutput) write(r *study.UniversalityRecord) error {
	if o.path == "" {
		return nil
	}
	return writeFile("o", o.path, func(w io.Writer) error {
		if o.certificate {
			return encode.WriteDistance(w, r.Certificate())
		}
		if r == nil {
			return o.format.Write(w, nil, nil, o.options())
		}
		return o.format.Write(w, r.Flow, r.Case.Histogram, o.options())
	})
}
