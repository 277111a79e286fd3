package export

import (
	"fmt"
	"io"
	"math"
	"strings"

	"flowproof/neural"
	"flowproof/transport"
)

// NonlinearOptions are the choices of an export of a nonlinear flow.
type NonlinearOptions struct {
	DType   DType // of knots, values and factors; "" means Float64
	Inverse bool  // ONNX: the inverse map
	ReLU    bool  // networks of one hidden layer instead of knots and values
}

// NonlinearFormat is one way to write a nonlinear flow.
type NonlinearFormat struct {
	Name    string
	Ext     string // of the file, with the dot
	Summary string // one line
	write   func(io.Writer, *layout, NonlinearOptions) error
}

// NonlinearFormats returns all of them, in the order in which to show them.
func NonlinearFormats() []NonlinearFormat {
	return []NonlinearFormat{
		{"npz", ".npz", "NumPy archive of knots and values, for np.interp, and the target's histogram", nonlinearNPZ},
		{"safetensors", ".safetensors", "the same arrays, for the PyTorch module", nonlinearSafeTensors},
		{"onnx", ".onnx", "model of the flow with its log-determinant, with -inverse of its inverse", nonlinearONNX},
		{"torch", ".py", "PyTorch module that loads the safetensors file", nonlinearTorch},
		{"json", ".json", "the arrays and the target as text, every number as it is stored", nonlinearJSON},
	}
}

// FindNonlinear returns the format of files whose names end like that of path.
func FindNonlinear(path string) (f NonlinearFormat, ok bool) {
	for _, f := range NonlinearFormats() {
		if strings.HasSuffix(path, f.Ext) {
			return f, true
		}
	}
	return NonlinearFormat{}, false
}

// NeedsFlow tells whether what is written depends on the flow.
func (f NonlinearFormat) NeedsFlow() bool { return f.Name != "torch" }

// Valid says what is wrong with the options for the format, if anything is.
func (o NonlinearOptions) Valid(f NonlinearFormat) error {
	switch {
	case o.DType != "" && o.DType != Float32 && o.DType != Float64:
		return fmt.Errorf("type %q: want float32 or float64", o.DType)
	case o.Inverse && f.Name != "onnx":
		return fmt.Errorf("format %s runs both ways from one file, only onnx has an inverse variant", f.Name)
	case o.DType == Float32 && (f.Name == "npz" || f.Name == "json"):
		return fmt.Errorf("format %s is always float64", f.Name)
	case (o.ReLU || o.DType != "") && !f.NeedsFlow():
		return fmt.Errorf("format %s holds no numbers: the module takes the type and the form of the file that it loads", f.Name)
	}
	return nil
}

// Write writes the flow, its numbers rounded to the type, to nearest. It fails with a
// *NonlinearRangeError, before anything is written, if that would make a number
// infinite or a factor 0. flow and target may be nil if the format needs no flow.
func (f NonlinearFormat) Write(w io.Writer, flow *neural.Flow, target *transport.Histogram, opt NonlinearOptions) error {
	if err := opt.Valid(f); err != nil {
		return err
	}
	if opt.DType == "" {
		opt.DType = Float64
	}
	if !f.NeedsFlow() {
		return f.write(w, nil, opt)
	}
	l, err := lay(flow, opt.DType)
	if err != nil {
		return err
	}
	l.target = target
	return f.write(w, l, opt)
}

// NonlinearRangeError reports a number of a layer that the type cannot hold.
type NonlinearRangeError struct {
	Layer, Update int // in the order in which they act, from 0
	What          string
	Value         float64
	DType         DType
}

func (e *NonlinearRangeError) Error() string {
	return fmt.Sprintf("layer %d, update %d: %s %v does not fit %s, want float64", e.Layer, e.Update, e.What, e.Value, e.DType)
}

// layout is a flow as it is stored, its numbers rounded.
type layout struct {
	dim    int
	layers [][]update
	target *transport.Histogram
}

// update is x[coord] <- factor exp(logScale(t)) x[coord] + shift(t), t = x[reads].
type update struct {
	coord, reads    int
	factor          float64
	shift, logScale function // logScale: no knots where there is none
}

// function is a piecewise-linear function in both forms.
type function struct {
	x, y  []float64 // knots and values
	hinge neural.Hinges
}

