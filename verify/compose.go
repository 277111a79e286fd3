// Package verify composes a flow exactly and compares it with a target. It
// trusts nobody: it does not import the packages that build flows, and the
// verdict "exact" comes from integer arithmetic alone.
package verify

import (
	"errors"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/modular"
)

// Compose returns the matrix of the flow, exactly, in the order of the
// coordinates. Scales given as exp(s) are irrational: then it fails with
// ErrIrrational; use Check, which encloses them.
func Compose(f *coupling.Flow) (exactmath.Matrix, error) {
	c, err := chain(f)
	if err != nil {
		return nil, err
	}
	if !thin(f) {
		num, den, err := c.Product(0)
		if err == nil {
			return over(num, den), nil
		}
		if !errors.Is(err, modular.ErrTooLarge) {
			return nil, err
		}
	}
	x, err := newRowwise(c)
	if err != nil {
		return nil, err
	}
	return x.matrix()
}

// chain returns the flow as the engine wants it.
func chain(f *coupling.Flow) (*modular.Chain, error) {
	part := f.Partition()
	c := &modular.Chain{P: part.P(), Q: part.Q(), Order: part.Order()}
	for _, l := range f.Layers() {
		s := modular.Step{Upper: l.Kind() == coupling.Upper, Weight: l.Weight()}
		switch l.Scale().Kind() {
		case coupling.ScaleExp:
			return nil, ErrIrrational
		case coupling.ScaleExact:
			rows, _ := l.Weight().Dims()
			for i := range rows {
				s.Scale = append(s.Scale, l.Scale().At(i))
			}
		}
		c.Steps = append(c.Steps, s)
	}
	return c, nil
}

// thin reports whether the weights have at most two entries for each
// coordinate, on average: then rows are composed one by one.
func thin(f *coupling.Flow) bool {
	entries, most := 0, 2*f.Partition().Dim()*len(f.Layers())
	for _, l := range f.Layers() {
		if s, ok := l.Weight().(*exactmath.Sparse); ok {
			entries += s.NNZ()
		} else if rows, cols := l.Weight().Dims(); rows*cols > most {
			return false
		} else {
			l.Weight().Each(func(int, int, *big.Rat) { entries++ })
		}
	}
	return entries <= most
}

// residual returns the largest |entry| of target - product and the sum of the
// squares of all.
func residual(f *coupling.Flow, target exactmath.Matrix) (most, frobSq *big.Rat, err error) {
	c, err := chain(f)
	if err != nil {
		return nil, nil, err
	}
	if !thin(f) {
		num, den, err := c.Residual(target, 0)
		if err == nil {
			unit := new(big.Rat).SetFrac(big.NewInt(1), den)
			most = new(big.Rat).Mul(num.MaxAbs(), unit)
			return most, unit.Mul(unit, unit).Mul(unit, num.NormFrobSq()), nil
		}
		if !errors.Is(err, modular.ErrTooLarge) {
			return nil, nil, err
		}
	}
	x, err := newRowwise(c)
	if err != nil {
		return nil, nil, err
	}
	most, frobSq = x.residual(target)
	return most, frobSq, nil
}

// over returns num / den.
func over(num *dense.Dyadic, den *big.Int) exactmath.Matrix {
	if den.IsInt64() && den.Int64() == 1 {
		return num
	}
	return dense.ToRational(num).Scale(new(big.Rat).SetFrac(big.NewInt(1), den))
}
