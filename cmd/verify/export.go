package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"flowproof/export"
	"flowproof/internal/printable"
)

const exportPage = `Usage: verify export -o FILE -d N -target NAME [flags]
       verify export -o FILE [flags] TARGETFILE

Writes the coupling layers of a linear map for other tools, and prints no report: the
short form of verify build -o FILE. The ending of FILE names its format; -o may be
given more than once. Weights are rounded to -dtype.

Formats: .cert         certificate, for verify check
%s
Examples:
  verify export -d 12 -o flow.onnx
  verify export -d 12 -inverse -conv -dtype float32 -o inverse.onnx
  verify export rotation.npy -o layers.safetensors -o layers.npz
  verify export -format torch -o flow.py
`

// exportOptions are the flags of verify export.
type exportOptions struct {
	source
	outputs
	format string
}

func exportCommand() command {
	var o exportOptions
	return command{
		name: "export", summary: "write the layers for NumPy, PyTorch, ONNX, .., without a report",
		page: fmt.Sprintf(exportPage, formatLines()), flags: o.flags, run: o.run, args: true, words: exportWords,
	}
}

func formatLines() string {
	var b strings.Builder
	for _, f := range export.Formats() {
		fmt.Fprintf(&b, "         %-13s %s\n", f.Ext, f.Summary)
	}
	return b.String()
}

func (o *exportOptions) flags(fs *flag.FlagSet) {
	o.source.flags(fs)
	o.outputs.flags(fs)
	fs.StringVar(&o.format, "format", "", "`format` that the ending of the file must have: npz, safetensors, onnx, torch or json")
}

func exportWords() map[string][]string {
	w := outputWords(sourceWords())
	for _, f := range export.Formats() {
		w["-format"] = append(w["-format"], f.Name)
	}
	return w
}

// run is verify export.
func (o *exportOptions) run(in *invocation) (int, error) {
	o.start(in)
	if err := o.check(in.Args()); err != nil {
		return exitUsage, err
	}
	if err := o.open(in.given); err != nil {
		return exitUsage, err
	}
	spin := newSpinner(in.stderr)
	defer spin.stop()
	var s *solved
	var err error
	if o.needFlow() {
		if s, err = o.solve(in, spin); err != nil {
			return codeOf(err), err
		}
	}
	done, err := o.write(s)
	if err != nil {
		return exitUsage, err
	}
	spin.stop()
	for _, f := range done {
		of := ""
		if s != nil && f.Format != "torch" {
			of = fmt.Sprintf(" of %s, %d layers by %s", printable.Line(s.Name), s.Flow.Depth(), s.Construction)
		}
		if _, err := fmt.Fprintf(in.stdout, "%s: %s%s\n", printable.Line(f.File), f.What(), of); err != nil {
			return exitUsage, err
		}
	}
	return exitOK, nil
}

// check refuses what verify export does not do.
func (o *exportOptions) check(files []string) error {
	if len(o.paths) == 0 {
		return errors.New("-o: missing, want the name of the file to write")
	}
	if o.many(files) {
		return errors.New("export: want one target")
	}
	if o.format == "" {
		return nil
	}
	f, err := export.Find(o.format)
	if err != nil {
		return fmt.Errorf("-format: %w", err)
	}
	if k := slices.IndexFunc(o.paths, func(p string) bool { return !strings.HasSuffix(p, f.Ext) }); k >= 0 {
		return fmt.Errorf("-o: %q does not end in %s, as -format %s has it", o.paths[k], f.Ext, f.Name)
	}
	return nil
}
