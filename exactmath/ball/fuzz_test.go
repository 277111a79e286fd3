package ball

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/bound"
)

// value is one number seen three ways: a ball of low precision, a thin ball of
// high precision, and the rational itself as long as it is one.
type value struct {
	low, high Ball
	exact     *big.Rat // nil: irrational, or too long
}

const highPrec = 500

// evaluate runs code as a program for a stack machine; ok tells that some value
// was computed and compared.
func evaluate(t *testing.T, code []byte) (ok bool) {
	t.Helper()
	stack := []value{{exact: new(big.Rat)}}
	next := func() byte {
		if len(code) == 0 {
			return 0
		}
		b := code[0]
		code = code[1:]
		return b
	}
	for steps := 0; len(code) > 0 && steps < 60; steps++ {
		y := stack[len(stack)-1]
		x := stack[max(0, len(stack)-2)]
		var z value
		var lowErr, highErr error
		switch op := next(); op % 12 {
		case 0, 1, 2, 3: // a number inside a ball of its own
			q := big.NewRat(int64(int8(next())), int64(next())+1)
			q.Mul(q, rat(pow2(int(int8(next()))/4)))
			z.low, lowErr = FromRat(q, uint(next()%60))
			if op%12 == 3 && lowErr == nil { // q at the edge or inside
				r := bound.Pow2(-int(next() % 64))
				z.low.rad = z.low.rad.Add(r)
				q.Add(q, new(big.Rat).Mul(r.Rat(), big.NewRat(int64(int8(next()/2))-63, 64)))
			}
			z.high, highErr = FromRat(q, highPrec)
			z.exact = q
		case 4, 5, 6, 7:
			f := []func(x, y Ball) (Ball, error){Ball.Add, Ball.Sub, Ball.Mul, Ball.Quo}[op%12-4]
			g := []func(z, x, y *big.Rat) *big.Rat{(*big.Rat).Add, (*big.Rat).Sub, (*big.Rat).Mul, (*big.Rat).Quo}[op%12-4]
			z.low, lowErr = f(x.low, y.low)
			z.high, highErr = f(x.high, y.high)
			if x.exact != nil && y.exact != nil && lowErr == nil && len(x.exact.Denom().Bits())+len(y.exact.Denom().Bits()) < 100 {
				z.exact = g(new(big.Rat), x.exact, y.exact)
			}
		default:
			f := []func(x Ball) (Ball, error){Ball.Sqrt, Ball.Exp, Ball.Log, func(x Ball) (Ball, error) { return x.Round(uint(op / 5)), nil }}[op%12-8]
			z.low, lowErr = f(y.low)
			z.high, highErr = f(y.high)
			if op%12 == 11 {
				z.high, z.exact = y.high, y.exact
			}
		}
		domain, size := new(DomainError), new(RangeError)
		for _, err := range []error{lowErr, highErr} {
			if err != nil && !errors.As(err, &domain) && !errors.As(err, &size) {
				t.Fatalf("untyped error %v", err)
			}
		}
		if lowErr != nil || highErr != nil {
			continue
		}
		checkInvariant(t, z.low)
		if z.exact != nil && !z.low.Contains(z.exact) {
			t.Fatalf("%v does not contain %s", z.low, z.exact)
		}
		gap := new(big.Float).SetPrec(highPrec+100).Sub(&z.low.mid, &z.high.mid)
		if gap.Abs(gap).Cmp(z.low.rad.Add(z.high.rad).Float()) > 0 {
			t.Fatalf("%v does not meet %v", z.low, z.high)
		}
		if e := z.low.mid.MantExp(nil); e > 1<<12 || e < -1<<12 || z.low.rad.Exp() > 1<<12 || z.low.rad.Exp() < -1<<12 {
			continue // keeps the fuzzer fast
		}
		stack = append(stack, z)
		ok = true
	}
	return ok
}

func FuzzInclusion(f *testing.F) {
	f.Add([]byte{0, 7, 3, 0, 53, 1, 9, 0, 4, 20, 7, 9, 10, 8, 4})
	f.Add([]byte{3, 200, 17, 250, 11, 20, 99, 6, 9, 6, 10})
	f.Fuzz(func(t *testing.T, code []byte) { evaluate(t, code) })
}

// The same on random programs, so that every run of the tests sees some.
func TestInclusion(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	compared := 0
	for range 1500 {
		code := make([]byte, 10+r.IntN(150))
		for i := range code {
			code[i] = byte(r.Uint32())
		}
		if evaluate(t, code) {
			compared++
		}
	}
	if compared < 1000 {
		t.Errorf("only %d programs computed something", compared)
	}
}
