package report

import (
	"encoding/json"
	"io"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"flowproof/convolution"
	"flowproof/coupling"
	"flowproof/coupling/run"
	"flowproof/exactmath"
	"flowproof/exactmath/sparse"
	"flowproof/internal/number"
	"flowproof/verify"
	"flowproof/verify/condition"
)

// Report is one checked flow. Its JSON form is what `verify -json` prints.
// Residuals and bounds are rounded up to the digits printed.
type Report struct {
	Target    string  `json:"target"`
	Dimension int     `json:"dimension"`
	Seed      *uint64 `json:"seed"` // null unless the target is random
	Note      string  `json:"note,omitempty"`
	// DetSign is the sign of the determinant of the target, exactly; null if it was
	// not decided. DetHow names the proof, or says why there is none.
	DetSign      *int   `json:"det_sign"`
	DetHow       string `json:"det_how"`
	Partition    string `json:"partition"`
	Construction string `json:"construction"`
	Depth        int    `json:"depth"`
	// DepthLowerBound is the number of layers below which it is proved that no
	// flow of the target exists; 0 if that was not looked into.
	DepthLowerBound int `json:"depth_lower_bound,omitempty"`

	Verdict                   verify.Verdict `json:"verdict"`
	Reproduced                bool           `json:"reproduced"` // within Tolerance
	Tolerance                 json.Number    `json:"tolerance"`
	ResidualMax               json.Number    `json:"residual_max"`
	ResidualFrobeniusRelative json.Number    `json:"residual_frobenius_relative"`

	Condition Condition `json:"condition"`
	Layers    []Layer   `json:"layers"`
	Forward   RoundTrip `json:"forward"`
	RoundTrip RoundTrip `json:"roundtrip"`
	// Whether a run in that type leaves half of its digits, or the tolerance: see
	// run.Usable. Measured on the vectors of Forward and RoundTrip.
	UsableFloat64 bool         `json:"usable_float64"`
	UsableFloat32 bool         `json:"usable_float32"`
	Alternative   *Alternative `json:"alternative,omitempty"`
	Seconds       Seconds      `json:"seconds"`

	Convolution *convolution.Comparison `json:"convolution,omitempty"`
}

// Condition gathers condition numbers in the spectral norm. Bounds are
// rigorous, estimates come from the SVD.
type Condition struct {
	Target           number.Float   `json:"target"` // estimate
	Layers           []number.Float `json:"layers"` // bounds, in product order
	MaxLayerBound    number.Float   `json:"max_layer_bound"`
	MaxLayerEstimate number.Float   `json:"max_layer_estimate"`
	ProductBound     number.Float   `json:"product_bound"`
	// LowerLimit is an estimate of what the product of the condition numbers
	// of any flow of any depth is at least (PROOFS.md, theorem 5.1). It is at
	// least max(cond M, |det M|^(1/q), |det M|^(-1/q)).
	LowerLimit number.Float `json:"lower_limit"`
}

// Layer describes one layer.
type Layer struct {
	Kind     string       `json:"kind"` // "L" or "U"
	Rows     int          `json:"rows"`
	Cols     int          `json:"cols"`
	ScaleMin number.Float `json:"scale_min"`
	ScaleMax number.Float `json:"scale_max"`
	Bound    number.Float `json:"condition_bound"`
	Estimate number.Float `json:"condition_estimate"`
}

// Seconds are wall-clock times.
type Seconds struct {
	Construct float64 `json:"construct"`
	Compose   float64 `json:"compose"` // exact composition and comparison
}

