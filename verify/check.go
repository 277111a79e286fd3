package verify

import (
	"errors"
	"fmt"
	"math/big"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify/product"
)

// Verdict is the outcome of a check.
type Verdict = product.Verdict

// The verdicts.
const (
	Exact    = product.Exact
	Residual = product.Residual
	Enclosed = product.Enclosed
)

// ErrIrrational is returned by Compose for a flow with scales exp(s).
var ErrIrrational = errors.New("the flow has scales exp(s), which are not rational")

// Result is what a check finds.
type Result struct {
	Verdict Verdict
	Depth   int
	// ResidualMax is the largest |entry| of target - product: exact for the
	// verdicts Exact (0) and Residual, an upper bound for Enclosed.
	ResidualMax *big.Rat
	// ResidualFrobSq is the sum of the squares of those entries, or an upper
	// bound of it for Enclosed; TargetFrobSq the same of the target, exactly.
	ResidualFrobSq, TargetFrobSq *big.Rat
}

// Relative returns ResidualFrobSq / TargetFrobSq, the square of the relative
// Frobenius residual; for a zero target it returns ResidualFrobSq.
func (r *Result) Relative() *big.Rat {
	if r.TargetFrobSq.Sign() == 0 {
		return r.ResidualFrobSq
	}
	return new(big.Rat).Quo(r.ResidualFrobSq, r.TargetFrobSq)
}

// Within reports whether the relative Frobenius residual is at most tol,
// decided exactly.
func (r *Result) Within(tol *big.Rat) bool {
	return r.Relative().Cmp(new(big.Rat).Mul(tol, tol)) <= 0
}

// Check composes the flow exactly and compares it with the target. It fails
// with a *exactmath.ShapeError if the target's shape is not that of the flow.
func Check(f *coupling.Flow, target exactmath.Matrix) (*Result, error) {
	n := f.Partition().Dim()
	if r, c := target.Dims(); r != n || c != n {
		return nil, &exactmath.ShapeError{Op: "Check", R1: r, C1: c, R2: n, C2: n}
	}
	r := &Result{Verdict: Residual, Depth: f.Depth(), TargetFrobSq: dense.NormFrobSq(target)}
	slack, err := r.compare(f, target)
	if err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	if slack.Sign() > 0 {
		r.Verdict = Enclosed
		r.ResidualFrobSq.Add(r.ResidualFrobSq, frobSlack(r.ResidualMax, n, slack))
		r.ResidualMax.Add(r.ResidualMax, slack)
	}
	if r.ResidualMax.Sign() == 0 {
		r.Verdict = Exact
	}
	return r, nil
}

// compare sets the residuals, but for the slack that it returns: a bound of what
// they may be off.
func (r *Result) compare(f *coupling.Flow, target exactmath.Matrix) (slack *big.Rat, err error) {
	if full(f) {
		num, den, err := compile(f).Residual(target)
		if err == nil {
			unit := new(big.Rat).SetFrac(big.NewInt(1), den)
			r.ResidualMax = new(big.Rat).Mul(num.MaxAbs(), unit)
			r.ResidualFrobSq = unit.Mul(unit, unit).Mul(unit, num.NormFrobSq())
		}
		if !errors.Is(err, exactmath.ErrTooLarge) {
			return new(big.Rat), err
		}
	}
	for _, precision := range []int{product.Precision, product.MaxPrecision} {
		x, err := multiply(f, target, precision)
		if err != nil {
			return nil, err
		}
		r.ResidualMax, r.ResidualFrobSq, slack = new(big.Rat), new(big.Rat), x.Slack()
		x.Each(func(_, _ int, v *big.Rat) {
			if v = new(big.Rat).Abs(v); v.Cmp(r.ResidualMax) > 0 {
				r.ResidualMax = v
			}
			r.ResidualFrobSq.Add(r.ResidualFrobSq, new(big.Rat).Mul(v, v))
		})
		// Layers of extreme size make an enclosure that says little.
		if new(big.Rat).Mul(slack, big.NewRat(1<<30, 1)).Cmp(r.ResidualMax) <= 0 {
			break
		}
	}
	return slack, nil
}

// frobSlack bounds what an error of at most slack in each of the n^2 entries r
// adds to the sum of squares: 2 slack sum|r| + n^2 slack^2, with sum|r| <= n^2
// most.
func frobSlack(most *big.Rat, n int, slack *big.Rat) *big.Rat {
	s := new(big.Rat).Add(most, most)
	s.Add(s, slack).Mul(s, slack)
	return s.Mul(s, new(big.Rat).SetInt64(int64(n)*int64(n)))
}
