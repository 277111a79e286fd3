package number

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestUpByHand(t *testing.T) {
	for _, c := range []struct {
		x      *big.Rat
		digits int
		want   string
	}{
		{new(big.Rat), 3, "0"},
		{big.NewRat(1, 1), 3, "1.00e+00"},
		{big.NewRat(1, 3), 3, "3.34e-01"},
		{big.NewRat(999, 1000), 2, "1.0e+00"},
		{big.NewRat(9999, 10), 3, "1.00e+03"},
		{big.NewRat(123456, 1), 1, "2e+05"},
		{new(big.Rat).SetFloat64(0x1p-1074), 2, "5.0e-324"},
	} {
		if got := Up(c.x, c.digits); got != c.want {
			t.Errorf("Up(%v, %d) = %s, want %s", c.x, c.digits, got, c.want)
		}
	}
}

// TestUpIsTight parses the text back exactly: at least x, and less than one unit
// of the last digit above.
func TestUpIsTight(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		x := new(big.Rat).SetFloat64(math.Abs(math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)))
		if x.Sign() == 0 {
			continue
		}
		digits := 1 + rng.IntN(8)
		slack := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits-1)), nil))
		limit := new(big.Rat).Mul(x, slack.Add(slack, big.NewRat(1, 1)))
		up, ok := new(big.Rat).SetString(Up(x, digits))
		if !ok || up.Cmp(x) < 0 || up.Cmp(limit) > 0 {
			t.Fatalf("Up(%v, %d) = %s", x, digits, Up(x, digits))
		}
		root, ok := new(big.Rat).SetString(UpSqrt(x, digits))
		square := new(big.Rat).Mul(root, root)
		wide := new(big.Rat).Mul(limit, limit)
		wide.Quo(wide, x).Mul(wide, big.NewRat(1001, 1000))
		if !ok || square.Cmp(x) < 0 || square.Cmp(wide) > 0 {
			t.Fatalf("UpSqrt(%v, %d) = %s", x, digits, UpSqrt(x, digits))
		}
	}
}

// TestUpSqrtIsTight: exact roots stay, and what is a hair above one does not.
func TestUpSqrtIsTight(t *testing.T) {
	hair := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 700))
	for _, c := range []struct {
		x    *big.Rat
		want string
	}{
		{big.NewRat(4, 1), "2.00e+00"},
		{new(big.Rat).Add(big.NewRat(4, 1), hair), "2.01e+00"},
		{new(big.Rat).Sub(big.NewRat(4, 1), hair), "2.00e+00"},
		{big.NewRat(9, 4), "1.50e+00"},
		{new(big.Rat).Add(big.NewRat(9, 4), hair), "1.51e+00"},
		{big.NewRat(1, 1000000), "1.00e-03"},
		{new(big.Rat).Add(big.NewRat(1, 1000000), hair), "1.01e-03"},
	} {
		if got := UpSqrt(c.x, 3); got != c.want {
			t.Errorf("root of %v: %s, want %s", c.x.FloatString(300), got, c.want)
		}
	}
}

// FuzzUp: at least x, and less than a unit of the last digit above it; for the root
// too.
func FuzzUp(f *testing.F) {
	f.Add(uint64(999), uint64(1000), 0, 2)
	f.Add(uint64(1)<<63, uint64(3), -900, 5)
	f.Add(uint64(9), uint64(4), 600, 1)
	f.Fuzz(func(t *testing.T, num, den uint64, shift, digits int) {
		if num == 0 || den == 0 {
			return
		}
		digits, shift = 1+(digits%9+9)%9, shift%3000
		x := new(big.Rat).SetFrac(new(big.Int).SetUint64(num), new(big.Int).SetUint64(den))
		two := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(abs(shift))))
		if shift < 0 {
			two.Inv(two)
		}
		x.Mul(x, two)
		// One unit of the last digit is at most 10^(1-digits) of the number.
		unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits-1)), nil))
		limit := unit.Add(unit, big.NewRat(1, 1))
		up := rational(t, Up(x, digits))
		if up.Cmp(x) < 0 || up.Cmp(new(big.Rat).Mul(x, limit)) > 0 {
			t.Fatalf("Up(%v, %d) = %s", x, digits, Up(x, digits))
		}
		root := rational(t, UpSqrt(x, digits))
		square := new(big.Rat).Mul(root, root)
		wide := new(big.Rat).Mul(new(big.Rat).Mul(limit, limit), x)
		if square.Cmp(x) < 0 || square.Cmp(wide.Mul(wide, big.NewRat(1_000_000_001, 1_000_000_000))) > 0 {
			t.Fatalf("UpSqrt(%v, %d) = %s", x, digits, UpSqrt(x, digits))
		}
	})
}

// TestDown: the nearest decimals on both sides, for numbers of both signs.
func TestDown(t *testing.T) {
	for x, want := range map[string][2]string{
		"1/3": {"3.33e-01", "3.34e-01"}, "-1/3": {"-3.34e-01", "-3.33e-01"}, "1": {"1.00e+00", "1.00e+00"}, "-1": {"-1.00e+00", "-1.00e+00"},
		"9999/1000": {"9.99e+00", "1.00e+01"}, "-9999/1000": {"-1.00e+01", "-9.99e+00"}, "0": {"0", "0"}, "1/999": {"1.00e-03", "1.01e-03"},
	} {
		r, _ := new(big.Rat).SetString(x)
		if lo, hi := Down(r, 3), UpSigned(r, 3); lo != want[0] || hi != want[1] {
			t.Errorf("%s: %s and %s, want %s", x, lo, hi, want)
		}
	}
}

func rational(t *testing.T, text string) *big.Rat {
	t.Helper()
	x, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return x
}
