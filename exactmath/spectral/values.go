package spectral

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"flowproof/exactmath"
)

// Values encloses the singular values s_0 >= s_1 >= .. of a matrix: s_i / 2^Exp is
// at least Low[i] and at most High[i].
type Values struct {
	Low, High []float64
	Exp       int
}

// Estimates returns the singular values of x divided by a power of two, in
// floating point, the largest first. None is NaN or infinite. It returns nil if
// the SVD does not converge. The caller must not change them.
func Estimates(x exactmath.Matrix) []float64 { return factor(x).estimates }

// Enclose encloses the singular values of x. It returns false if the SVD does not
// converge. The caller must not change them. Of a matrix of float64 numbers they are
// found once, for Estimates too.
func Enclose(x exactmath.Matrix) (v Values, ok bool) {
	f := factor(x)
	return f.values, f.proved
}

// factored is what the SVD tells.
type factored struct {
	estimates []float64 // nil if it does not converge
	values    Values
	proved    bool
}

func factor(x exactmath.Matrix) factored {
	if f, ok := x.(*exactmath.Floats); ok {
		return f.Once(enclosureKey{}, func() any { return read(x).factor() }).(factored)
	}
	return read(x).factor()
}

func (r reading) factor() (f factored) {
	s, e, _ := scale(r.rows, r.cols, r.data)
	if s == nil {
		zeros := make([]float64, min(r.rows, r.cols))
		return factored{zeros, Values{Low: zeros, High: zeros}, true}
	}
	var svd mat.SVD
	if !svd.Factorize(s, mat.SVDThin) {
		return factored{}
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	f.estimates, f.values.Exp = svd.Values(nil), r.exp+e
	f.values.Low, f.values.High, f.proved = enclose(s, r.rel, &u, f.estimates, &v)
	return f
}

// enclose encloses the singular values of a matrix x, of which s has the entries to
// a relative error of rel, or to 2^-890, and the largest entry of s is in [1/2, 1),
// from any U, S >= 0, sorted, and V. What is proved is the better the nearer U S V^T
// is to a singular value decomposition: singular values of U S V^T are those of S up
// to factors of |U^T U - I| and |V^T V - I|, and they are moved by at most |X - U S
// V^T| (PROOFS.md, proposition 9.1). It returns false if U or V is far from
// orthogonal.
func enclose(s *mat.Dense, rel float64, u *mat.Dense, sv []float64, v *mat.Dense) (low, high []float64, ok bool) {
	k := len(sv)
	var us, left mat.Dense
	us.Apply(func(_, j int, x float64) float64 { return x * sv[j] }, u)
	left.Mul(&us, v.T())
	left.Sub(s, &left)
	fu, fv := frob(u), frob(v)
	away := up(frob(&left) * (1 + 4*unit))
	away = up(away + up(up(float.gamma(k+3)*sv[0])*up(fu*fv))) // rounding of the product
	away = up(away + up(rel*frob(s)))
	away = up(away + float64(len(entries(s)))*0x1p-890)
	a, b := defect(u, fu), defect(v, fv)
	if !(a < 0.5 && b < 0.5) {
		return nil, nil, false
	}
	high = tails(s, rel, v, b)
	for i, x := range sv {
		low = append(low, max(0, down(down(down(x*down(1-a))*down(1-b))-away)))
		high[i] = min(high[i], up(up(up(x*up(1+a))*up(1+b))+away))
	}
	return low, high, true
}

// frob returns an upper bound of the Frobenius norm of a matrix with entries of
// absolute value at most 2.
func frob(x *mat.Dense) float64 {
	data := entries(x)
	return up(up(math.Sqrt(up(dot(data, data)*(1+2*float64(len(data)+2)*unit)))) + 0x1p-500)
}

// defect returns an upper bound of |U^T U - I|, fu being one of |U|_F.
func defect(u *mat.Dense, fu float64) float64 {
	rows, k := u.Dims()
	var g mat.Dense
	g.Mul(u.T(), u)
	for i := range k {
		g.Set(i, i, g.At(i, i)-1)
	}
	return up(up(frob(&g)*(1+4*unit)) + up(up(float.gamma(rows)*fu)*fu))
}

// tails bounds the i-th singular value of x by |x [v_i, v_(i+1), ..]|_F over the
// least singular value of these columns of V, which is at least 1 - b: of graded
// matrices the small singular values are found that way. s and rel are as for
// enclose.
func tails(s *mat.Dense, rel float64, v *mat.Dense, b float64) []float64 {
	rows, cols := s.Dims()
	_, k := v.Dims()
	abs := func(x *mat.Dense) *mat.Dense {
		out := new(mat.Dense)
		out.Apply(func(_, _ int, v float64) float64 { return math.Abs(v) }, x)
		return out
	}
	var sv, size mat.Dense
	sv.Mul(s, v)
	size.Mul(abs(s), abs(v))
	// Squares of small numbers would underflow in float64.
	number := func() *big.Float { return new(big.Float).SetPrec(64).SetMode(big.ToPositiveInf) }
	out, sum, square := make([]float64, k), number(), number()
	for j := k - 1; j >= 0; j-- {
		for i := range rows {
			err := up((up(rel+float.gamma(cols+2)) * size.At(i, j)) * (1 + 4*float64(cols+2)*unit))
			x := up(up(math.Abs(sv.At(i, j))+err) + float64(cols)*0x1p-889)
			square.SetFloat64(x)
			sum.Add(sum, square.Mul(square, square))
		}
		root, _ := number().Sqrt(sum).Float64() // two roundings, of 2^-64 and 2^-53
		out[j] = up(up(up(root)) / down(1-b))
	}
	return out
}

// down returns the next float64 below a rounded result.
func down(x float64) float64 { return math.Nextafter(x, math.Inf(-1)) }
