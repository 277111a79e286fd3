package sample

import (
	"math/big"
	"testing"

	"flowproof/constructions/internal/ratmat"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/verify"
)

// Reported is what a report says of a refined flow.
type Reported struct {
	ResidualMax, TargetMax *big.Rat
	Depth                  int
	Scaled                 bool
}

// CheckReport checks a flow, refined to prec bits, and what is reported of it.
func CheckReport(t *testing.T, f *coupling.Flow, rep Reported, target exactmath.Matrix, prec uint) {
	t.Helper()
	res, err := verify.Check(f, target)
	if err != nil {
		t.Fatal(err)
	}
	if res.ResidualMax.Cmp(rep.ResidualMax) != 0 {
		t.Errorf("reported residual 2^%.2f, verified 2^%.2f", ratmat.Log2(rep.ResidualMax), ratmat.Log2(res.ResidualMax))
	}
	top := dense.MaxAbs(target)
	if top.Cmp(rep.TargetMax) != 0 {
		t.Errorf("reported largest entry %v, want %v", rep.TargetMax, top)
	}
	goal := new(big.Rat).Quo(top, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), prec)))
	if res.ResidualMax.Cmp(goal) > 0 {
		t.Errorf("residual 2^%.2f, want at most 2^%.2f", ratmat.Log2(res.ResidualMax), ratmat.Log2(goal))
	}
	scaled := false
	for k, l := range f.Layers() {
		scaled = scaled || l.Scale().Kind() != coupling.ScaleOne
		d, ok := l.Weight().(*dense.Dyadic)
		if !ok {
			continue
		}
		if bits := -d.Exp(); bits > int(prec)+64 {
			t.Errorf("layer %d has %d fractional bits for %d bits of precision", k, bits, prec)
		}
	}
	if scaled != rep.Scaled {
		t.Errorf("reported scaled %v, is %v", rep.Scaled, scaled)
	}
	if f.Depth() > rep.Depth {
		t.Errorf("depth %d, reported %d", f.Depth(), rep.Depth)
	}
}
