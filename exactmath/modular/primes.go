package modular

import (
	"math/big"
	"math/bits"
)

// Residues are balanced and reduced by the kernel, so |r| <= p/2 + 4 <= 2^23 -
// 28. One reduction takes 128 products of two residues, one more residue and p:
// 128 (2^23 - 28)^2 + 2^23 + 2^24 < 2^53; or 60 of a residue and a digit.
const (
	top        = 1<<24 - 64 // above all primes
	digitBits  = 24
	maxProduct = 128
	maxConvert = 60
)

// prime is a prime number below top.
type prime struct {
	u      uint64
	p, inv float64 // the same, and 1/p rounded
}

// primesFor returns the largest primes below top that do not divide avoid, at
// least 6 of them, and their product, which is at least bound.
func primesFor(bound, avoid *big.Int) (list []prime, product *big.Int) {
	const window = 1 << 11
	var t big.Int
	product = big.NewInt(1)
	for lo := uint64(top - window); ; lo -= window {
		var composite [window]bool // of lo+i
		for d := uint64(3); d < 1<<12; d += 2 {
			for m := (lo + d - 1) / d * d; m < lo+window; m += d {
				composite[m-lo] = true
			}
		}
		for i := uint64(window - 1); i < window; i -= 2 { // the odd ones; lo is even
			p := &prime{u: lo + i, p: float64(lo + i), inv: 1 / float64(lo+i)}
			if composite[i] || p.mod(avoid) == 0 {
				continue
			}
			list = append(list, *p)
			if product.Mul(product, t.SetUint64(p.u)); len(list) >= 6 && product.Cmp(bound) >= 0 {
				return list, product
			}
		}
	}
}

func (p *prime) mul(a, b uint64) uint64 { return a * b % p.u }

// pow returns a^e; a must not be 0 if e < 0.
func (p *prime) pow(a uint64, e int) uint64 {
	if e %= int(p.u - 1); e < 0 {
		e += int(p.u - 1)
	}
	if a == 1 {
		return 1
	}
	r := uint64(1)
	for i := bits.Len(uint(e)) - 1; i >= 0; i-- {
		if r = p.mul(r, r); e>>i&1 == 1 {
			r = p.mul(r, a)
		}
	}
	return r
}

// mod returns x modulo p, in 0..p-1.
func (p *prime) mod(x *big.Int) uint64 {
	var t big.Int
	return t.Mod(x, t.SetUint64(p.u)).Uint64()
}

// balanced returns a in 0..p-1 as a float64 in -p/2..p/2.
func (p *prime) balanced(a uint64) float64 {
	if 2*a > p.u {
		return float64(a) - p.p
	}
	return float64(a)
}
