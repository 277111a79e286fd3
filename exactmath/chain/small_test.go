package chain

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/dense"
	"flowproof/internal/chaintest"
)

// The small way agrees with the definition, on weird numbers too, wherever it
// answers; and it does answer.
func TestSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	answers := 0
	for name, m := range chaintest.Makers {
		for trial := range 40 {
			z := chaintest.Random(t, r, m, 1+r.IntN(5), 1+r.IntN(5), trial%9, true, trial%2 == 1)
			c := &Chain{P: z.P, Q: z.Q}
			if trial%2 == 1 {
				c.Order = z.Order
			}
			for _, f := range z.Factors {
				c.Steps = append(c.Steps, Step(f))
			}
			got, ok := c.runSmall(nil)
			if !ok {
				continue
			}
			answers++
			want := plain(t, c)
			if !dense.Equal(got, want) {
				t.Errorf("%s, p %d, q %d, %d steps: product differs", name, z.P, z.Q, len(c.Steps))
			}
			target := chaintest.Entries(t, r, m, z.P+z.Q, z.P+z.Q)
			if got, ok = c.runSmall(target); ok {
				diff, err := dense.ToRational(target).Sub(dense.ToRational(want))
				if err != nil || !dense.Equal(got, diff) {
					t.Errorf("%s, p %d, q %d, %d steps: residual differs", name, z.P, z.Q, len(c.Steps))
				}
			}
		}
	}
	if answers < 50 {
		t.Errorf("only %d chains were small", answers)
	}
}

// Every bit of the words is used: weights all 2^127 - 1, all signs alike, so that
// sums are as large as the bounds allow.
func TestSmallLargest(t *testing.T) {
	for _, bits := range []uint{1, 31, 53, 59, 60, 61, 62, 63, 64, 65, 126, 127} {
		for _, sign := range []int64{1, -1} {
			for p := 1; p <= 4; p++ {
				most := new(big.Int).Lsh(big.NewInt(1), bits)
				most.Sub(most, big.NewInt(1))
				most.Mul(most, big.NewInt(sign))
				c := &Chain{P: p, Q: 5 - p}
				for k := range 5 {
					num := make([]*big.Int, p*(5-p))
					for i := range num {
						num[i] = most
					}
					rows := p
					scale := make([]*big.Rat, p)
					if k%2 == 1 {
						rows = 5 - p
						scale = make([]*big.Rat, 5-p)
					}
					for i := range scale {
						scale[i] = new(big.Rat).SetInt(new(big.Int).Abs(most))
					}
					w, err := dense.NewDyadic(rows, 5-rows, num, 3*k-5)
					if err != nil {
						t.Fatal(err)
					}
					c.Steps = append(c.Steps, Step{Upper: k%2 == 0, Weight: w, Scale: scale})
				}
				got, ok := c.runSmall(nil)
				if !ok {
					t.Fatalf("%d bits, p = %d: too large", bits, p)
				}
				if !dense.Equal(got, plain(t, c)) {
					t.Errorf("%d bits, sign %d, p = %d: product differs", bits, sign, p)
				}
			}
		}
	}
}

// Sums that grow by a bit each time they are doubled, and parts of different
// exponents, at each number of bits, so that words fill up.
func TestSmallGrowth(t *testing.T) {
	one := dense.IdentityDyadic(1)
	for size := uint(1); size <= 127; size++ {
		most := new(big.Int).Lsh(big.NewInt(1), size)
		w, err := dense.NewDyadic(1, 1, []*big.Int{most.Sub(most, big.NewInt(1))}, 0)
		if err != nil {
			t.Fatal(err)
		}
		power := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), size))
		sum, scaled := &Chain{P: 1, Q: 1}, &Chain{P: 1, Q: 1, Steps: []Step{{Upper: true, Weight: one, Scale: []*big.Rat{power}}}}
		for range 40 {
			sum.Steps = append(sum.Steps, Step{Upper: true, Weight: w})
		}
		for _, c := range []*Chain{sum, scaled} {
			got, ok := c.runSmall(nil)
			if !ok {
				t.Fatalf("%d bits: too large", size)
			}
			if !dense.Equal(got, plain(t, c)) {
				t.Errorf("%d bits, %d steps: product differs", size, len(c.Steps))
			}
		}
	}
}

// Integers with zeros at the end, whose pieces are cut anywhere.
func TestSmallPieces(t *testing.T) {
	for size := uint(1); size <= 127; size += 6 {
		for shift := range uint(200) {
			v := new(big.Int).Lsh(big.NewInt(1), size)
			v.Sub(v, big.NewInt(1))
			v.Lsh(v, shift)
			w, err := dense.NewDyadic(1, 1, []*big.Int{v}, -100)
			if err != nil {
				t.Fatal(err)
			}
			c := &Chain{P: 1, Q: 1, Steps: []Step{{Upper: true, Weight: w}, {Weight: w}}}
			if got, ok := c.runSmall(nil); !ok || !dense.Equal(got, plain(t, c)) {
				t.Fatalf("%d bits, %d zeros: product differs, or %v", size, shift, ok)
			}
		}
	}
}
