package export

import (
	"encoding/json"
	"io"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// jsonFlow is the JSON form: every number is a string with an exact fraction.
type jsonFlow struct {
	Dimension int         `json:"dimension"`
	P         int         `json:"p"`
	Order     []int       `json:"order"` // coordinate at each place of the block order
	Layers    []jsonLayer `json:"layers"`
	Target    [][]string  `json:"target"` // in the order of the coordinates
}

type jsonLayer struct {
	Kind   string     `json:"kind"`
	Weight [][]string `json:"weight"`
	Scale  []string   `json:"scale,omitempty"`     // absent: all 1
	Log    []string   `json:"log_scale,omitempty"` // instead of scale: its logarithms
}

func jsonText(w io.Writer, f *coupling.Flow, target exactmath.Matrix, _ Options) error {
	part := f.Partition()
	out := jsonFlow{part.Dim(), part.P(), part.Order(), []jsonLayer{}, fractions(target)}
	for _, l := range f.Layers() {
		j := jsonLayer{Kind: l.Kind().String(), Weight: fractions(l.Weight())}
		rows, _ := l.Weight().Dims()
		var scale []string
		for i := range rows {
			scale = append(scale, l.Scale().At(i).RatString())
		}
		switch l.Scale().Kind() {
		case coupling.ScaleExact:
			j.Scale = scale
		case coupling.ScaleExp:
			j.Log = scale
		}
		out.Layers = append(out.Layers, j)
	}
	return json.NewEncoder(w).Encode(out)
}

func fractions(m exactmath.Matrix) [][]string {
	rows, cols := m.Dims()
	out := make([][]string, rows)
	for i := range out {
		out[i] = make([]string, cols)
		for j := range out[i] {
			out[i][j] = m.At(i, j).RatString()
		}
	}
	return out
}
