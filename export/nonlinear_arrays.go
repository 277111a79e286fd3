package export

import (
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"codeberg.org/sbinet/npyio/npz"
	"github.com/nlpodyssey/safetensors"
	"gonum.org/v1/gonum/mat"

	"flowproof/internal/torch"
)

// array is a named array of a stored flow: a vector of integers, or a vector or a
// matrix of numbers.
type array struct {
	name string
	ints []int64
	rows int // of a matrix; 0: a vector
	data []float64
}

// arrays lists a flow, layer K acting K-th:
//
//	layers.K.coord, layers.K.reads   integers: the coordinate that each update changes and that it reads
//	layers.K.factor                  the constant factors of the updates
//
// and either, for update J,
//
//	layers.K.J.shift.knots, .values          of the shift
//	layers.K.J.log_scale.knots, .values      of the log-scale, where there is one
//
// or, for the network of the functions that read coordinate R,
//
//	layers.K.net.R.at                the places where the hidden units open
//	layers.K.net.R.weight, .bias     outputs x units, outputs
//	layers.K.net.R.update            integers: the update that each output belongs to
//	layers.K.net.R.log_scale         integers: 1 if the output is its log-scale, 0 if it is its shift
func (l *layout) arrays(relu bool) (all []array) {
	ints := func(name string, v []int64) { all = append(all, array{name: name, ints: v}) }
	vector := func(name string, v []float64) { all = append(all, array{name: name, data: v}) }
	ints("dim", []int64{int64(l.dim)})
	for k, us := range l.layers {
		var coord, reads []int64
		var factor []float64
		for _, u := range us {
			coord, reads, factor = append(coord, int64(u.coord)), append(reads, int64(u.reads)), append(factor, u.factor)
		}
		at := fmt.Sprintf("layers.%d.", k)
		ints(at+"coord", coord)
		ints(at+"reads", reads)
		vector(at+"factor", factor)
		if relu {
			for _, n := range networks(us) {
				name := fmt.Sprintf("%snet.%d.", at, n.reads)
				vector(name+"at", n.at)
				var flat []float64
				var update, logScale []int64
				for i, o := range n.outputs {
					flat = append(flat, n.weight[i]...)
					update, logScale = append(update, int64(o.update)), append(logScale, 0)
					if o.logScale {
						logScale[i] = 1
					}
				}
				all = append(all, array{name: name + "weight", rows: len(n.outputs), data: flat})
				vector(name+"bias", n.bias)
				ints(name+"update", update)
				ints(name+"log_scale", logScale)
			}
			continue
		}
		for j, u := range us {
			for _, f := range []struct {
				name string
				function
			}{{"shift", u.shift}, {"log_scale", u.logScale}} {
				if len(f.x) > 0 {
					vector(fmt.Sprintf("%s%d.%s.knots", at, j, f.name), f.x)
					vector(fmt.Sprintf("%s%d.%s.values", at, j, f.name), f.y)
				}
			}
		}
	}
	return all
}

// targetArrays lists the target: the corners of the box, the numbers of cells along
// the axes, and the weights of the cells, the last axis running fastest.
func (l *layout) targetArrays() []array {
	h := l.target
	var cells, weights []int64
	for _, c := range h.Cells {
		cells = append(cells, int64(c))
	}
	for _, w := range h.Weights {
		weights = append(weights, int64(w))
	}
	return []array{{name: "target.lo", data: h.Lo}, {name: "target.hi", data: h.Hi}, {name: "target.cells", ints: cells}, {name: "target.weights", ints: weights}}
}

// nonlinearJSON writes the arrays as one object, matrices as lists of rows.
func nonlinearJSON(w io.Writer, l *layout, opt NonlinearOptions) error {
	out := map[string]any{}
	for _, a := range append(l.arrays(opt.ReLU), l.targetArrays()...) {
		switch {
		case a.ints != nil:
			out[a.name] = a.ints
		case a.rows > 0:
			out[a.name] = slices.Collect(slices.Chunk(a.data, len(a.data)/a.rows))
		default:
			out[a.name] = a.data
		}
	}
	return json.NewEncoder(w).Encode(out)
}

// nonlinearNPZ writes the arrays as a NumPy archive: int64 and float64.
func nonlinearNPZ(w io.Writer, l *layout, opt NonlinearOptions) error {
	z := npz.NewWriter(w)
	for _, a := range append(l.arrays(opt.ReLU), l.targetArrays()...) {
		var v any = a.data
		switch {
		case a.ints != nil:
			v = a.ints
		case a.rows > 0:
			v = mat.NewDense(a.rows, len(a.data)/a.rows, a.data)
		}
		if err := z.Write(a.name+".npy", v); err != nil {
			return err
		}
	}
	return z.Close()
}

// nonlinearSafeTensors writes the arrays as tensors, and the form, "piecewise-linear"
// or "relu", as metadata.
func nonlinearSafeTensors(w io.Writer, l *layout, opt NonlinearOptions) error {
	tensors := map[string]safetensors.TensorView{}
	for _, a := range l.arrays(opt.ReLU) {
		dtype, raw := safetensors.I64, []byte(nil)
		shape := []uint64{uint64(len(a.ints))}
		if a.ints == nil {
			dtype, raw = encode(a.data, opt.DType)
			shape = []uint64{uint64(len(a.data))}
		}
		for _, v := range a.ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
		if a.rows > 0 {
			shape = []uint64{uint64(a.rows), uint64(len(a.data) / a.rows)}
		}
		t, err := safetensors.NewTensorView(dtype, shape, raw)
		if err != nil {
			return err
		}
		tensors[a.name] = t
	}
	form := "piecewise-linear"
	if opt.ReLU {
		form = "relu"
	}
	return safetensors.SerializeToWriter(tensors, map[string]string{"format": "pt", "form": form}, w)
}

//go:embed nonlinear.py
var nonlinearTorchSource string

// nonlinearTorch writes the Python source of the PyTorch module; it is the same for
// every flow.
func nonlinearTorch(w io.Writer, _ *layout, _ NonlinearOptions) error {
	_, err := io.WriteString(w, torch.Module(nonlinearTorchSource))
	return err
}
