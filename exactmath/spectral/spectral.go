// Package spectral bounds the largest singular value of a matrix: a rigorous
// upper bound, computed in floating point with a proved allowance for rounding
// (PROOFS.md, section 9), beside an estimate. For matrices of finite entries it
// neither fails nor panics: what lies beyond float64 is +Inf, and nothing is NaN.
package spectral

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
)

// Bounds is what is known of a norm: Bound is proved not to be below it,
// Estimate is what floating point finds, and never above Bound.
type Bounds struct{ Estimate, Bound float64 }

// infinite is the norm of what does not fit into float64.
var infinite = Bounds{math.Inf(1), math.Inf(1)}

// Norm bounds the largest singular value of x. Dense matrices are certified by
// positive definiteness (PROOFS.md, theorem 9); sparse ones of more than 1,024
// rows or columns by sqrt(|X|_1 |X|_inf), which is exact for scaled partial
// permutations and loose otherwise. Of a matrix of float64 numbers it is found once.
func Norm(x exactmath.Matrix) Bounds {
	switch x := x.(type) {
	case *sparse.Matrix:
		return sparseNorm(x)
	case *exactmath.Floats:
		return x.Once(normKey{}, func() any { return read(x).norm() }).(Bounds)
	}
	return read(x).norm()
}

// normKey and enclosureKey are what the norm and the singular values of a matrix of
// float64 numbers are kept under.
type normKey struct{}
type enclosureKey struct{}

// Dense is Norm for a matrix of float64 numbers; +Inf if one is not finite.
func Dense(x *mat.Dense) Bounds {
	rows, cols := x.Dims()
	return Entries(rows, cols, entries(x), 0)
}

// Entries bounds the norm of the rows x cols matrix with the given entries, row
// by row, each known to a relative error of rel: it differs from data[k] by at
// most rel |data[k]|, or by 2^-900 of the largest. An entry that is infinite
// or NaN stands for one beyond float64.
func Entries(rows, cols int, data []float64, rel float64) Bounds {
	s, e, ok := scale(rows, cols, data)
	if !ok {
		return infinite
	}
	if s == nil {
		return Bounds{}
	}
	fsq := frobSq(s)
	frob, est := up(math.Sqrt(fsq)), estimate(s)
	best := frob
	for margin := 0x1p-44; margin < 1 && est*(1+margin) < frob; margin *= 16 {
		if t, ok := certify(float, s, fsq, est*(1+margin)); ok {
			best = min(best, t)
			break
		}
	}
	best = up(best + up(rel*frob))
	return Bounds{math.Ldexp(min(est, best), e), ldexpUp(best, e)}
}

// scale returns the entries divided by 2^e, the largest in [1/2, 1); nil if all
// are zero; false if one is not finite. What underflows is off by at most
// 2^-1075.
func scale(rows, cols int, data []float64) (s *mat.Dense, e int, ok bool) {
	top := 0.0
	for _, v := range data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, 0, false
		}
		top = max(top, math.Abs(v))
	}
	if top == 0 {
		return nil, 0, true
	}
	_, e = math.Frexp(top)
	s = mat.NewDense(rows, cols, nil)
	for k, v := range data {
		s.RawMatrix().Data[k] = math.Ldexp(v, -e)
	}
	return s, e, true
}

// reading is a matrix in float64: an entry of it, divided by 2^exp, differs from
// data[k] by at most rel |data[k]|, or by 2^-900 of the largest.
type reading struct {
	rows, cols int
	data       []float64
	exp        int
	rel        float64
}

func (r reading) norm() Bounds {
	b := Entries(r.rows, r.cols, r.data, r.rel)
	return Bounds{math.Ldexp(b.Estimate, r.exp), ldexpUp(b.Bound, r.exp)}
}

// read rounds the entries of x to float64, if they are no float64 numbers, divided
// by a power of two that takes the largest far from the ends of the range, if it is
// not already.
func read(x exactmath.Matrix) reading {
	rows, cols := x.Dims()
	switch x := x.(type) {
	case *exactmath.Floats:
		return reading{rows, cols, x.View(), 0, 0}
	case *sparse.Matrix:
		return reading{rows, cols, x.Float64s(), 0, 0}
	}
	data, top, e := x.Float64s(), 0.0, 0
	for _, v := range data {
		top = max(top, math.Abs(v))
	}
	if 0x1p-100 <= top && top <= math.MaxFloat64 {
		return reading{rows, cols, data, 0, unit}
	}
	first := true
	x.Each(func(_, _ int, v *big.Rat) {
		if b := v.Num().BitLen() - v.Denom().BitLen(); v.Sign() != 0 && (first || b > e) {
			e, first = b, false
		}
	})
	clear(data)
	two, t := new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))), new(big.Rat)
	x.Each(func(i, j int, v *big.Rat) {
		if e < 0 {
			t.SetFrac(new(big.Int).Mul(v.Num(), two), v.Denom())
		} else {
			t.SetFrac(v.Num(), new(big.Int).Mul(v.Denom(), two))
		}
		data[i*cols+j], _ = t.Float64()
	})
	return reading{rows, cols, data, e, unit}
}

// entries returns the entries of x, row by row.
func entries(x *mat.Dense) []float64 {
	r := x.RawMatrix()
	if r.Stride == r.Cols {
		return r.Data
	}
	out := make([]float64, 0, r.Rows*r.Cols)
	for i := range r.Rows {
		out = append(out, x.RawRowView(i)...)
	}
	return out
}

// estimate returns the largest singular value in floating point, of a matrix
// with largest entry in [1/2, 1).
func estimate(s *mat.Dense) float64 {
	var svd mat.SVD
	if svd.Factorize(s, mat.SVDNone) {
		if v := svd.Values(nil)[0]; v >= 0 { // not NaN
			return v
		}
	}
	return Estimate(s)
}

// Shear returns the condition number of [[I, X], [0, I]] in the spectral norm,
// ((x + sqrt(x^2 + 4))/2)^2, rounded, for |X| = x.
func Shear(x float64) float64 {
	s := (x + math.Sqrt(x*x+4)) / 2
	return s * s
}

// ShearBound is a proved upper bound of Shear(x): 7 roundings, each of a
// relative error of 2^-53.
func ShearBound(x float64) float64 { return up(Shear(x) * (1 + 8*unit)) }
