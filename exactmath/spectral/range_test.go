package spectral

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
)

// wild returns a finite float64 of any exponent, subnormal ones and zero included.
func wild(rng *rand.Rand) float64 {
	switch rng.IntN(6) {
	case 0:
		return 0
	case 1:
		return math.Copysign(math.MaxFloat64, rng.Float64()-0.5)
	case 2:
		return math.Ldexp(rng.Float64(), -1060)
	}
	return math.Ldexp(rng.Float64()-0.5, rng.IntN(2098)-1073)
}

// TestRange: entries over the whole range of float64. The bound is never NaN, never
// below the estimate or the norm, and where the norm is far inside the range it is
// tight.
func TestRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for range 4000 {
		rows, cols := 1+rng.IntN(6), 1+rng.IntN(6)
		data := make([]float64, rows*cols)
		base := rng.IntN(1980) - 1000
		close := rng.IntN(2) == 0 // of a few binades
		for k := range data {
			if data[k] = wild(rng); close {
				data[k] = math.Ldexp(rng.Float64()-0.5, max(-1070, base+rng.IntN(30)))
			}
		}
		x := must(exactmath.FromFloat64(rows, cols, data))
		var es []sparse.Entry
		for k, v := range data {
			if v != 0 {
				es = append(es, sparse.Entry{Row: k / cols, Col: k % cols, Value: v})
			}
		}
		dyadic, _ := dense.ToDyadic(x)
		for name, y := range map[string]exactmath.Matrix{"floats": x, "sparse": must(sparse.New(rows, cols, es)), "dyadic": dyadic} {
			b := Norm(y)
			if !(0 <= b.Estimate && b.Estimate <= b.Bound) {
				t.Fatalf("%s %v: %v", name, data, b)
			}
			frob := math.Sqrt(float64(rows * cols))
			top := 0.0
			for _, v := range data {
				top = max(top, math.Abs(v))
			}
			if math.IsInf(b.Bound, 1) {
				if top < math.MaxFloat64/8 {
					t.Fatalf("%s %v: infinite", name, data)
				}
				continue
			}
			if b.Bound < top || top > 1e-300 && b.Bound > top*frob*(1+1e-9) {
				t.Fatalf("%s %v: bound %v, the largest entry is %v", name, data, b.Bound, top)
			}
			if close && belowNorm(x, b.Bound) {
				t.Fatalf("%s %v: the bound %v is below the norm", name, data, b)
			}
		}
		if e := Estimate(mat.NewDense(rows, cols, data)); math.IsNaN(e) || e > Norm(x).Bound*(1+1e-12) {
			t.Fatalf("%v: estimate %v", data, e)
		}
	}
}

// TestBeyondFloat64: rational entries that float64 does not hold.
func TestBeyondFloat64(t *testing.T) {
	pow := func(e int) *big.Rat {
		r := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))))
		if e < 0 {
			r.Inv(r)
		}
		return r
	}
	for _, c := range []struct {
		entries  []*big.Rat
		least    float64
		estimate float64
	}{
		{[]*big.Rat{pow(2000), pow(-2000)}, math.Inf(1), math.Inf(1)},
		{[]*big.Rat{pow(-1060), mul(big.NewRat(4, 3), pow(-1060))}, 5. / 3 * 0x1p-1060, 5. / 3 * 0x1p-1060},
		{[]*big.Rat{mul(big.NewRat(3, 1), pow(-2000)), pow(-2000)}, 0x1p-1074, 0},
		{[]*big.Rat{mul(big.NewRat(3, 5), pow(-300)), mul(big.NewRat(4, 5), pow(-300))}, 0x1p-300, 0x1p-300},
		{[]*big.Rat{pow(1023), new(big.Rat)}, 0x1p1023, 0x1p1023},
	} {
		b := Norm(must(dense.NewRational(1, 2, c.entries)))
		if b.Bound < c.least || !math.IsInf(c.least, 1) && b.Bound > c.least*(1+1e-9)+0x1p-1073 ||
			math.Abs(b.Estimate-c.estimate) > 1e-9*c.estimate+0x1p-1073 && !math.IsInf(c.estimate, 1) {
			t.Errorf("%v: %v, want %v", c.entries, b, c.least)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if b := Dense(mat.NewDense(1, 2, []float64{1, v})); !math.IsInf(b.Bound, 1) || !math.IsInf(b.Estimate, 1) {
			t.Errorf("entry %v: %v, want infinities", v, b)
		}
	}
	for _, d := range [][2]int{{0, 0}, {0, 3}, {3, 0}} {
		if b := Entries(d[0], d[1], nil, 0.1); b != (Bounds{}) {
			t.Errorf("%v: %v", d, b)
		}
	}
}

