package constructions

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/constructions/conditioned"
	"flowproof/constructions/fault"
	"flowproof/constructions/internal/sample"
	"flowproof/constructions/rotation"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
	"flowproof/verify/condition"
)

// rangeTarget is an n x n matrix with entries over the whole range of float64:
// any, of a few binades somewhere, graded by rows, or diagonal.
func rangeTarget(n int, rng *rand.Rand) []float64 {
	data := make([]float64, n*n)
	kind, base := rng.IntN(4), rng.IntN(2090)-1070
	grade := make([]int, n)
	for i := range grade {
		grade[i] = rng.IntN(2090) - 1070
	}
	for k := range data {
		e := base + rng.IntN(8) - 4
		switch {
		case kind == 0:
			e = rng.IntN(2098) - 1074
		case kind == 2:
			e = grade[k/n]
		case kind == 3 && k/n != k%n:
			continue
		case kind == 3:
			e = grade[k/n]
		}
		data[k] = math.Ldexp(rng.Float64()*2-1, min(e, 1023))
		if rng.IntN(12) == 0 {
			data[k] = 0
		}
	}
	return data
}

// TestWholeRange: no target of finite entries makes the constructions in floating
// point panic; they fail with an error that says why, or return a flow, and every
// number that is said of it is a number.
func TestWholeRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(37, 1))
	trials := 120
	if *sample.Long {
		trials = 20000
	}
	built := 0
	for range trials {
		n := 2 + rng.IntN(7)
		target, err := exactmath.FromFloat64(n, n, rangeTarget(n, rng))
		if err != nil {
			t.Fatal(err)
		}
		first := n / 2
		if n%2 == 1 && rng.IntN(2) == 0 {
			first++
		}
		part, err := coupling.NewPartition(n, rng.Perm(n)[:first])
		if err != nil {
			t.Fatal(err)
		}
		for name, build := range map[string]func() (*coupling.Flow, error){
			"orthogonal":     func() (*coupling.Flow, error) { return rotation.Orthogonal(target, part) },
			"conditioned 13": func() (*coupling.Flow, error) { return conditioned.Conditioned(target, part, conditioned.Options{}) },
			"conditioned 11": func() (*coupling.Flow, error) {
				return conditioned.Conditioned(target, part, conditioned.Options{Depth: 11})
			},
			"eight": func() (*coupling.Flow, error) { return conditioned.Eight(target, part) },
		} {
			where := func() string { return fmt.Sprintf("%s, parts %v: %v", name, part, target.Float64s()) }
			flow, err := build()
			var notOrthogonal *fault.NotOrthogonalError
			var bound *fault.BoundError
			switch {
			case err == nil:
			case errors.Is(err, fault.ErrOrientation), errors.Is(err, fault.ErrSingular), errors.Is(err, fault.ErrPrecision) && name == "eight",
				errors.As(err, &notOrthogonal) && name == "orthogonal", errors.As(err, &bound) && name == "eight":
				continue
			default:
				t.Fatalf("%v: %s", err, where())
			}
			built++
			res, err := verify.Check(flow, target)
			if err != nil {
				t.Fatalf("%v: %s", err, where())
			}
			if name != "eight" && !res.Within(big.NewRat(1, 1e12)) {
				t.Errorf("not reproduced: %s", where())
			}
			product := 1.0
			for _, l := range flow.Layers() {
				c := condition.Layer(l)
				if !(c.Bound >= 1) || math.IsNaN(c.Estimate) {
					t.Errorf("condition %+v: %s", c, where())
				}
				product *= c.Bound
			}
			if l := condition.LowerLimits(target, max(part.P(), part.Q()), res.ResidualFrobSq); !(l.Target >= 1 && l.Target <= math.MaxFloat64 && l.Product <= l.Target && l.Product <= product*(1+1e-9)) {
				t.Errorf("limits %+v, product %v: %s", l, product, where())
			}
		}
	}
	if built < trials/2 {
		t.Errorf("only %d flows were built", built)
	}
}
