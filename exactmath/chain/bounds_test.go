package chain

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/dense"
	"flowproof/exactmath/internal/residue"
)

// Bounds is at least every entry, and every sum along a row, of the product: of
// positive weights and scales, for which nothing cancels, and of random ones.
func TestBoundsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	for trial := range 100 {
		c := &Chain{P: 1 + r.IntN(4), Q: 1 + r.IntN(4)}
		entry := func() *big.Rat {
			if trial%2 == 0 {
				return big.NewRat(1+r.Int64N(9), 3)
			}
			return big.NewRat(r.Int64N(19)-9, 3)
		}
		span := func(v []*big.Rat, cols int) residue.Span {
			s := residue.Span{Exp: 0, Den: big.NewInt(3), Max: new(big.Rat), Sum: new(big.Rat)}
			sum := new(big.Rat)
			for k, x := range v {
				if k%cols == 0 {
					sum.SetInt64(0)
				}
				a := new(big.Rat).Abs(x)
				if sum.Add(sum, a); a.Cmp(s.Max) > 0 {
					s.Max = a
				}
				if sum.Cmp(s.Sum) > 0 {
					s.Sum.Set(sum)
				}
			}
			return s
		}
		var weights, scales []residue.Span
		for range r.IntN(6) {
			s := Step{Upper: r.IntN(2) == 0}
			rows, cols := c.Q, c.P
			if s.Upper {
				rows, cols = c.P, c.Q
			}
			v := make([]*big.Rat, rows*cols)
			for k := range v {
				v[k] = entry()
			}
			w, err := dense.NewRational(rows, cols, v)
			if err != nil {
				t.Fatal(err)
			}
			s.Weight = w
			weights, scales = append(weights, span(v, cols)), append(scales, residue.Span{})
			if r.IntN(2) == 0 {
				for range rows {
					s.Scale = append(s.Scale, entry())
				}
				scales[len(scales)-1] = span(s.Scale, rows)
			}
			c.Steps = append(c.Steps, s)
		}
		got := c.Bounds(func(k int) residue.Span { return weights[k] }, func(k int) residue.Span { return scales[k] })
		want := plain(t, c)
		n := c.P + c.Q
		for i := range n {
			sum := new(big.Rat)
			for j := range n {
				a := new(big.Rat).Abs(want.At(i, j))
				if sum.Add(sum, a); a.Cmp(got.Max) > 0 {
					t.Fatalf("trial %d: entry (%d, %d) is %v, bound %v", trial, i, j, a, got.Max)
				}
			}
			if sum.Cmp(got.Sum) > 0 {
				t.Fatalf("trial %d: row %d adds up to %v, bound %v", trial, i, sum, got.Sum)
			}
		}
	}
}