// TestEntries: the bound holds for every matrix whose entries are that near.
func TestEntries(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for range 300 {
		rows, cols, rel := 1+rng.IntN(5), 1+rng.IntN(5), math.Ldexp(1, -rng.IntN(40))
		x := random(rows, cols, rng, 1)
		// All larger in absolute value, and some larger and some smaller.
		for _, signs := range []func() float64{func() float64 { return 1 }, func() float64 { return float64(2*rng.IntN(2) - 1) }} {
			data := x.Float64s()
			for k := range data {
				data[k] *= 1 + signs()*rel*(1-0x1p-50)
			}
			if b := Entries(rows, cols, x.Float64s(), rel); belowNorm(must(exactmath.FromFloat64(rows, cols, data)), b.Bound) {
				t.Errorf("%d x %d, relative error %v: the bound %v is too small", rows, cols, rel, b)
			}
		}
	}
	// A rational number lies up to half a unit from its float64.
	for range 2000 {
		r := big.NewRat(rng.Int64N(1<<60)+1, rng.Int64N(1<<60)+1)
		if b := Norm(must(dense.NewRational(1, 1, []*big.Rat{r}))); rat(b.Bound).Cmp(r) < 0 {
			t.Fatalf("%v: bound %v", r, b)
		}
	}
	// A reading says how near it is, and its norm heeds that.
	for range 500 {
		r := big.NewRat(rng.Int64N(1<<60)+1, rng.Int64N(1<<60)+1)
		for _, e := range []int{0, 2000, -2000} {
			got := read(must(dense.NewRational(1, 1, []*big.Rat{mul(r, pow2(e))})))
			d := new(big.Rat).Sub(mul(rat(got.data[0]), pow2(got.exp-e)), r)
			if limit := mul(mul(rat(got.data[0]), pow2(got.exp-e)), rat(got.rel)); d.Abs(d).Cmp(limit) > 0 {
				t.Fatalf("%v 2^%d: %v is not within %v", r, e, got.data[0], got.rel)
			}
		}
	}
	if b := (reading{1, 1, []float64{1}, 3, 0.25}).norm(); b.Bound < 10 || b.Bound > 10.01 || b.Estimate != 8 {
		t.Errorf("8 to a quarter: %v", b)
	}
	if v, b := 1.0, Entries(1, 1, []float64{1}, unit); rat(b.Bound).Cmp(add(rat(v), rat(unit))) < 0 {
		t.Errorf("1 to half a unit: %v", b)
	}
}

// TestSparseBound: sqrt(|x|_1 |x|_inf) of large sparse matrices, in exact
// arithmetic, where every sum rounds down, and where the root does.
func TestSparseBound(t *testing.T) {
	const n = 1100
	check := func(name string, es []sparse.Entry) {
		t.Helper()
		x := must(sparse.New(n, n, es))
		rows, cols := make([]*big.Rat, n), make([]*big.Rat, n)
		for i := range n {
			rows[i], cols[i] = new(big.Rat), new(big.Rat)
		}
		for _, e := range es {
			v := rat(math.Abs(e.Value))
			rows[e.Row].Add(rows[e.Row], v)
			cols[e.Col].Add(cols[e.Col], v)
		}
		one, inf := new(big.Rat), new(big.Rat)
		for i := range n {
			if rows[i].Cmp(inf) > 0 {
				inf = rows[i]
			}
			if cols[i].Cmp(one) > 0 {
				one = cols[i]
			}
		}
		b, want := Norm(x), mul(one, inf)
		w, _ := want.Float64()
		if mul(rat(b.Bound), rat(b.Bound)).Cmp(want) < 0 || b.Bound > math.Sqrt(w)*(1+1e-13) {
			t.Errorf("%s: bound %v, want %v rounded up", name, b.Bound, math.Sqrt(w))
		}
		if !(0 < b.Estimate && b.Estimate <= b.Bound) {
			t.Errorf("%s: %v", name, b)
		}
	}
	var row, col, ones []sparse.Entry
	for i := range n {
		v := 0x1p-53
		if i == 0 {
			v = 1
		}
		row = append(row, sparse.Entry{Row: 3, Col: i, Value: v})
		col = append(col, sparse.Entry{Row: i, Col: 3, Value: -v})
		ones = append(ones, sparse.Entry{Row: i, Col: 5, Value: 1})
	}
	check("a row", row)
	check("a column", col)
	check("ones", ones)
	rng := rand.New(rand.NewPCG(3, 3))
	for range 40 {
		check("one entry", []sparse.Entry{{Row: 7, Col: 9, Value: 1 + rng.Float64()}})
	}
	check("a large one", []sparse.Entry{{Row: 7, Col: 9, Value: 0x1p1022}, {Row: 7, Col: 10, Value: 0x1p1022 * 1.5}})
	// Orthogonal to a vector of ones.
	if b := Norm(must(sparse.New(n, n, []sparse.Entry{{Row: 0, Col: 0, Value: 1}, {Row: 0, Col: 1, Value: -1}, {Row: 1, Col: 0, Value: 1e-3}}))); b.Estimate < 1.41 {
		t.Errorf("estimate %v, want more than sqrt 2", b.Estimate)
	}
}

// TestEstimateIsNotDeceived: matrices whose leading singular vector is orthogonal to
// a plain start.
func TestEstimateIsNotDeceived(t *testing.T) {
	x := mat.NewDense(4, 4, nil)
	for j, v := range []float64{1, -1, 1, -1} {
		x.Set(0, j, 100*v)
	}
	x.Set(1, 0, 1)
	if e := Estimate(x); math.Abs(e-200) > 0.1 {
		t.Errorf("estimate %v, want about 200", e)
	}
}

func TestAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	for range 5000 {
		x, y := math.Ldexp(rng.Float64(), rng.IntN(120)-60), math.Ldexp(rng.Float64(), rng.IntN(120)-60)
		s, want := addUp(x, y), add(rat(x), rat(y))
		if rat(s).Cmp(want) < 0 || rat(math.Nextafter(s, 0)).Cmp(want) >= 0 {
			t.Fatalf("%v + %v = %v, want the exact sum rounded up", x, y, s)
		}
	}
}

func TestLdexpDirected(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	for range 5000 {
		x, e := math.Ldexp(rng.Float64(), rng.IntN(200)-100), -900-rng.IntN(250)
		exact := mul(rat(x), new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), uint(-e))))
		up := ldexpUp(x, e)
		if rat(up).Cmp(exact) < 0 || rat(math.Nextafter(up, 0)).Cmp(exact) > 0 {
			t.Fatalf("%v 2^%d: %v", x, e, up)
		}
	}
}
