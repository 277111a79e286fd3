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
	"flowproof/internal/flowtest"
	"flowproof/verify/product"
)

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// storage tells how the weights of a random flow are stored.
type storage int

const (
	floats storage = iota
	sparsely
	dyadic
	rational
	mixed
)

func randomWeight(rows, cols int, s storage, rng *rand.Rand) exactmath.Matrix {
	if s == mixed {
		s = storage(rng.IntN(int(mixed)))
	}
	vals := make([]*big.Rat, rows*cols)
	data := make([]float64, rows*cols)
	var es []sparse.Entry
	for k := range vals {
		data[k] = rng.NormFloat64()
		if rng.IntN(4) == 0 {
			data[k] = 0
		}
		switch s {
		case dyadic:
			vals[k] = new(big.Rat).SetFloat64(data[k])
			vals[k].Mul(vals[k], new(big.Rat).SetFloat64(1+0x1p-40))
		case rational:
			vals[k] = big.NewRat(int64(rng.IntN(19)-9), int64(1+rng.IntN(12)))
		default:
			vals[k] = new(big.Rat).SetFloat64(data[k])
		}
		es = append(es, sparse.Entry{Row: k / cols, Col: k % cols, Value: data[k]})
	}
	switch s {
	case floats:
		return must(exactmath.FromFloat64(rows, cols, data))
	case sparsely:
		return must(sparse.New(rows, cols, es))
	}
	r := must(dense.NewRational(rows, cols, vals))
	if d, ok := dense.ToDyadic(r); ok {
		return d
	}
	return r
}

func randomScale(rows int, rng *rand.Rand) coupling.Scale {
	if rng.IntN(2) == 0 {
		return coupling.Scale{}
	}
	d := make([]*big.Rat, rows)
	for k := range d {
		d[k] = big.NewRat(int64(1+rng.IntN(9)), int64(1+rng.IntN(9)))
	}
	return must(coupling.ExactScale(d))
}

func randomFlow(part coupling.Partition, depth int, s storage, rng *rand.Rand) *coupling.Flow {
	var layers []coupling.Layer
	for range depth {
		kind := coupling.Kind(rng.IntN(2))
		rows, cols := part.WeightDims(kind)
		layers = append(layers, must(coupling.NewLayer(part, kind, randomWeight(rows, cols, s, rng), randomScale(rows, rng))))
	}
	return must(coupling.NewFlow(part, layers...))
}

func TestComposeAgainstFullProduct(t *testing.T) {
	for s := floats; s <= mixed; s++ {
		rng := rand.New(rand.NewPCG(1, uint64(s)))
		for range 40 {
			n := 2 + rng.IntN(6)
			part := must(coupling.NewPartition(n, rng.Perm(n)[:1+rng.IntN(n-1)]))
			f := randomFlow(part, rng.IntN(7), s, rng)
			got, want := must(Compose(f)), flowtest.Matrix(t, f)
			if !dense.Equal(got, want) {
				t.Fatalf("storage %d, n = %d, depth %d: the product is wrong", s, n, f.Depth())
			}
			r := must(Check(f, want))
			if r.Verdict != Exact || r.ResidualMax.Sign() != 0 || r.ResidualFrobSq.Sign() != 0 || !r.Within(new(big.Rat)) {
				t.Errorf("storage %d: %+v on the product itself", s, r)
			}
		}
	}
}

