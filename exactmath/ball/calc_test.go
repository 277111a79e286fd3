package ball

import (
	"errors"
	"math"
	"math/big"
	"testing"
)

// A Calc computes what the operations do, and keeps its first error: from then on
// every result is 0, also of operations that would not fail.
func TestCalc(t *testing.T) {
	c := NewCalc(64)
	x := c.Quo(c.Add(c.Int(1), c.Frac(1, 2), c.Float(0.25)), c.Int(2))
	if !x.Contains(big.NewRat(7, 8)) || c.Err() != nil {
		t.Errorf("(1 + 1/2 + 1/4)/2 is %v, %v", x, c.Err())
	}
	first := errors.New("first")
	for name, fail := range map[string]func(c *Calc) Ball{
		"Keep":  func(c *Calc) Ball { return c.Keep(x, first) },
		"Quo":   func(c *Calc) Ball { return c.Quo(c.Int(1), c.Int(0)) },
		"Float": func(c *Calc) Ball { return c.Float(math.NaN()) },
	} {
		c := NewCalc(64)
		c.Int(3) // no error
		z := fail(c)
		err := c.Err()
		if err == nil || z.String() != (Ball{}).String() {
			t.Errorf("%s: %v, error %v", name, z, err)
		}
		if name == "Keep" && err != first {
			t.Errorf("error %v, want the one given", err)
		}
		if y := c.Add(c.Int(1), c.Int(1)); y.Contains(big.NewRat(2, 1)) || c.Err() != err {
			t.Errorf("%s: goes on to %v, error %v", name, y, c.Err())
		}
		if c.Keep(x, errors.New("second")); c.Err() != err {
			t.Errorf("%s: %v takes the place of %v", name, c.Err(), err)
		}
	}
}

// TestCalcRoot: of a ball above 0 the root of it, of one that reaches below all roots
// of what is not negative, and of one below an error.
func TestCalcRoot(t *testing.T) {
	c := NewCalc(64)
	four := c.Root(c.Int(4))
	if lo, hi := four.Bounds(); lo.Cmp(big.NewRat(2, 1)) > 0 || hi.Cmp(big.NewRat(2, 1)) < 0 || four.Rad().Cmp(big.NewRat(1, 1<<40)) > 0 {
		t.Errorf("the root of 4 is between %v and %v", lo, hi)
	}
	wide := c.Root(c.Keep(c.Int(4).Widen(big.NewRat(5, 1)))) // -1 to 9
	if lo, hi := wide.Bounds(); lo.Sign() > 0 || hi.Cmp(big.NewRat(3, 1)) < 0 || hi.Cmp(big.NewRat(31, 10)) > 0 || c.Err() != nil {
		t.Errorf("the roots of -1 to 9 are between %v and %v, %v", lo, hi, c.Err())
	}
	if c.Root(c.Int(-1)); c.Err() == nil {
		t.Error("-1 has a root")
	}
}
