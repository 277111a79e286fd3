// Package export writes flows in the formats of the tools that flow people use:
// NumPy archives, safetensors, ONNX models, a PyTorch module, JSON.
package export

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// DType is the floating-point type that weights are rounded to.
type DType string

// The types.
const (
	Float32 DType = "float32"
	Float64 DType = "float64"
)

// Options are the choices of an export.
type Options struct {
	DType   DType // of weights and scales; "" means Float64
	Inverse bool  // ONNX: the inverse map
	Image   bool  // ONNX: 1x1 convolutions on N x C x H x W instead of N x C
}

// Format is one way to write a flow.
type Format struct {
	Name    string
	Ext     string   // of the file, with the dot
	Summary string   // one line
	heeds   []string // the options that it takes, by the names of OptionError
	write   func(io.Writer, *coupling.Flow, exactmath.Matrix, Options) error
}

// Formats returns all formats, in the order in which to show them.
func Formats() []Format {
	return []Format{
		{"npz", ".npz", "NumPy archive of weights, scales and target, in float64", nil, func(w io.Writer, f *coupling.Flow, m exactmath.Matrix, _ Options) error { return writeNPZ(w, f, m) }},
		{"safetensors", ".safetensors", "weights, scales and order of the coordinates", []string{"dtype"}, safeTensors},
		{"onnx", ".onnx", "model of the flow or of its inverse: Gemm or 1x1 Conv, Mul, Add, Split, Concat", []string{"dtype", "inverse", "image"}, onnxModel},
		{"torch", ".py", "PyTorch module that loads the safetensors file", nil, torchModule},
		{"json", ".json", "everything as text, weights as exact fractions", nil, jsonText},
	}
}

// MaxDim is the largest dimension exported: all formats store zeros too.
const MaxDim = 8192

// ErrUnknown is wrapped by the error for a format that does not exist.
var ErrUnknown = errors.New("unknown format")

// Find returns the format of that name, or an error that wraps ErrUnknown.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("%w %q: want one of %s", ErrUnknown, name, strings.Join(names, ", "))
}

// NeedsFlow tells whether what is written depends on the flow.
func (f Format) NeedsFlow() bool { return f.Name != "torch" }

// OptionError reports an option that the format does not take, or a value that none
// does.
type OptionError struct {
	Format string
	Option string // dtype, inverse or image
	Reason string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("format %s: option %s %s", e.Format, e.Option, e.Reason)
}

// Heeds reports whether the format takes the option dtype, inverse or image.
func (f Format) Heeds(option string) bool { return slices.Contains(f.heeds, option) }

// Valid says what is wrong with the options for the format, if anything is. The error
// is an *OptionError.
func (o Options) Valid(f Format) error {
	if o.DType != "" && o.DType != Float32 && o.DType != Float64 {
		return &OptionError{f.Name, "dtype", fmt.Sprintf("is %q, want float32 or float64", o.DType)}
	}
	for _, option := range []struct {
		name  string
		asked bool
	}{{"dtype", o.DType == Float32}, {"inverse", o.Inverse}, {"image", o.Image}} {
		if option.asked && !f.Heeds(option.name) {
			return &OptionError{f.Name, option.name, "is not one that it takes"}
		}
	}
	return nil
}

// Write writes the flow and its target. Numbers are rounded to the type, to nearest,
// except by json, which rounds nothing. It fails with a *RangeError, before
// anything is written, if that would make a number infinite, a scale 0, or an entry
// of a weight that counts in its row.
func (f Format) Write(w io.Writer, flow *coupling.Flow, target exactmath.Matrix, opt Options) error {
	if opt.DType == "" {
		opt.DType = Float64
	}
	if err := opt.Valid(f); err != nil {
		return err
	}
	if flow != nil && flow.Partition().Dim() > MaxDim {
		return fmt.Errorf("format %s stores every entry and takes up to %d coordinates, the flow has %d", f.Name, MaxDim, flow.Partition().Dim())
	}
	if flow != nil && f.Name != "json" {
		if err := fits(flow, opt.DType, opt.Inverse); err != nil {
			return err
		}
	}
	return f.write(w, flow, target, opt)
}