// TestResidualIsExact plants a difference of known size in one or two entries.
func TestResidualIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, size := range []*big.Rat{big.NewRat(1, 3), big.NewRat(-7, 2), new(big.Rat).SetFloat64(0x1p-1000)} {
		for s := floats; s <= mixed; s++ {
			f := randomFlow(must(coupling.Half(5)), 4, s, rng)
			target := flowtest.Matrix(t, f)
			entries := make([]*big.Rat, 25)
			for k := range entries {
				entries[k] = target.At(k/5, k%5)
			}
			frob := new(big.Rat)
			for _, v := range entries {
				frob.Add(frob, new(big.Rat).Mul(v, v))
			}
			k := rng.IntN(24)
			half := new(big.Rat).Mul(size, big.NewRat(1, 2))
			old := new(big.Rat).Mul(entries[k], entries[k])
			old.Add(old, new(big.Rat).Mul(entries[24], entries[24]))
			entries[k].Add(entries[k], size)
			entries[24].Sub(entries[24], half)
			frob.Sub(frob, old)
			frob.Add(frob, new(big.Rat).Mul(entries[k], entries[k]))
			frob.Add(frob, new(big.Rat).Mul(entries[24], entries[24]))

			r := must(Check(f, must(dense.NewRational(5, 5, entries))))
			wantMax := new(big.Rat).Abs(size)
			wantSq := new(big.Rat).Mul(size, size)
			wantSq.Mul(wantSq, big.NewRat(5, 4))
			if r.Verdict != Residual || r.ResidualMax.Cmp(wantMax) != 0 || r.ResidualFrobSq.Cmp(wantSq) != 0 || r.TargetFrobSq.Cmp(frob) != 0 {
				t.Errorf("storage %d: got %v %v, %v, %v; want %v, %v, %v", s, r.Verdict, r.ResidualMax, r.ResidualFrobSq, r.TargetFrobSq, wantMax, wantSq, frob)
			}
			rel := new(big.Rat).Quo(wantSq, frob)
			if r.Relative().Cmp(rel) != 0 {
				t.Errorf("relative residual squared %v, want %v", r.Relative(), rel)
			}
		}
	}
}

func TestWithin(t *testing.T) {
	r := &Result{ResidualFrobSq: big.NewRat(9, 1), TargetFrobSq: big.NewRat(100, 1)}
	if r.Within(big.NewRat(299, 1000)) || !r.Within(big.NewRat(3, 10)) {
		t.Error("3/10 is within 3/10 and not within 299/1000")
	}
	zero := &Result{ResidualFrobSq: big.NewRat(4, 1), TargetFrobSq: new(big.Rat)}
	if zero.Relative().Cmp(big.NewRat(4, 1)) != 0 {
		t.Error("the residual against a zero target is absolute")
	}
}

func TestCheckErrors(t *testing.T) {
	f := must(coupling.NewFlow(must(coupling.Half(4))))
	var shape *exactmath.ShapeError
	if _, err := Check(f, dense.IdentityDyadic(5)); !errors.As(err, &shape) {
		t.Errorf("wrong shape: %v", err)
	}
	e := expFlow(1, big.NewRat(1, 2))
	if _, err := Compose(e); !errors.Is(err, ErrIrrational) {
		t.Errorf("exp scales: %v, want ErrIrrational", err)
	}
}

// expFlow is diag(1, exp(s))^k on two coordinates.
func expFlow(k int, s *big.Rat) *coupling.Flow {
	part := must(coupling.Half(2))
	zero := must(exactmath.FromFloat64(1, 1, []float64{0}))
	var layers []coupling.Layer
	for range k {
		layers = append(layers, must(coupling.NewLayer(part, coupling.Lower, zero, coupling.ExpScale([]*big.Rat{s}))))
	}
	return must(coupling.NewFlow(part, layers...))
}

func ExampleCheck() {
	part, _ := coupling.Half(2)
	layer := func(kind coupling.Kind, x float64) coupling.Layer {
		w, _ := exactmath.FromFloat64(1, 1, []float64{x})
		l, _ := coupling.NewLayer(part, kind, w, coupling.Scale{})
		return l
	}
	// A quarter turn as three shears.
	flow, _ := coupling.NewFlow(part, layer(coupling.Upper, -1), layer(coupling.Lower, 1), layer(coupling.Upper, -1))
	turn, _ := exactmath.FromFloat64(2, 2, []float64{0, -1, 1, 0})
	r, _ := Check(flow, turn)
	fmt.Println(r.Verdict, r.Depth)
	// Output: exact 3
}

