package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"flowproof/constructions"
	"flowproof/convolution"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/export"
	"flowproof/internal/atomicfile"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/verify"
)

// job is the main job: target -> construction -> flow -> verify -> report.
func job(args []string, stdout, stderr io.Writer) (int, error) {
	o, done, err := parse(args, stdout)
	switch {
	case err != nil || done:
		return exitOK, err
	case o.version:
		return exitOK, version(stdout)
	case o.list:
		return exitOK, list(stdout)
	}
	tol, err := o.tolerance()
	if err != nil {
		return exitUsage, err
	}
	if err := checkOutput(o.out); err != nil {
		return exitUsage, err
	}
	t, err := o.load()
	if err != nil {
		return exitOK, err
	}
	part, err := coupling.ParsePartition(t.Dim, o.partition)
	if err != nil {
		return exitUsage, fmt.Errorf("-partition: %w", err)
	}
	tensor, err := o.tensor(t.Dim)
	if err != nil {
		return exitUsage, fmt.Errorf("-image: %w", err)
	}

	spin := newSpinner(stderr)
	defer spin.stop()
	spin.say("constructing")
	start := time.Now()
	flow, used, err := constructions.Build(o.construction, t.Matrix, part, constructions.Options{Seed: o.seed})
	if err != nil {
		return exitOK, fmt.Errorf("%s: %w", t.Name, err)
	}
	built := time.Now()
	spin.say("composing exactly")
	result, err := verify.Check(flow, t.Matrix)
	if err != nil {
		return exitUsage, err
	}
	checked := time.Now()
	spin.say("bounding condition numbers")
	r := &report.Report{Target: t.Name, Note: t.Note, Construction: used}
	if t.Seeded {
		r.Seed = &t.Seed
	}
	r.Seconds = report.Seconds{Construct: built.Sub(start).Seconds(), Compose: checked.Sub(built).Seconds()}
	if err := r.Fill(flow, t.Matrix, result, tol, o.seed); err != nil {
		return exitUsage, err
	}
	if tensor != nil {
		if r.Convolution, err = convolution.Compare(flow, t.Matrix, tensor); err != nil {
			return exitUsage, err
		}
	}
	spin.stop()

	if o.out != "" {
		err := atomicfile.Write(o.out, func(w io.Writer) error { return export.NPZ(w, flow, t.Matrix) })
		if err != nil {
			return exitUsage, fmt.Errorf("-o: %s cannot be written: %w", o.out, err)
		}
	}
	if o.json {
		err = r.JSON(stdout)
	} else {
		err = r.Text(stdout)
	}
	if err == nil && !r.Reproduced {
		return exitNot, nil
	}
	return exitOK, err
}

// checkOutput refuses an output that cannot be written before any work is done.
func checkOutput(path string) error {
	if path == "" {
		return nil
	}
	if !strings.HasSuffix(path, ".npz") {
		return fmt.Errorf("-o: %q does not end in .npz", path)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("-o: %s is a directory, want the name of a file", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("-o: %s cannot be written: there is no directory %s", path, filepath.Dir(path))
	}
	return nil
}

// tensor reads the image, if there is one, with n channels.
func (o *options) tensor(n int) (*convolution.Tensor, error) {
	if o.image == "" {
		return nil, nil
	}
	t, err := convolution.ReadImage(o.image)
	if err != nil {
		return nil, err
	}
	return t.WithChannels(n)
}

// load makes or reads the target and deals with its orientation.
func (o *options) load() (*targets.Target, error) {
	mode, coordinate, err := o.detMode()
	if err != nil {
		return nil, err
	}
	opt, err := o.targetOptions()
	if err != nil {
		return nil, err
	}
	var t *targets.Target
	if _, statErr := os.Stat(o.target); !targets.Known(o.target) && (statErr == nil || strings.ContainsAny(o.target, "./\\")) {
		if t, err = targets.Load(o.target); err == nil && o.dGiven && o.d != t.Dim {
			err = fmt.Errorf("-d: %d, but %s has dimension %d", o.d, o.target, t.Dim)
		}
	} else if targets.Known(o.target) && !o.dGiven && opt.Perm == nil {
		err = fmt.Errorf("-d: missing, want the dimension of %s", o.target)
	} else {
		t, err = targets.Make(o.target, o.d, o.seed, opt)
	}
	if err != nil || mode == "error" || !reversesOrientation(t) {
		return t, err
	}
	if mode == "pad" {
		return targets.Pad(t)
	}
	return targets.Flip(t, coordinate)
}

// reversesOrientation reports whether the determinant is negative: exactly for
// permutations, from an LU factorization in float64 otherwise.
func reversesOrientation(t *targets.Target) bool {
	if t.Perm != nil {
		return !targets.Even(t.Perm)
	}
	var lu mat.LU
	lu.Factorize(dense(t.Matrix))
	_, sign := lu.LogDet()
	return sign < 0
}

func dense(m exactmath.Matrix) *mat.Dense {
	r, c := m.Dims()
	return mat.NewDense(r, c, m.Float64s())
}
