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