// TestEnclosed: exp(1/2)^k lies within the reported bound of its decimal value,
// computed to 60 digits elsewhere (Arb), and the bound is tight.
func TestEnclosed(t *testing.T) {
	// exp(1) to 60 digits.
	e, ok := new(big.Rat).SetString("2.71828182845904523536028747135266249775724709369995957496697")
	if !ok {
		t.Fatal("bad constant")
	}
	target := must(dense.NewRational(2, 2, []*big.Rat{big.NewRat(1, 1), new(big.Rat), new(big.Rat), e}))
	for k := 1; k <= 4; k++ {
		r := must(Check(expFlow(k, big.NewRat(1, int64(k))), target))
		if r.Verdict != Enclosed || r.ResidualMax.Sign() <= 0 || r.ResidualMax.Cmp(new(big.Rat).SetFloat64(1e-58)) > 0 {
			t.Errorf("k = %d: %v, residual %s", k, r.Verdict, r.ResidualMax.FloatString(70))
		}
		if r.ResidualFrobSq.Cmp(new(big.Rat).Mul(r.ResidualMax, r.ResidualMax)) < 0 {
			t.Errorf("k = %d: the Frobenius bound is below the largest entry", k)
		}
	}
	// The bounds are those of the product, its error included.
	for k := 1; k <= 4; k++ {
		f := expFlow(k, big.NewRat(40, int64(k)))
		zero := must(dense.NewRational(2, 2, zeros(4)))
		r, x := must(Check(f, zero)), must(multiply(f, zero, product.Precision))
		if r.ResidualMax.Cmp(x.MaxAbs()) != 0 {
			t.Errorf("k = %d: residual %v, want %v", k, r.ResidualMax, x.MaxAbs())
		}
		sum := big.NewRat(1, 1) // the other entry that is not 0
		if sum.Add(sum, new(big.Rat).Mul(x.MaxAbs(), x.MaxAbs())); r.ResidualFrobSq.Cmp(sum) < 0 {
			t.Errorf("k = %d: the Frobenius bound %v leaves out the error", k, r.ResidualFrobSq)
		}
	}
	// A wrong target by a known amount: the bound covers it, and not twice.
	wrong := must(dense.NewRational(2, 2, []*big.Rat{big.NewRat(1, 1), big.NewRat(1, 8), new(big.Rat), e}))
	r := must(Check(expFlow(2, big.NewRat(1, 2)), wrong))
	if r.ResidualMax.Cmp(big.NewRat(1, 8)) < 0 || r.ResidualMax.Cmp(big.NewRat(1, 7)) > 0 {
		t.Errorf("residual %s, want 1/8", r.ResidualMax.FloatString(10))
	}
	// Layers so extreme that the precision has to be raised.
	part := must(coupling.Half(2))
	shear := func(kind coupling.Kind, v float64, s int64) coupling.Layer {
		return must(coupling.NewLayer(part, kind, must(exactmath.FromFloat64(1, 1, []float64{v})), coupling.ExpScale([]*big.Rat{big.NewRat(s, 1)})))
	}
	// [[1, 0], [2^1000, e]] [[1, 0], [-2^1000, 1/e]] = [[1, 0], [2^1000 - e 2^1000, 1]]
	f := must(coupling.NewFlow(part, shear(coupling.Lower, 0x1p1000, 1), shear(coupling.Lower, -0x1p1000, -1)))
	x := must(multiply(f, nil, product.MaxPrecision))
	approximate := must(matrix(x, 2))
	if r := must(Check(f, approximate)); r.ResidualMax.Sign() <= 0 || r.ResidualMax.Cmp(new(big.Rat).SetFloat64(0x1p-1000)) > 0 {
		t.Error("the precision was not raised")
	}
	if _, err := Check(expFlow(1, big.NewRat(1<<40, 1)), wrong); err == nil {
		t.Error("exp(2^40) was enclosed")
	}
}
