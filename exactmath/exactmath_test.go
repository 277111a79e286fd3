package exactmath_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
	"flowproof/internal/weird"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// TestEntries reads the entries of both storages in every way that there is.
func TestEntries(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		rows, cols := 1+rng.IntN(5), 1+rng.IntN(5)
		data := weird.Floats(rows*cols, rng)
		var es []sparse.Entry
		for k, v := range data {
			es = append(es, sparse.Entry{Row: k / cols, Col: k % cols, Value: v})
		}
		rng.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		for _, x := range []exactmath.Pieces{must(exactmath.FromFloat64(rows, cols, data)), must(sparse.New(rows, cols, es))} {
			if r, c := x.Dims(); r != rows || c != cols {
				t.Fatalf("%T: shape %dx%d, want %dx%d", x, r, c, rows, cols)
			}
			if d := cmp.Diff(data, x.Float64s()); d != "" { // -0 equals 0
				t.Errorf("%T: %s", x, d)
			}
			each, pieces := make([]float64, rows*cols), make([]float64, rows*cols)
			x.Each(func(i, j int, v *big.Rat) { each[i*cols+j], _ = v.Float64() })
			x.Pieces(func(i, j int, sign float64, u uint64, e int) {
				pieces[i*cols+j] += math.Ldexp(sign*float64(u), e)
			})
			for k, v := range data {
				at := x.At(k/cols, k%cols)
				if at.Cmp(new(big.Rat).SetFloat64(v)) != 0 || each[k] != v || pieces[k] != v {
					t.Errorf("%T: entry %d is %v, %v, %v, want %v", x, k, at, each[k], pieces[k], v)
				}
			}
		}
	}
}

func TestMantissa(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 2000 {
		v := weird.Float(rng)
		u, e := exactmath.Mantissa(v)
		if u >= 1<<53 || math.Ldexp(float64(u), e) != math.Abs(v) {
			t.Errorf("Mantissa(%v) = %d, %d", v, u, e)
		}
	}
}

func TestShapeErrors(t *testing.T) {
	for name, f := range map[string]func() error{
		"FromFloat64": func() error { _, err := exactmath.FromFloat64(2, 2, make([]float64, 3)); return err },
		"negative":    func() error { _, err := exactmath.FromFloat64(-1, 2, nil); return err },
		"range":       func() error { _, err := sparse.New(2, 2, []sparse.Entry{{Row: 2, Value: 1}}); return err },
		"twice": func() error {
			_, err := sparse.New(2, 2, []sparse.Entry{{Row: 1, Value: 1}, {Row: 1, Value: 2}})
			return err
		},
		"permutation": func() error { _, err := sparse.Permutation([]int{0, 0}); return err },
	} {
		var shape *exactmath.ShapeError
		if err := f(); !errors.As(err, &shape) || shape.Error() == "" {
			t.Errorf("%s: %v, want a *ShapeError", name, err)
		}
	}
}

func TestNotANumber(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		var entry *exactmath.EntryError
		_, err := exactmath.FromFloat64(2, 2, []float64{0, 1, 2, v})
		if !errors.As(err, &entry) || entry.Row != 1 || entry.Col != 1 {
			t.Errorf("dense %v: %v", v, err)
		}
		_, err = sparse.New(3, 3, []sparse.Entry{{Row: 2, Col: 1, Value: v}})
		if !errors.As(err, &entry) || entry.Row != 2 || entry.Col != 1 {
			t.Errorf("sparse %v: %v", v, err)
		}
	}
}

func TestImmutable(t *testing.T) {
	data := []float64{1, 2, 3, 4}
	f := must(exactmath.FromFloat64(2, 2, data))
	data[0] = 9
	f.Float64s()[1] = 9
	f.At(1, 0).SetInt64(9)
	if d := cmp.Diff([]float64{1, 2, 3, 4}, f.Float64s()); d != "" {
		t.Errorf("a matrix was changed from outside: %s", d)
	}
}
