package targets

import (
	"fmt"
	"math/big"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// Flows preserve orientation: a target of determinant below 0 has none. Flip and
// Pad are the two ways out. Both turn the sign of the determinant, and neither
// rounds. The sign itself is not computed here: package exactmath/orientation decides
// it.

// Flip returns diag(1, .., -1, .., 1) M, the -1 at the given coordinate: the
// target followed by a change of sign of that coordinate. It fails with an
// *OptionError unless 0 <= coordinate < n.
func Flip(t *Target, coordinate int) (*Target, error) {
	if coordinate < 0 || t.Dim <= coordinate {
		return nil, &OptionError{t.Name, "flip", fmt.Sprintf("is coordinate %d, want 0 to %d", coordinate, t.Dim-1)}
	}
	m, err := rebuild(t.Matrix, 0, func(i, _ int) bool { return i == coordinate })
	if err != nil {
		return nil, err
	}
	return derived(t, m, fmt.Sprintf("sign of coordinate %d flipped", coordinate))
}

// Pad returns diag(M, -1), of dimension n+1: the target beside a new last
// coordinate whose sign changes.
func Pad(t *Target) (*Target, error) {
	m, err := rebuild(t.Matrix, 1, nil)
	if err != nil {
		return nil, err
	}
	return derived(t, m, "padded with a coordinate whose sign changes")
}

func derived(t *Target, m exactmath.Matrix, note string) (*Target, error) {
	if t.Note != "" {
		note = t.Note + "; " + note
	}
	u, err := fromMatrix(m, note)
	if err != nil {
		return nil, err
	}
	u.Name, u.Seed, u.Seeded, u.List, u.OneBased = t.Name, t.Seed, t.Seeded, t.List, t.OneBased
	return u, nil
}

// rebuild returns diag(m, -I) with pad more rows, in the storage of m, the
// entries of m negated where neg (nil: nowhere) says so.
func rebuild(m exactmath.Matrix, pad int, neg func(i, j int) bool) (exactmath.Matrix, error) {
	rows, cols := m.Dims()
	n, w := rows+pad, cols+pad
	turn := func(i, j int) bool { return neg != nil && neg(i, j) }
	switch m := m.(type) {
	case *sparse.Matrix:
		es := make([]sparse.Entry, 0, m.NNZ()+pad)
		for i := range rows {
			js, vals := m.Row(i)
			for k, j := range js {
				v := vals[k]
				if turn(i, j) {
					v = -v
				}
				es = append(es, sparse.Entry{Row: i, Col: j, Value: v})
			}
		}
		for k := range pad {
			es = append(es, sparse.Entry{Row: rows + k, Col: cols + k, Value: -1})
		}
		return sparse.New(n, w, es)
	case *exactmath.Floats:
		out := make([]float64, n*w)
		for k, v := range m.View() {
			if turn(k/cols, k%cols) {
				v = -v
			}
			out[k/cols*w+k%cols] = v
		}
		for k := range pad {
			out[(rows+k)*w+cols+k] = -1
		}
		return exactmath.FromFloat64(n, w, out)
	}
	out := make([]*big.Rat, n*w)
	for k := range out {
		out[k] = new(big.Rat)
	}
	m.Each(func(i, j int, v *big.Rat) {
		if out[i*w+j].Set(v); turn(i, j) {
			out[i*w+j].Neg(v)
		}
	})
	for k := range pad {
		out[(rows+k)*w+cols+k].SetInt64(-1)
	}
	return exactMatrix(n, w, out)
}

// exactMatrix returns the matrix as *dense.Dyadic if every entry is dyadic,
// else as *dense.Rational.
func exactMatrix(rows, cols int, data []*big.Rat) (exactmath.Matrix, error) {
	r, err := dense.NewRational(rows, cols, data)
	if err != nil {
		return nil, err
	}
	if d, ok := dense.ToDyadic(r); ok {
		return d, nil
	}
	return r, nil
}
