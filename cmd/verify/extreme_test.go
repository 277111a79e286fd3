package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"flowproof/constructions"
)

// extreme draws an n x n matrix of finite numbers, of a shape and of a range of
// exponents of its own: wide is whether it holds numbers far apart.
func extreme(rng *rand.Rand, n int) (m []float64, wide bool) {
	ranges := [][2]int{{-1074, 1023}, {1015, 1023}, {-1074, -1060}, {-1040, -1000}, {500, 530}, {-530, -500}, {-40, 40}, {0, 0}, {1020, 1023}}
	r := ranges[rng.IntN(len(ranges))]
	number := func() float64 {
		v := math.Ldexp(1+float64(rng.IntN(4))/4, r[0]+rng.IntN(r[1]-r[0]+1))
		if rng.IntN(2) == 0 {
			v = math.Ldexp(0.5+rng.Float64()/2, 1+r[0]+rng.IntN(r[1]-r[0]+1))
		}
		if v = math.Copysign(min(v, math.MaxFloat64), rng.Float64()-0.4); rng.IntN(8) == 0 {
			return 0
		}
		return v
	}
	m = make([]float64, n*n)
	shape := rng.IntN(9)
	one := number()
	order := rng.Perm(n)
	angle := rng.Float64() * 7
	for i := range n {
		for j := range n {
			v := &m[i*n+j]
			switch shape {
			case 0, 1, 2:
				*v = number()
			case 3: // diagonal
				if i == j {
					*v = number()
				}
			case 4: // monomial
				if order[i] == j {
					*v = number()
				}
			case 5: // triangular
				if j >= i {
					*v = number()
				}
			case 6: // two equal rows
				*v = number()
				if i == 1 {
					*v = m[j]
				}
			case 7: // Hilbert, times a number
				*v = one / float64(i+j+1)
			case 8: // a multiple of a rotation
				switch {
				case i < 2 && j < 2 && i == j:
					*v = one * math.Cos(angle)
				case i < 2 && j < 2:
					*v = one * math.Sin(angle) * float64(1-2*j)
				case i == j:
					*v = one
				}
			}
		}
	}
	return m, r[1]-r[0] > 100
}

// signOfDet is the sign of the determinant by Gaussian elimination in rationals.
func signOfDet(n int, m []float64) int {
	a := make([]*big.Rat, n*n)
	for k, v := range m {
		a[k] = new(big.Rat).SetFloat64(v)
	}
	sign := 1
	for k := range n {
		p := k
		for p < n && a[p*n+k].Sign() == 0 {
			p++
		}
		if p == n {
			return 0
		}
		if p != k {
			sign = -sign
			for j := range n {
				a[p*n+j], a[k*n+j] = a[k*n+j], a[p*n+j]
			}
		}
		sign *= a[k*n+k].Sign()
		for i := k + 1; i < n; i++ {
			f := new(big.Rat).Quo(a[i*n+k], a[k*n+k])
			for j := k; j < n; j++ {
				a[i*n+j] = new(big.Rat).Sub(a[i*n+j], new(big.Rat).Mul(f, a[k*n+j]))
			}
		}
	}
	return sign
}

func csvOf(n int, m []float64) string {
	var b strings.Builder
	for k, v := range m {
		b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		if k%n == n-1 {
			b.WriteByte('\n')
		} else {
			b.WriteByte(',')
		}
	}
	return b.String()
}

// TestExtremes: no matrix of finite numbers is a fault of the program, whatever
// the construction, and exit code 3 is given only where the determinant is not
// positive.
func TestExtremes(t *testing.T) {
	runs, largest := 1000, 4
	if *long {
		runs, largest = 30000, 8
	}
	names := []string{"auto"}
	for _, c := range constructions.List() {
		names = append(names, c.Name)
	}
	dir := t.TempDir()
	codes := map[int]int{}
	for k := range runs {
		rng := rand.New(rand.NewPCG(uint64(k), 11))
		n := 1 + rng.IntN(largest)
		m, wide := extreme(rng, n)
		name := names[rng.IntN(len(names))]
		switch name {
		case "auto", "polish": // slow
			if n = min(n, 3); !*long && rng.IntN(8) > 0 {
				name = "conditioned"
			}
		case "five", "six", "published", "any-partition": // numbers of very many digits
			if wide {
				n = min(n, 3)
			} else {
				n = min(n, 5)
			}
		}
		m = m[:n*n]
		args := []string{"-json", "-construction", name, "-partition", []string{"half", "checkerboard"}[rng.IntN(2)],
			"-det", []string{"error", "error", "flip", "pad"}[rng.IntN(4)]}
		switch depth := []string{"6", "8", "11", "13"}[rng.IntN(4)]; name {
		case "auto":
			args = append(args, "-max-depth", depth)
		case "polish", "conditioned":
			args = append(args, "-depth", depth)
		}
		if rng.IntN(4) == 0 {
			args = append(args, "-prec", "128")
		}
		path := filepath.Join(dir, fmt.Sprint(k%16, ".csv"))
		text := csvOf(n, m)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		code, out, errs := call(append(args, "-target", path)...)
		codes[code]++
		fail := func(what string) { t.Errorf("run %d: %s: verify %v: exit %d\n%s%s", k, what, args, code, text, errs) }
		switch code {
		case exitOK, exitNot:
			if code == exitNot && strings.Contains(errs, "no flow of at most") {
				break
			}
			var r result
			if err := json.Unmarshal([]byte(out), &r); err != nil || errs != "" || r.Depth != len(r.Condition.Layers) && r.Verdict == "" {
				fail("bad report")
			}
		case exitUsage:
			if out != "" || strings.Count(errs, "\n") != 1 || n > 1 && strings.Contains(errs, "dimension") {
				fail("bad refusal")
			}
		case exitUnrepresentable:
			if signOfDet(n, m) > 0 {
				fail("the determinant is positive")
			}
		default:
			fail("a fault")
		}
	}
	t.Logf("exit codes %v", codes)
	for _, code := range []int{exitOK, exitUsage, exitUnrepresentable} {
		if codes[code] < runs/50 {
			t.Errorf("exit code %d only %d times", code, codes[code])
		}
	}
}