// lay rounds a flow to a type.
func lay(f *neural.Flow, d DType) (*layout, error) {
	l := &layout{dim: f.Dim()}
	for k, layer := range f.Layers() {
		var us []update
		for j, u := range layer.Updates {
			fail := func(what string, v float64) error { return &NonlinearRangeError{k, j, what, v, d} }
			factor := round(u.Factor, d)
			if r := round(1/factor, d); factor == 0 || r == 0 || math.IsInf(factor, 0) || math.IsInf(r, 0) {
				return nil, fail("the factor", u.Factor)
			}
			shift, bad := roundFunction(u.Shift, d)
			if bad != 0 {
				return nil, fail("a number of the shift,", bad)
			}
			logScale, bad := roundFunction(u.LogScale, d)
			if bad != 0 {
				return nil, fail("a number of the log-scale,", bad)
			}
			if u.LogScale.IsZero() {
				logScale = function{}
			}
			us = append(us, update{u.Coord, u.Reads, factor, shift, logScale})
		}
		l.layers = append(l.layers, us)
	}
	return l, nil
}

// roundFunction rounds both forms. A number that does not fit is returned as bad.
//
// Where knots fall together the function jumps, from the value of the first of them,
// which it still takes there, to that of the last: the first and the last are kept.
// So that a search finds the jump of the outermost knots too, these have another one
// beyond them.
func roundFunction(f neural.PL, d DType) (out function, bad float64) {
	all := func(vs []float64) []float64 {
		out := make([]float64, len(vs))
		for i, v := range vs {
			if out[i] = round(v, d); math.IsInf(out[i], 0) {
				bad = v
			}
		}
		return out
	}
	x, y := f.Knots()
	x, y = all(x), all(y)
	h := f.Hinges()
	out.hinge = neural.Hinges{Bias: all([]float64{h.Bias})[0], At: all(h.At), Weight: all(h.Weight)}
	add := func(t, v float64) { out.x, out.y = append(out.x, t), append(out.y, v) }
	step := func(t float64, to float64) float64 {
		if d == Float32 {
			return float64(math.Nextafter32(float32(t), float32(to)))
		}
		return math.Nextafter(t, to)
	}
	n := len(x)
	if n > 1 && x[0] == x[1] {
		add(step(x[0], math.Inf(-1)), y[0])
	}
	for k := range x {
		if k > 0 && k+1 < n && x[k-1] == x[k] && x[k] == x[k+1] {
			continue
		}
		add(x[k], y[k])
	}
	if n > 1 && x[n-2] == x[n-1] {
		add(step(x[n-1], math.Inf(1)), y[n-1])
	}
	return out, bad
}

// network is the hidden layer of all functions of a coupling that read one coordinate:
// h = max(0, t - at), then outputs bias + weight h.
type network struct {
	reads   int
	at      []float64
	outputs []output
	bias    []float64
	weight  [][]float64 // a row for each output
}

// output says what a row of a network is: the shift or the log-scale of an update.
type output struct {
	update   int
	logScale bool
}

// networks returns the networks of a layer, in the order in which its updates first
// read their coordinates. A network of constants has one unit of weight 0.
func networks(us []update) []network {
	var nets []network
	for j, u := range us {
		k := 0
		for k < len(nets) && nets[k].reads != u.reads {
			k++
		}
		if k == len(nets) {
			nets = append(nets, network{reads: u.reads})
		}
		nets[k].outputs = append(nets[k].outputs, output{j, false})
		if len(u.logScale.x) > 0 {
			nets[k].outputs = append(nets[k].outputs, output{j, true})
		}
	}
	for k := range nets {
		nets[k].fill(us)
	}
	return nets
}

// fill makes the units: outputs that bend at the same place share one.
func (n *network) fill(us []update) {
	of := func(o output) neural.Hinges {
		if o.logScale {
			return us[o.update].logScale.hinge
		}
		return us[o.update].shift.hinge
	}
	place := map[float64]int{}
	for _, o := range n.outputs {
		for _, at := range of(o).At {
			if _, ok := place[at]; !ok {
				place[at] = len(n.at)
				n.at = append(n.at, at)
			}
		}
	}
	if len(n.at) == 0 {
		n.at = []float64{0}
	}
	for _, o := range n.outputs {
		h := of(o)
		row := make([]float64, len(n.at))
		for i, at := range h.At {
			row[place[at]] += h.Weight[i]
		}
		n.weight, n.bias = append(n.weight, row), append(n.bias, h.Bias)
	}
}
