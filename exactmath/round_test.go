package exactmath

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The fast way to round agrees with that of big.Rat, ties and the ends of the
// range included.
func TestRound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	check := func(m *big.Int, exp int) {
		t.Helper()
		got := Round(m, exp)
		n := new(big.Int).Lsh(m, uint(max(exp, 0)))
		d := new(big.Int).Lsh(big.NewInt(1), uint(max(-exp, 0)))
		want, _ := new(big.Rat).SetFrac(n, d).Float64()
		if got != want {
			t.Fatalf("%x * 2^%d: %b, want %b", m, exp, got, want)
		}
	}
	one := big.NewInt(1)
	for range 30000 {
		n := 1 + rng.IntN(300)
		m := new(big.Int)
		for m.BitLen() < n {
			m.Or(m.Lsh(m, 64), new(big.Int).SetUint64(rng.Uint64()))
		}
		m.Rsh(m, uint(m.BitLen()-n))
		if rng.IntN(2) == 0 { // near a tie: 53 or 54 bits, then zeros or ones
			m.Rsh(m, uint(max(0, n-53-rng.IntN(2)))).Lsh(m, uint(max(0, n-54)))
			m.Add(m, big.NewInt(int64(rng.IntN(3)-1)))
		}
		if rng.IntN(2) == 0 {
			m.Neg(m)
		}
		check(m, rng.IntN(200)-100-n)
		for _, edge := range []int{-1075, -1074, -1022, -1021, 1023, 1024} {
			check(m, edge-m.BitLen()+rng.IntN(3)-1)
		}
	}
	for n := range 200 { // powers of two and their neighbours
		m := new(big.Int).Lsh(one, uint(n))
		for d := int64(-1); d <= 1; d++ {
			check(new(big.Int).Add(m, big.NewInt(d)), -n/2)
		}
	}
	if v := Round(new(big.Int), 5); v != 0 || math.Signbit(v) {
		t.Errorf("zero is %v", v)
	}
}
