// Package verify composes a flow exactly and compares it with a target. It
// trusts nobody: it does not import the packages that build flows, and the
// verdict "exact" comes from integer arithmetic alone.
package verify

import (
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
)

// Compose returns the matrix of the flow, exactly, in the order of the
// coordinates. Scales given as exp(s) are irrational: then it fails with
// ErrIrrational; use Check, which encloses them.
func Compose(f *coupling.Flow) (exactmath.Matrix, error) {
	for _, l := range f.Layers() {
		if l.Scale().Kind() == coupling.ScaleExp {
			return nil, ErrIrrational
		}
	}
	order := f.Partition().Order()
	x := newState(f.Partition())
	for _, l := range f.Layers() {
		if err := x.multiply(l); err != nil {
			return nil, err
		}
	}
	return x.matrix(order)
}

// state is the product of the layers so far, as integers over one denominator:
// the columns of the first part (n x p) and of the second (n x q). Identity
// blocks are never multiplied: a layer costs one block product.
type state struct {
	cols [2]*exactmath.Dyadic
	den  *big.Int // odd part of the common denominator
}

func newState(part coupling.Partition) *state {
	n, p := part.Dim(), part.P()
	id := exactmath.IdentityDyadic(n)
	first, _ := id.Block(0, n, 0, p)
	second, _ := id.Block(0, n, p, n)
	return &state{[2]*exactmath.Dyadic{first, second}, big.NewInt(1)}
}

// multiply multiplies by a layer from the right. With [S, T] the columns read
// and written, [.., S] [[D, X], [0, I]] has T' = T D and S' = S + T X, for
// Upper T the first columns and S the second; Lower is the same with the parts
// swapped.
func (x *state) multiply(l coupling.Layer) error {
	t, s := 0, 1
	if l.Kind() == coupling.Lower {
		t, s = 1, 0
	}
	weight, wden, err := integers(l.Weight())
	if err != nil {
		return err
	}
	prod, err := x.cols[t].Mul(weight)
	if err != nil {
		return err
	}
	kept := x.cols[s]
	scaled := x.cols[t]
	if l.Scale().Kind() == coupling.ScaleExact {
		_, n := scaled.Dims()
		d, dden, err := diagonal(l.Scale(), n)
		if err != nil {
			return err
		}
		// Over the denominator den*wden*dden.
		if scaled, err = scaled.ScaleColumns(d); err != nil {
			return err
		}
		prod, kept = prod.ScaleInt(dden), kept.ScaleInt(dden)
		x.den = new(big.Int).Mul(x.den, dden)
	}
	if x.cols[s], err = kept.ScaleInt(wden).Add(prod); err != nil {
		return err
	}
	x.cols[t] = scaled.ScaleInt(wden)
	x.den = new(big.Int).Mul(x.den, wden)
	return nil
}

// integers returns w as a dyadic matrix over one odd denominator.
func integers(w exactmath.Matrix) (*exactmath.Dyadic, *big.Int, error) {
	if d, ok := exactmath.ToDyadic(w); ok {
		return d, big.NewInt(1), nil
	}
	den := big.NewInt(1)
	w.Each(func(_, _ int, v *big.Rat) { den = lcm(den, odd(v.Denom())) })
	rows, cols := w.Dims()
	r := exactmath.ToRational(w).Scale(new(big.Rat).SetInt(den))
	d, ok := exactmath.ToDyadic(r)
	if !ok {
		return nil, nil, &exactmath.ShapeError{Op: "integers", R1: rows, C1: cols}
	}
	return d, den, nil
}

// diagonal returns the scales as integers over one denominator.
func diagonal(s coupling.Scale, n int) ([]*big.Int, *big.Int, error) {
	den := big.NewInt(1)
	for i := range n {
		den = lcm(den, s.At(i).Denom())
	}
	d := make([]*big.Int, n)
	for i := range d {
		v := s.At(i)
		d[i] = new(big.Int).Mul(v.Num(), new(big.Int).Quo(den, v.Denom()))
	}
	return d, den, nil
}

func odd(d *big.Int) *big.Int { return new(big.Int).Rsh(d, d.TrailingZeroBits()) }

func lcm(a, b *big.Int) *big.Int {
	g := new(big.Int).GCD(nil, nil, a, b)
	return g.Mul(a, g.Quo(b, g))
}

// matrix returns the product in the order of the coordinates.
func (x *state) matrix(order []int) (exactmath.Matrix, error) {
	m, err := exactmath.Join(x.cols[0], x.cols[1], order)
	if err != nil {
		return nil, err
	}
	if x.den.IsInt64() && x.den.Int64() == 1 {
		return m, nil
	}
	return exactmath.ToRational(m).Scale(new(big.Rat).SetFrac(big.NewInt(1), x.den)), nil
}
