package probable

import (
	"math/big"
	"math/bits"
	"math/rand/v2"

	"flowproof/exactmath"
	"flowproof/exactmath/chain"
	"flowproof/exactmath/internal/residue"
)

// field is the integers modulo an odd prime p below 2^61.
type field struct {
	p, neg uint64   // neg is -1/p modulo 2^64
	pow2   []uint64 // 2^(128 + e), e = least..most
}

const least, most = -1074, 1023

// newField draws a prime in 2^size..2^(size+1), by rejection, from those that do
// not divide avoid, each as likely as any other.
func newField(rng *rand.Rand, avoid *big.Int, size int) *field {
	var p, t big.Int
	for {
		p.SetUint64((1<<size + rng.Uint64N(1<<size)) | 1)
		if p.ProbablyPrime(0) && t.Mod(avoid, &p).Sign() != 0 { // no errors below 2^64
			break
		}
	}
	f := &field{p: p.Uint64(), pow2: make([]uint64, most-least+1)}
	inv := f.p // Newton's iteration, from 3 bits
	for range 5 {
		inv *= 2 - f.p*inv
	}
	f.neg = -inv
	f.pow2[-least] = f.mod(new(big.Int).Lsh(big.NewInt(1), 128))
	for e := 1; e <= most; e++ {
		f.pow2[e-least] = f.add(f.pow2[e-1-least], f.pow2[e-1-least])
	}
	for e := -1; e >= least; e-- {
		half := f.pow2[e+1-least]
		f.pow2[e-least] = half>>1 + half&1*(f.p>>1+1)
	}
	return f
}

func (f *field) mod(x *big.Int) uint64 {
	var t big.Int
	return t.Mod(x, t.SetUint64(f.p)).Uint64()
}

// add returns a + b modulo p, for a, b < p.
func (f *field) add(a, b uint64) uint64 {
	if a += b; a >= f.p {
		a -= f.p
	}
	return a
}

// montgomery returns a b / 2^64 modulo p, for b < p.
func (f *field) montgomery(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	h, l := bits.Mul64(lo*f.neg, f.p)
	_, carry := bits.Add64(lo, l, 0)
	if hi += h + carry; hi >= f.p {
		hi -= f.p
	}
	return hi
}

// times returns a b 2^e modulo p, for b < p.
func (f *field) times(a, b uint64, e int) uint64 {
	if e < least || most < e {
		order := big.NewInt(int64(f.p - 1))
		power := big.NewInt(int64(e))
		power.Exp(big.NewInt(2), power.Mod(power, order), new(big.Int).SetUint64(f.p))
		b, e = f.times(b, power.Uint64(), 0), 0
	}
	return f.montgomery(f.montgomery(a, b), f.pow2[e-least])
}

// agree compares the target times x with the steps applied to x.
func (f *field) agree(c *chain.Chain, target exactmath.Matrix, x []uint64) bool {
	v := append([]uint64(nil), x...) // in block order
	for k, i := range c.Order {
		v[k] = x[i]
	}
	for k := len(c.Steps) - 1; k >= 0; k-- {
		s := &c.Steps[k]
		to, from := v[:c.P], v[c.P:]
		if !s.Upper {
			to, from = from, to
		}
		sum := f.multiply(s.Weight, from)
		for i := range to {
			if s.Scale != nil {
				to[i] = f.times(to[i], f.rational(s.Scale[i].Num(), s.Scale[i].Denom()), 0)
			}
			to[i] = f.add(to[i], sum[i])
		}
	}
	w := f.multiply(target, x)
	for k, y := range v {
		i := k
		if c.Order != nil {
			i = c.Order[k]
		}
		if w[i] != y {
			return false
		}
	}
	return true
}

func (f *field) rational(num, den *big.Int) uint64 {
	inv := new(big.Int).ModInverse(den, new(big.Int).SetUint64(f.p))
	return f.times(f.mod(num), inv.Uint64(), 0)
}

// multiply returns m x modulo p.
func (f *field) multiply(m exactmath.Matrix, x []uint64) []uint64 {
	rows, _ := m.Dims()
	y := make([]uint64, rows)
	den := residue.Of(m)(func(i, j int, sign float64, u uint64, e int) {
		z := f.times(u, x[j], e)
		if sign < 0 && z != 0 {
			z = f.p - z
		}
		y[i] = f.add(y[i], z)
	})
	if den.Cmp(big.NewInt(1)) != 0 {
		inv := f.rational(big.NewInt(1), den)
		for i := range y {
			y[i] = f.times(y[i], inv, 0)
		}
	}
	return y
}
