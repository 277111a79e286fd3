package main

import (
	"errors"
	"flag"
	"fmt"

	"flowproof/export"
	"flowproof/internal/printable"
)

const exportPage = `Usage: verify export -format F -o FILE -d N -target NAME [flags]
       verify export -format F -o FILE -target FILE [flags]

Writes the coupling layers of a linear map for other tools. Without -format the
extension of FILE names the format. Weights are rounded to -dtype; nothing is
checked here: verify without a command does that.

Formats: npz          weights, scales and target for NumPy
         safetensors  weights, scales and order of the coordinates
         onnx         model of the flow, with -inverse of its inverse
         torch        PyTorch module (.py) that loads the safetensors file
         json         everything as text, as exact fractions

Examples:
  verify export -d 12 -o flow.onnx
  verify export -d 12 -inverse -image -dtype float32 -o inverse.onnx
  verify export -d 12 -o layers.safetensors
  verify export -format torch -o flow.py
`

// exportOptions are the flags of verify export.
type exportOptions struct {
	source
	format, path, dtype string
	inverse, image      bool
}

func exportCommand() command {
	var o exportOptions
	return command{
		name: "export", summary: "write the layers for NumPy, PyTorch, ONNX, ..", page: exportPage, flags: o.flags, run: o.run, words: exportWords,
	}
}

func (o *exportOptions) flags(fs *flag.FlagSet) {
	o.source.flags(fs)
	fs.StringVar(&o.format, "format", "", "`format`: npz, safetensors, onnx, torch or json")
	fs.StringVar(&o.path, "o", "", "`file` to write")
	fs.StringVar(&o.dtype, "dtype", "float64", "`type` of the numbers: float32 or float64")
	fs.BoolVar(&o.inverse, "inverse", false, "onnx: the inverse map")
	fs.BoolVar(&o.image, "image", false, "onnx: 1x1 convolutions on N x n x H x W instead of N x n")
}

func exportWords() map[string][]string {
	w := sourceWords()
	w["-dtype"] = []string{"float32", "float64"}
	for _, f := range export.Formats() {
		w["-format"] = append(w["-format"], f.Name)
	}
	return w
}

// run is verify export.
func (o *exportOptions) run(in *invocation) (int, error) {
	o.dGiven = in.given("d")
	if o.path == "" {
		return exitUsage, errors.New("-o: missing, want the name of the file to write")
	}
	var exts []string
	if o.format != "" {
		f, err := export.Find(o.format)
		if err != nil {
			return exitUsage, fmt.Errorf("-format: %w", err)
		}
		exts = []string{f.Ext}
	}
	for _, f := range export.Formats() {
		if o.format == "" {
			exts = append(exts, f.Ext)
		}
	}
	out, err := newOutput(o.path, exts...)
	if err != nil {
		return exitUsage, err
	}
	out.opt = export.Options{DType: export.DType(o.dtype), Inverse: o.inverse, Image: o.image}
	if err := out.opt.Valid(out.format); err != nil {
		return exitUsage, err
	}
	if !out.format.NeedsFlow() {
		return exitOK, out.write(nil)
	}
	spin := newSpinner(in.stderr)
	defer spin.stop()
	solved, err := o.solve(spin)
	if err != nil {
		return exitUsage, err
	}
	if err := out.write(solved); err != nil {
		return exitUsage, err
	}
	spin.stop()
	_, err = fmt.Fprintf(in.stdout, "%s: %s of %s, %d layers by %s\n", printable.Line(out.path), out.format.Name, printable.Line(solved.Name), solved.Flow.Depth(), solved.Construction)
	return exitOK, err
}
