package verify

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/verify/product"
)

// TestPathsAgree composes flows both ways: as a whole, and layer by layer.
func TestPathsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for s := range mixed + 1 {
		for _, n := range []int{2, 3, 9, 20, 33} {
			f := randomFlow(must(coupling.Half(n)), 4, s, rng)
			target := randomWeight(n, n, s, rng)
			c := compile(f)
			num, den, err := c.Product()
			if err != nil {
				t.Fatal(err)
			}
			x := must(multiply(f, nil, product.Precision))
			if !dense.Equal(over(num, den), must(matrix(x, n))) {
				t.Errorf("storage %d, n = %d: products differ", s, n)
			}
			num, den, err = c.Residual(target)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Subtract(target); err != nil {
				t.Fatal(err)
			}
			diff := over(num, den)
			if minus := dense.ToRational(diff).Neg(); !dense.Equal(minus, must(matrix(x, n))) {
				t.Errorf("storage %d, n = %d: residuals differ", s, n)
			}
			r := must(Check(f, target))
			if r.ResidualMax.Cmp(dense.MaxAbs(diff)) != 0 || r.ResidualMax.Cmp(x.MaxAbs()) != 0 || r.ResidualFrobSq.Cmp(dense.NormFrobSq(diff)) != 0 {
				t.Errorf("storage %d, n = %d: norms differ", s, n)
			}
		}
	}
}

func zeros(n int) []*big.Rat {
	v := make([]*big.Rat, n)
	for k := range v {
		v[k] = new(big.Rat)
	}
	return v
}

// TestThin composes sparse layers of a dimension at which nothing dense fits.
func TestThin(t *testing.T) {
	const n = 100_000
	part := must(coupling.Half(n))
	var layers []coupling.Layer
	for k := range 6 { // swaps the parts, twice
		es := make([]sparse.Entry, n/2)
		for i := range es {
			es[i] = sparse.Entry{Row: i, Col: i, Value: []float64{-1, 1}[k%2]}
		}
		w := must(sparse.New(n/2, n/2, es))
		layers = append(layers, must(coupling.NewLayer(part, coupling.Kind(k%2), w, coupling.Scale{})))
	}
	f := must(coupling.NewFlow(part, layers...))
	es := make([]sparse.Entry, n)
	for i := range es {
		es[i] = sparse.Entry{Row: i, Col: i, Value: -1}
	}
	target := must(sparse.New(n, n, es))
	if r := must(Check(f, target)); r.Verdict != Exact {
		t.Errorf("verdict %v, residual %v", r.Verdict, r.ResidualMax)
	}
	es[n-1].Value = -2
	off := must(sparse.New(n, n, es))
	r := must(Check(f, off))
	if r.Verdict != Residual || r.ResidualMax.Cmp(big.NewRat(1, 1)) != 0 || r.ResidualFrobSq.Cmp(big.NewRat(1, 1)) != 0 {
		t.Errorf("one entry off by 1: %v, %v, %v", r.Verdict, r.ResidualMax, r.ResidualFrobSq)
	}
}

// TestTooManyBits has numbers of 100,000 bits, which the engine refuses.
func TestTooManyBits(t *testing.T) {
	const n = 18
	part := must(coupling.Half(n))
	num := make([]*big.Int, n*n/4)
	for k := range num {
		num[k] = big.NewInt(int64(k + 1))
	}
	w := must(dense.NewDyadic(n/2, n/2, num, -100_000))
	f := must(coupling.NewFlow(part, must(coupling.NewLayer(part, coupling.Upper, w, coupling.Scale{}))))
	if _, _, err := compile(f).Product(); !errors.Is(err, exactmath.ErrTooLarge) {
		t.Fatalf("the engine says %v", err)
	}
	v := make([]*big.Rat, n*n)
	for i := range n {
		for j := range n {
			v[i*n+j] = new(big.Rat)
			if i == j {
				v[i*n+j].SetInt64(1)
			} else if i < n/2 && j >= n/2 {
				v[i*n+j] = w.At(i, j-n/2)
			}
		}
	}
	want := must(dense.NewRational(n, n, v))
	if !dense.Equal(must(Compose(f)), want) {
		t.Error("wrong product")
	}
	if r := must(Check(f, want)); r.Verdict != Exact {
		t.Errorf("verdict %v", r.Verdict)
	}
	v[0].Add(v[0], w.At(0, 0))
	if r := must(Check(f, must(dense.NewRational(n, n, v)))); r.Verdict != Residual || r.ResidualMax.Cmp(w.At(0, 0)) != 0 {
		t.Errorf("verdict %v, wrong residual", r.Verdict)
	}
}

func BenchmarkCheck(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 2))
	for _, n := range []int{64, 256, 512} {
		f, target := randomFlow(must(coupling.Half(n)), 6, floats, rng), randomWeight(n, n, floats, rng)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				must(Check(f, target))
			}
		})
	}
}
