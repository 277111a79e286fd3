package dense

import (
	"errors"
	"fmt"
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

func dyadic(x *exactmath.Floats) *Dyadic {
	d, _ := ToDyadic(x)
	return d
}

// storages returns the same matrix in every storage.
func storages(rows, cols int, data []float64) map[string]exactmath.Matrix {
	f := must(exactmath.FromFloat64(rows, cols, data))
	var es []sparse.Entry
	for k, v := range data {
		es = append(es, sparse.Entry{Row: k / cols, Col: k % cols, Value: v})
	}
	return map[string]exactmath.Matrix{
		"floats": f, "dyadic": dyadic(f), "rational": ToRational(f), "sparse": must(sparse.New(rows, cols, es)),
	}
}

func TestStoragesAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		rows, cols := 1+rng.IntN(5), 1+rng.IntN(5)
		data := weird.Floats(rows*cols, rng)
		all := storages(rows, cols, data)
		for name, x := range all {
			if r, c := x.Dims(); r != rows || c != cols {
				t.Fatalf("%s: shape %dx%d, want %dx%d", name, r, c, rows, cols)
			}
			for k, v := range data {
				if got, want := x.At(k/cols, k%cols), new(big.Rat).SetFloat64(v); got.Cmp(want) != 0 {
					t.Errorf("%s: entry %d is %v, want %v", name, k, got, want)
				}
			}
			back := x.Float64s()
			for k, v := range data {
				if back[k] != v {
					t.Errorf("%s: Float64s[%d] = %v, want %v", name, k, back[k], v)
				}
			}
			sum := make([]*big.Rat, rows*cols)
			x.Each(func(i, j int, v *big.Rat) { sum[i*cols+j] = new(big.Rat).Set(v) })
			for k, v := range data {
				if (v == 0) != (sum[k] == nil) || v != 0 && sum[k].Cmp(new(big.Rat).SetFloat64(v)) != 0 {
					t.Errorf("%s: Each gave %v at %d, want %v", name, sum[k], k, v)
				}
			}
			if p, ok := x.(exactmath.Pieces); ok {
				pieces := make([]big.Rat, rows*cols)
				p.Pieces(func(i, j int, sign float64, u uint64, e int) {
					m := new(big.Int).SetUint64(u)
					v := ldexp(m.Mul(m, big.NewInt(int64(sign))), e)
					pieces[i*cols+j].Add(&pieces[i*cols+j], v)
				})
				for k, v := range data {
					if pieces[k].Cmp(new(big.Rat).SetFloat64(v)) != 0 {
						t.Errorf("%s: the pieces of entry %d sum to %v, want %v", name, k, &pieces[k], v)
					}
				}
			} else if name != "rational" {
				t.Errorf("%s has no Pieces", name)
			}
			for other, y := range all {
				if !Equal(x, y) {
					t.Errorf("%s and %s differ", name, other)
				}
				d, err := ToRational(x).Sub(ToRational(y))
				if err != nil || MaxAbs(d).Sign() != 0 {
					t.Errorf("%s - %s = %v, %v", name, other, d, err)
				}
			}
			if d, ok := ToDyadic(x); !ok || !Equal(d, x) {
				t.Errorf("%s: ToDyadic failed or changed the matrix", name)
			}
		}
	}
}

func TestEqualSeesEveryEntry(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 100 {
		data := weird.Floats(6, rng)
		other := append([]float64(nil), data...)
		k := rng.IntN(6)
		if other[k] = math.Nextafter(data[k], 7); other[k] == data[k] {
			continue
		}
		for name, x := range storages(2, 3, data) {
			for name2, y := range storages(2, 3, other) {
				if Equal(x, y) {
					t.Errorf("%s and %s are equal though entry %d is %v and %v", name, name2, k, data[k], other[k])
				}
				d, err := ToRational(x).Sub(ToRational(y))
				want := new(big.Rat).Sub(new(big.Rat).SetFloat64(data[k]), new(big.Rat).SetFloat64(other[k]))
				if err != nil || MaxAbs(d).Cmp(want.Abs(want)) != 0 {
					t.Errorf("%s - %s: largest entry %v, want %v", name, name2, MaxAbs(d), want)
				}
			}
		}
	}
	if Equal(storages(1, 2, []float64{0, 0})["dyadic"], storages(2, 1, []float64{0, 0})["dyadic"]) {
		t.Error("1x2 and 2x1 are equal")
	}
}

