package ball

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ALTree/bigfloat"

	"flowproof/exactmath/bound"
)

var goldenFile = flag.String("golden", "testdata/golden.txt", "values written by bench/mpfr")

// golden is one line of the file: v is f(x) correctly rounded to prec+64 bits.
type golden struct {
	f, family string
	prec      uint
	x, v      *big.Float
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	file, err := os.Open(*goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []golden
	for s := bufio.NewScanner(file); s.Scan(); {
		w := strings.Fields(s.Text())
		if len(w) != 5 {
			t.Fatalf("%s: line %q", *goldenFile, s.Text())
		}
		prec, err := strconv.Atoi(w[1])
		if err != nil {
			t.Fatal(err)
		}
		g := golden{f: w[0], family: w[2], prec: uint(prec)}
		g.x, g.v = hex(t, w[3]), hex(t, w[4])
		out = append(out, g)
	}
	if len(out) < 600 {
		t.Fatalf("%s: %d cases", *goldenFile, len(out))
	}
	return out
}

func hex(t *testing.T, s string) *big.Float {
	t.Helper()
	x, _, err := big.ParseFloat(s, 0, 20000, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return x.SetPrec(max(x.MinPrec(), 1))
}

// brief prints x in binary, because decimals of 2^-2^24 take minutes.
func brief(x *big.Float) string { return new(big.Float).SetPrec(53).Set(x).Text('p', 0) }

func (g golden) ball(t *testing.T) Ball {
	t.Helper()
	x := point(g.x)
	if g.x.Prec() < g.prec {
		x = x.Round(g.prec)
	}
	var z Ball
	var err error
	switch g.f {
	case "exp":
		z, err = x.Exp()
	case "log":
		z, err = x.Log()
	case "sqrt":
		z, err = x.Sqrt()
	}
	if err != nil {
		t.Fatalf("%s at %d bits of %s: %v", g.f, g.prec, brief(g.x), err)
	}
	return z
}

// lost returns log2(|a - v| / (2^-prec |v|)): the bits that a lacks. A correctly
// rounded a has at most 0.
func (g golden) lost(a *big.Float) float64 {
	d := new(big.Float).SetPrec(64).Sub(a, g.v)
	if d.Sign() == 0 {
		return math.Inf(-1)
	}
	exp := d.Quo(d.Abs(d), bound.Above(g.v).Float()).MantExp(d) + int(g.prec)
	m, _ := d.Float64()
	return float64(exp) + math.Log2(m)
}

// Every ball must reach the value that MPFR rounded correctly, and be as small as
// the type promises. The reference lies within 2^-(prec+64) of the truth.
func TestGolden(t *testing.T) {
	for _, g := range readGolden(t) {
		z := g.ball(t)
		checkTight(t, z)
		if z = z.Round(g.prec); z.Prec() != g.prec {
			t.Fatalf("precision %d, want %d", z.Prec(), g.prec)
		}
		slack := pow2(g.v.MantExp(nil) - int(g.prec) - 64)
		d := new(big.Float).SetPrec(g.prec+200).Sub(&z.mid, g.v)
		if d.Abs(d).Cmp(new(big.Float).Add(z.rad.Float(), slack)) > 0 {
			t.Errorf("%s %s, %d bits, x = %s: |mid - true| = %s > rad = %s", g.f, g.family, g.prec, brief(g.x), brief(d), brief(z.rad.Float()))
		}
	}
}

// checkTight checks rad <= 1.01 * 2^-prec |mid|, the promise for exact arguments.
func checkTight(t *testing.T, z Ball) {
	t.Helper()
	limit := bound.Above(&z.mid).Mul(bound.AboveRat(ratio(101, 100))).Shift(-int(z.Prec()))
	if z.rad.Cmp(limit) > 0 {
		t.Errorf("%v: radius more than 1.01 * 2^-%d |mid|", z, z.Prec())
	}
}

// What bigfloat and big.Float.Sqrt do on the same cases, at the precision asked
// for: -v prints the table of bench/mpfr/README.md. The test holds them to what
// the guards of this package were made for, so that a change is noticed.
func TestBigfloat(t *testing.T) {
	type row struct {
		cases, wrong int
		theirs, ours float64 // most bits lost
	}
	rows := map[string]*row{}
	for _, g := range readGolden(t) {
		x := new(big.Float).SetPrec(max(g.prec, g.x.MinPrec())).Set(g.x)
		var y *big.Float
		switch g.f {
		case "exp":
			y = bigfloat.Exp(x)
		case "log":
			y = bigfloat.Log(x)
			checkPropose(t, g)
		case "sqrt":
			y = new(big.Float).SetPrec(x.Prec()).Sqrt(x)
		}
		key := fmt.Sprintf("%-4s %-15s %4d", g.f, g.family, g.prec)
		r := rows[key]
		if r == nil {
			r = &row{theirs: math.Inf(-1), ours: math.Inf(-1)}
			rows[key] = r
		}
		z := g.ball(t).Round(g.prec)
		lost := g.lost(y)
		if r.cases++; lost > 1 {
			r.wrong++
		}
		r.theirs = max(r.theirs, lost)
		r.ours = max(r.ours, g.lost(&z.mid))
	}
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		r := rows[k]
		t.Logf("%s bits: %3d cases; library lost %7.1f bits, %d cases off by more than 2 units; midpoint %5.2f", k, r.cases, r.theirs, r.wrong, r.ours)
	}
	for key, least := range map[string]float64{
		"exp  subnormal-guess   53": 50, // the comment of expPoint
		"log  near-1          1024": 400,
	} {
		if r := rows[key]; r == nil || r.theirs < least {
			t.Errorf("%s: want at least %v bits lost: %+v", key, least, r)
		}
	}
	// log(2^-2^31) = -1.49e9: 1/x overflows.
	if y, _ := bigfloat.Log(pow2(big.MinExp)).Float64(); y > -1e30 {
		t.Errorf("bigfloat.Log(2^-2^31) = %g", y)
	}
}

// checkPropose checks that what propose returns makes one step enough, two beyond
// the 960 bits that it is limited to.
func checkPropose(t *testing.T, g golden) {
	t.Helper()
	x1 := new(big.Float).SetPrec(g.prec).Sub(g.x, big.NewFloat(1))
	cancel := max(0, -x1.MantExp(nil))
	prec := int(g.prec) + cancel + 12
	d := propose(g.x, uint(prec))
	d.Sub(d, g.v)
	if d.Sign() != 0 && d.MantExp(nil) > -min(prec/3+8, 900) {
		t.Errorf("log %s, %d bits, x = %s: proposal is off by %s", g.family, g.prec, brief(g.x), brief(d))
	}
}
