// Package verify composes a flow exactly and compares it with a target. It
// trusts nobody: it does not import the packages that build flows, and the
// verdict "exact" comes from integer arithmetic alone.
package verify

import (
	"errors"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/verify/engine"
	"flowproof/verify/product"
)

// Compose returns the matrix of the flow, exactly, in the order of the
// coordinates. Scales given as exp(s) are irrational: then it fails with
// ErrIrrational; use Check, which encloses them.
func Compose(f *coupling.Flow) (exactmath.Matrix, error) {
	if irrational(f) {
		return nil, ErrIrrational
	}
	if full(f) {
		num, den, err := compile(f).Product()
		if err == nil {
			return over(num, den), nil
		}
		if !errors.Is(err, exactmath.ErrTooLarge) {
			return nil, err
		}
	}
	x, err := multiply(f, nil, product.Precision)
	if err != nil {
		return nil, err
	}
	return matrix(x, f.Partition().Dim())
}

// multiply multiplies layer by layer, scales exp(s) to the given precision, and
// subtracts a target that is not nil; if it has to be, without residues.
func multiply(f *coupling.Flow, target exactmath.Matrix, precision int) (*product.Product, error) {
	layers := f.Layers()
	for _, maker := range []product.Maker{engine.New, nil} {
		x := product.New(f.Partition(), len(layers), precision, exactmath.Unlimited(), maker)
		var err error
		for _, l := range layers {
			if err = x.Multiply(l); err != nil {
				break
			}
		}
		if err == nil && target != nil {
			err = x.Subtract(target)
		}
		if !errors.Is(err, exactmath.ErrTooLarge) {
			return x, err
		}
	}
	return nil, exactmath.ErrTooLarge
}

func irrational(f *coupling.Flow) bool {
	for _, l := range f.Layers() {
		if l.Scale().Kind() == coupling.ScaleExp {
			return true
		}
	}
	return false
}

// full reports whether a rational flow is to be composed as a whole: unless its
// weights have at most two entries for each coordinate, on average.
func full(f *coupling.Flow) bool {
	if irrational(f) {
		return false
	}
	entries, most := 0, 2*f.Partition().Dim()*len(f.Layers())
	for _, l := range f.Layers() {
		if s, ok := l.Weight().(*sparse.Matrix); ok {
			entries += s.NNZ()
		} else if rows, cols := l.Weight().Dims(); rows*cols > most {
			return true
		} else {
			l.Weight().Each(func(int, int, *big.Rat) { entries++ })
		}
	}
	return entries > most
}

// compile returns a rational flow as the engine wants it.
func compile(f *coupling.Flow) *chain.Chain {
	part := f.Partition()
	c := &chain.Chain{P: part.P(), Q: part.Q(), Order: part.Order()}
	for _, l := range f.Layers() {
		c.Steps = append(c.Steps, product.Factor(l))
	}
	return c
}

// over returns num / den.
func over(num *dense.Dyadic, den *big.Int) exactmath.Matrix {
	if den.IsInt64() && den.Int64() == 1 {
		return num
	}
	return dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
}

// matrix returns the product: sparse if its entries are float64 numbers.
func matrix(x *product.Product, n int) (exactmath.Matrix, error) {
	floats := true
	var entries []sparse.Entry
	var exact []*big.Rat
	x.Each(func(i, j int, v *big.Rat) {
		f, ok := v.Float64()
		floats = floats && ok && f != 0 // Rat.Float64 calls an underflow to 0 exact
		entries = append(entries, sparse.Entry{Row: i, Col: j, Value: f})
		exact = append(exact, v)
	})
	if floats {
		return sparse.New(n, n, entries)
	}
	all := make([]*big.Rat, n*n)
	for k := range all {
		all[k] = new(big.Rat)
	}
	for k, e := range entries {
		all[e.Row*n+e.Col] = exact[k]
	}
	return dense.NewRational(n, n, all)
}