// Fill completes the report with what was checked and measured: the verdict,
// conditioning, and errors in floating point on vectors drawn from seed.
func (r *Report) Fill(f *coupling.Flow, target exactmath.Matrix, res *verify.Result, tol *big.Rat, seed uint64) error {
	r.Dimension = f.Partition().Dim()
	r.Partition = f.Partition().String()
	r.Depth = res.Depth
	r.Verdict = res.Verdict
	r.Reproduced = res.Within(tol)
	r.Tolerance = json.Number(Up(tol, 3))
	r.ResidualMax = json.Number(Up(res.ResidualMax, 3))
	r.ResidualFrobeniusRelative = json.Number(UpSqrt(res.Relative(), 3))

	c := &r.Condition
	c.MaxLayerBound, c.MaxLayerEstimate, c.ProductBound = 1, 1, 1
	c.Layers, r.Layers = []number.Float{}, []Layer{}
	for _, l := range f.Layers() {
		k := condition.Layer(l)
		rows, cols := l.Weight().Dims()
		lo, hi := extremes(run.Scales(l.Scale(), rows))
		r.Layers = append(r.Layers, Layer{l.Kind().String(), rows, cols, lo, hi, number.Float(k.Bound), number.Float(k.Estimate)})
		c.Layers = append(c.Layers, number.Float(k.Bound))
		c.MaxLayerBound = max(c.MaxLayerBound, number.Float(k.Bound))
		c.MaxLayerEstimate = max(c.MaxLayerEstimate, number.Float(k.Estimate))
		c.ProductBound = number.Float(math.Nextafter(float64(c.ProductBound)*k.Bound, math.Inf(1)))
	}
	c.Target, c.LowerLimit = number.Float(math.Inf(1)), 1 // what is known if there is no SVD
	if s, exp, ok := singularValues(target); ok {
		if s[len(s)-1] > 0 {
			c.Target = number.Float(s[0] / s[len(s)-1])
		}
		c.LowerLimit = number.Float(lowerLimit(s, exp, max(f.Partition().P(), f.Partition().Q())))
	}

	limit, _ := tol.Float64()
	return r.measure(f, target, limit, seed)
}

func extremes(v []float64) (lo, hi number.Float) {
	lo, hi = number.Float(v[0]), number.Float(v[0])
	for _, x := range v {
		lo, hi = min(lo, number.Float(x)), max(hi, number.Float(x))
	}
	return lo, hi
}

// singularValues estimates the singular values of m, the largest first, divided by
// 2^exp, which brings the largest near 1 where it is far from it. For a permutation
// with or without signs they are 1. ok is false if they were not found.
func singularValues(m exactmath.Matrix) (s []float64, exp int, ok bool) {
	n, _ := m.Dims()
	if _, _, ok := sparse.SignedPermutation(m); ok {
		s = make([]float64, n)
		for i := range s {
			s[i] = 1
		}
		return s, 0, true
	}
	data := m.Float64s()
	top := 0.0
	for _, v := range data {
		if top = max(top, math.Abs(v)); math.IsInf(top, 0) || math.IsNaN(top) {
			return nil, 0, false
		}
	}
	if top != 0 && (top < 0x1p-400 || top > 0x1p400) {
		_, exp = math.Frexp(top)
		for i, v := range data {
			data[i] = math.Ldexp(v, -exp)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(n, n, data), mat.SVDNone) {
		return nil, 0, false
	}
	return svd.Values(nil), exp, true
}

// lowerLimit is the bound of PROOFS.md, theorem 5.1, for singular values 2^exp s, q
// the size of the larger part.
func lowerLimit(s []float64, exp, q int) float64 {
	up, down, last := 0.0, 0.0, 0.0
	for _, v := range s {
		if v == 0 { // to working precision
			v = s[0] * 0x1p-53
		}
		l := math.Log(v) + float64(exp)*math.Ln2
		up, down, last = up+max(l, 0), down+max(-l, 0), math.Ldexp(v, exp)
	}
	first := math.Ldexp(s[0], exp)
	return max(1, first, math.Exp(up/float64(q))) * max(1, 1/last, math.Exp(down/float64(q)))
}

// ConditionEstimate estimates the condition number of a matrix by the SVD: +Inf
// for one that is singular to working precision, or whose SVD was not found.
func ConditionEstimate(m exactmath.Matrix) float64 {
	s, _, ok := singularValues(m)
	if !ok || s[len(s)-1] == 0 {
		return math.Inf(1)
	}
	return s[0] / s[len(s)-1]
}

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
