package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

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

Flags:
`

// exportCommand is verify export.
func exportCommand(args []string, stdout, stderr io.Writer) (int, error) {
	var s source
	fs := flag.NewFlagSet("verify export", flag.ContinueOnError)
	s.flags(fs)
	format := fs.String("format", "", "`format`: npz, safetensors, onnx, torch or json")
	path := fs.String("o", "", "`file` to write")
	dtype := fs.String("dtype", "float64", "`type` of the numbers: float32 or float64")
	inverse := fs.Bool("inverse", false, "onnx: the inverse map")
	image := fs.Bool("image", false, "onnx: 1x1 convolutions on N x n x H x W instead of N x n")
	if err := parse(fs, exportPage, args, false, stdout); err != nil {
		return exitUsage, err
	}
	s.dGiven = given(fs, "d")
	if *path == "" {
		return exitUsage, errors.New("-o: missing, want the name of the file to write")
	}
	var exts []string
	if *format != "" {
		f, err := export.Find(*format)
		if err != nil {
			return exitUsage, fmt.Errorf("-format: %w", err)
		}
		exts = []string{f.Ext}
	}
	for _, f := range export.Formats() {
		if *format == "" {
			exts = append(exts, f.Ext)
		}
	}
	out, err := newOutput(*path, exts...)
	if err != nil {
		return exitUsage, err
	}
	out.opt = export.Options{DType: export.DType(*dtype), Inverse: *inverse, Image: *image}
	if err := out.opt.Valid(out.format); err != nil {
		return exitUsage, err
	}
	if !out.format.NeedsFlow() {
		return exitOK, out.write(nil)
	}
	spin := newSpinner(stderr)
	defer spin.stop()
	solved, err := s.solve(spin)
	if err != nil {
		return exitUsage, err
	}
	if err := out.write(solved); err != nil {
		return exitUsage, err
	}
	spin.stop()
	_, err = fmt.Fprintf(stdout, "%s: %s of %s, %d layers by %s\n", printable.Line(out.path), out.format.Name, printable.Line(solved.Name), solved.Flow.Depth(), solved.Construction)
	return exitOK, err
}