// TestDyadicAgainstRational compares the two arithmetics entry by entry.
func TestDyadicAgainstRational(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 100 {
		r, k, c := 1+rng.IntN(4), 1+rng.IntN(4), 1+rng.IntN(4)
		x := dyadic(must(exactmath.FromFloat64(r, k, weird.Floats(r*k, rng))))
		y := dyadic(must(exactmath.FromFloat64(k, c, weird.Floats(k*c, rng))))
		w := dyadic(must(exactmath.FromFloat64(r, k, weird.Floats(r*k, rng))))
		xr, yr, wr := ToRational(x), ToRational(y), ToRational(w)
		for name, pair := range map[string][2]exactmath.Matrix{
			"x y":   {must(x.Mul(y)), must(xr.Mul(yr))},
			"x + w": {must(x.Add(w)), must(xr.Add(wr))},
			"x - w": {must(x.Sub(w)), must(xr.Sub(wr))},
			"-x":    {x.Neg(), xr.Neg()},
			"7 x":   {x.ScaleInt(big.NewInt(7)), xr.Scale(big.NewRat(7, 1))},
			"block": {must(x.Block(0, r, 1, k)), must(xr.Block(0, r, 1, k))},
		} {
			if !Equal(pair[0], pair[1]) {
				t.Errorf("%s: dyadic and rational results differ", name)
			}
		}
		for name, pair := range map[string][2]*big.Rat{
			"max":  {x.MaxAbs(), xr.MaxAbs()},
			"1":    {x.Norm1(), xr.Norm1()},
			"inf":  {x.NormInf(), xr.NormInf()},
			"frob": {x.NormFrobSq(), xr.NormFrobSq()},
		} {
			if pair[0].Cmp(pair[1]) != 0 {
				t.Errorf("norm %s: %v and %v", name, pair[0], pair[1])
			}
		}
		if x.Equal(w) != xr.Equal(wr) || !x.Equal(must(w.Add(must(x.Sub(w))))) {
			t.Error("Equal is wrong")
		}
	}
}

// TestNormsByHand pins the norms down on a matrix worked out by hand.
func TestNormsByHand(t *testing.T) {
	x := dyadic(must(exactmath.FromFloat64(2, 3, []float64{1, -2, 0.5, -4, 0, 3})))
	got := map[string]string{
		"max": x.MaxAbs().RatString(), "1": x.Norm1().RatString(), "inf": x.NormInf().RatString(), "frob": x.NormFrobSq().RatString(),
	}
	want := map[string]string{"max": "4", "1": "5", "inf": "7", "frob": "121/4"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestScaleColumns(t *testing.T) {
	x := must(NewDyadic(2, 2, []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(3), big.NewInt(4)}, -1))
	s := must(x.ScaleColumns([]*big.Int{big.NewInt(10), big.NewInt(-1)}))
	if want := must(exactmath.FromFloat64(2, 2, []float64{5, -1, 15, -2})); !Equal(s, want) {
		t.Errorf("scaled columns: %v", s.Float64s())
	}
}

func TestRounding(t *testing.T) {
	third := must(NewRational(1, 2, []*big.Rat{big.NewRat(1, 3), big.NewRat(-1, 2)}))
	if _, ok := ToDyadic(third); ok {
		t.Error("1/3 passes for a dyadic rational")
	}
	if d := cmp.Diff([]float64{1. / 3, -0.5}, third.Float64s()); d != "" {
		t.Error(d)
	}
	// A dyadic with 80 bits rounds to nearest even; one beyond the range to Inf.
	m := new(big.Int).Lsh(big.NewInt(1), 80)
	m.Add(m, big.NewInt(1))
	x := must(NewDyadic(1, 2, []*big.Int{m, big.NewInt(1)}, 1000))
	if d := cmp.Diff([]float64{math.Inf(1), 0x1p1000}, x.Float64s()); d != "" {
		t.Error(d)
	}
}

func TestShapeErrors(t *testing.T) {
	x := IdentityDyadic(2)
	y := IdentityDyadic(3)
	q, r := IdentityRational(2), IdentityRational(3)
	for name, f := range map[string]func() error{
		"NewDyadic":   func() error { _, err := NewDyadic(1, 1, nil, 0); return err },
		"NewRational": func() error { _, err := NewRational(1, 1, nil); return err },
		"Mul":         func() error { _, err := x.Mul(y); return err },
		"Add":         func() error { _, err := x.Add(y); return err },
		"Sub":         func() error { _, err := x.Sub(y); return err },
		"Block":       func() error { _, err := x.Block(0, 3, 0, 1); return err },
		"Scale":       func() error { _, err := x.ScaleColumns(nil); return err },
		"rational *":  func() error { _, err := q.Mul(r); return err },
		"rational +":  func() error { _, err := q.Add(r); return err },
		"rational []": func() error { _, err := q.Block(0, 1, 2, 1); return err },
	} {
		var shape *exactmath.ShapeError
		if err := f(); !errors.As(err, &shape) || shape.Error() == "" {
			t.Errorf("%s: %v, want a *ShapeError", name, err)
		}
	}
}

func ExampleDyadic_Mul() {
	x, _ := exactmath.FromFloat64(2, 2, []float64{0.5, 1, 0, 0.25})
	d, _ := ToDyadic(x)
	square, _ := d.Mul(d)
	fmt.Println(square.At(0, 1), square.At(1, 1))
	// Output: 3/4 1/16
}

func BenchmarkDyadicMul(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	data := make([]float64, 64*64)
	for k := range data {
		data[k] = rng.NormFloat64()
	}
	x := dyadic(must(exactmath.FromFloat64(64, 64, data)))
	for b.Loop() {
		must(x.Mul(x))
	}
}
