package residue

import "math/big"

// Residues are balanced and reduced by the kernel, so |r| <= p/2 + 4 <= 2^23 -
// 28. One reduction takes MaxProduct products of two residues, one more residue
// and p: 128 (2^23 - 28)^2 + 2^23 + 2^24 < 2^53; or maxConvert of a residue and a
// digit.
const (
	MaxProduct = 128
	maxConvert = 60
	digitBits  = 24
	top        = 1<<24 - 64 // above all primes
)

// Prime is a prime number below 2^24 - 64.
type Prime struct {
	U      uint64
	P, Inv float64 // the same, and 1/p rounded
}

// first is how far below top the first primes are; TestPrimes looks for them again.
var first = [...]uint64{
	11, 13, 25, 31, 53, 103, 125, 163, 179, 181, 185, 191, 211, 215, 221, 233, 251, 253, 283, 295, 313, 319, 335, 389, 421, 433, 439, 461,
	463, 473, 493, 521, 529, 533, 545, 559, 571, 605, 631, 661, 671, 683, 701, 751, 761, 773, 781, 785, 809, 815, 835, 839, 863, 935, 941,
	961, 965, 979, 983, 985, 1039, 1051, 1061, 1069, 1073, 1075, 1105, 1163, 1189, 1193, 1213, 1243, 1249, 1255, 1259, 1303, 1313, 1361, 1363,
	1375,
}

// Primes returns the largest primes that do not divide avoid, at least 6 of them
// and a product of at least bound.
func Primes(bound, avoid *big.Int) (list []Prime, product *big.Int) {
	var t big.Int
	product = big.NewInt(1)
	add := func(u uint64) (enough bool) {
		if p := (Prime{u, float64(u), 1 / float64(u)}); p.Mod(avoid) != 0 {
			list = append(list, p)
			product.Mul(product, t.SetUint64(u))
		}
		return len(list) >= 6 && product.Cmp(bound) >= 0
	}
	for _, d := range first {
		if add(top - d) {
			return list, product
		}
	}
	const window = 1 << 11
	for lo := top - first[len(first)-1] - window; ; lo -= window {
		var composite [window]bool // of lo+i
		for d := uint64(3); d < 1<<12; d += 2 {
			for m := (lo + d - 1) / d * d; m < lo+window; m += d {
				composite[m-lo] = true
			}
		}
		for i := window - 1 - lo%2; i < window; i -= 2 { // the odd ones
			if !composite[i] && add(lo+i) {
				return list, product
			}
		}
	}
}

// Moduli is what the kernel wants for rows modulo these primes, at most 6.
func Moduli(primes ...Prime) (mod [12]float64) {
	for i, p := range primes {
		mod[2*i], mod[2*i+1] = p.P, p.Inv
	}
	return mod
}

// Mul returns a b modulo p, for a, b < p.
func (p Prime) Mul(a, b uint64) uint64 { return a * b % p.U }

// Pow returns a^e modulo p, for 0 < a < p.
func (p Prime) Pow(a uint64, e int) uint64 {
	r, order := uint64(1), int(p.U-1)
	if a == 1 {
		return 1
	}
	for e = (e%order + order) % order; e > 0; e >>= 1 {
		if e&1 == 1 {
			r = p.Mul(r, a)
		}
		a = p.Mul(a, a)
	}
	return r
}

// Mod returns x modulo p, in 0..p-1.
func (p Prime) Mod(x *big.Int) uint64 {
	var t big.Int
	return t.Mod(x, t.SetUint64(p.U)).Uint64()
}

// Balanced returns a in 0..p-1 as a residue in -p/2..p/2.
func (p Prime) Balanced(a uint64) float64 {
	if 2*a > p.U {
		return float64(a) - p.P
	}
	return float64(a)
}
