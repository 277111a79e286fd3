// Package export writes flows in the formats of the tools that flow people use:
// NumPy archives, safetensors, ONNX models, a PyTorch module, JSON.
package export

import (
	"errors"
	"fmt"
	"io"
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
	Ext     string // of the file, with the dot
	Summary string // one line
	write   func(io.Writer, *coupling.Flow, exactmath.Matrix, Options) error
}

// Formats returns all formats, in the order in which to show them.
func Formats() []Format {
	return []Format{
		{"npz", ".npz", "NumPy archive of weights, scales and target", func(w io.Writer, f *coupling.Flow, m exactmath.Matrix, _ Options) error { return writeNPZ(w, f, m) }},
		{"safetensors", ".safetensors", "weights, scales and order of the coordinates", safeTensors},
		{"onnx", ".onnx", "model of the flow or of its inverse: Gemm or 1x1 Conv, Mul, Add, Split, Concat", onnxModel},
		{"torch", ".py", "PyTorch module that loads the safetensors file", torchModule},
		{"json", ".json", "everything as text, weights as exact fractions", jsonText},
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

// Valid says what is wrong with the options for the format, if anything is.
func (o Options) Valid(f Format) error {
	switch {
	case o.DType != "" && o.DType != Float32 && o.DType != Float64:
		return fmt.Errorf("type %q: want float32 or float64", o.DType)
	case (o.Inverse || o.Image) && f.Name != "onnx":
		return fmt.Errorf("format %s has no inverse or image variant, only onnx has", f.Name)
	case o.DType == Float32 && f.Name == "npz":
		return fmt.Errorf("format npz is always float64")
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
