package ballmat

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"flowproof/exactmath/dense"
)

// small is a matrix of the given entries and radius, in units of 2^exp.
func small(rows, cols, exp int, rad int64, entries ...int64) *Matrix {
	num := make([]*big.Int, len(entries))
	for k, v := range entries {
		num[k] = big.NewInt(v)
	}
	r := new(big.Float).SetInt64(rad)
	return must(New(must(dense.NewDyadic(rows, cols, num, exp)), r.SetMantExp(r, exp)))
}

// extreme returns the member of x whose entries are all at the end to which signs
// points.
func extreme(x *Matrix, sign func(i, j int) int64) *dense.Rational {
	rows, cols := x.mid.Dims()
	v := make([]*big.Rat, rows*cols)
	for k := range v {
		v[k] = new(big.Rat).Mul(x.rad.Rat(), big.NewRat(sign(k/cols, k%cols), 1))
		v[k].Add(v[k], x.mid.At(k/cols, k%cols))
	}
	return must(dense.NewRational(rows, cols, v))
}

// Every error term of a product is attained by some members: for each matrix of
// small entries and radii, those where all errors push the same entry the same way.
func TestMulAddAttained(t *testing.T) {
	plus := func(int, int) int64 { return 1 }
	for code := 0; code < 3*3*3*81; code += 4 {
		rc, ra, rb := int64(code%3), int64(code/3%3), int64(code/9%3)
		v := make([]int64, 4)
		for k, c := 0, code/27; k < 4; k, c = k+1, c/3 {
			v[k] = int64(c%3) - 1
		}
		a, b, c := small(1, 2, -2, ra, v[0], v[1]), small(2, 1, -2, rb, v[2], v[3]), small(1, 1, -4, rc, 5)
		got := must(MulAdd(c, a, b, 100))
		// a member of a with the signs of b and the other way around, and the corner.
		for _, s := range []int64{1, -1} {
			for corner := range 16 {
				at := func(bit int) int64 { return int64(corner>>bit&1)*2 - 1 }
				x := extreme(a, func(_, j int) int64 { return at(j) })
				y := extreme(b, func(i, _ int) int64 { return at(2 + i) })
				z := extreme(c, func(int, int) int64 { return s })
				if p := must(must(x.Mul(y)).Add(z)); !got.Contains(p) {
					t.Fatalf("code %d: %v is not within %v of the midpoint", code, p.At(0, 0), got.Rad())
				}
			}
		}
		// All terms at once: positive midpoints of these sizes.
		abs := func(x int64) int64 { return max(x, -x) }
		a, b, c = small(1, 2, -2, ra, abs(v[0]), abs(v[1])), small(2, 1, -2, rb, abs(v[2]), abs(v[3])), small(1, 1, -4, rc, 5)
		got = must(MulAdd(c, a, b, 100))
		top := must(must(extreme(a, plus).Mul(extreme(b, plus))).Add(extreme(c, plus)))
		off := top.At(0, 0)
		off.Sub(off, got.Mid().At(0, 0))
		if r, _ := got.Rad().Rat(nil); off.Cmp(r) > 0 {
			t.Fatalf("code %d: an entry is %v off, radius %v", code, off, r)
		}
	}
}

// The same for the scaling of columns.
func TestScaleAttained(t *testing.T) {
	plus := func(int, int) int64 { return 1 }
	for code := range 4 * 4 * 3 * 3 * 3 {
		rs, rd := int64(code%4), int64(code/4%4)
		m, n, k := int64(code/16%3), int64(code/48%3), int64(code/144%3)
		s, d := small(2, 1, -3, rs, m, n), small(1, 1, -1, rd, k)
		got := must(scale(s, d, 50))
		x, y := extreme(s, plus), extreme(d, plus)
		if p := must(x.Mul(y)); !got.Contains(p) {
			t.Fatalf("code %d: (%v, %v) %v: %v is not in the result, radius %v", code, x.At(0, 0), x.At(1, 0), y.At(0, 0), p.At(0, 0), got.Rad())
		}
	}
}

// Rounding to few bits: what is lost is counted, to half a unit and no less.
func TestRounded(t *testing.T) {
	zero := small(1, 1, 0, 0, 0)
	one := small(1, 1, 0, 0, 1)
	for v := int64(-300); v <= 300; v++ {
		for prec := uint(1); prec <= 9; prec++ {
			x := small(1, 1, -3, 0, v)
			got := must(MulAdd(zero, x, one, prec))
			if !got.Contains(x.mid) {
				t.Fatalf("%d at %d bits: [%v ± %v]", v, prec, got.Mid().At(0, 0), got.Rad())
			}
			if got.Mid().Num(0, 0).BitLen() > int(prec)+1 {
				t.Fatalf("%d at %d bits: midpoint of %d bits", v, prec, got.Mid().Num(0, 0).BitLen())
			}
		}
	}
}

// Sums of entries that are all cut off: the bound is above the sum, by one unit
// in 2^31 for each entry at most; and it shows in the radius of a product.
func TestSums(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for trial := range 200 {
		rows, cols := 1+r.IntN(9), 1+r.IntN(9)
		num := make([]*big.Int, rows*cols)
		bits := uint(33 + r.IntN(90))
		for k := range num {
			num[k] = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))
			if trial%2 == 1 {
				num[k].Rsh(num[k], uint(r.IntN(40))).Neg(num[k])
			}
		}
		m := must(dense.NewDyadic(rows, cols, num, -20))
		row, col := make([]*big.Rat, rows), make([]*big.Rat, cols)
		most := func(sums []*big.Rat) *big.Rat {
			top := new(big.Rat)
			for _, s := range sums {
				if s.Cmp(top) > 0 {
					top = s
				}
			}
			return top
		}
		for i := range row {
			row[i] = new(big.Rat)
		}
		for j := range col {
			col[j] = new(big.Rat)
		}
		m.Each(func(i, j int, v *big.Rat) {
			a := new(big.Rat).Abs(v)
			row[i].Add(row[i], a)
			col[j].Add(col[j], a)
		})
		for name, p := range map[string][2]*big.Rat{"row": {rowSum(m).Rat(), most(row)}, "column": {columnSum(m).Rat(), most(col)}} {
			wide := new(big.Rat).Mul(p[1], big.NewRat(1<<27+1, 1<<27))
			if p[0].Cmp(p[1]) < 0 || p[0].Cmp(wide) > 0 {
				t.Fatalf("%s sums up to %v, bound %v", name, p[1], p[0])
			}
		}
		x := &Matrix{mid: m}
		zero := func(rows, cols int) *Matrix { return small(rows, cols, 0, 0, make([]int64, rows*cols)...) }
		wide := zero(1, rows)
		wide.rad = must(New(m, big.NewFloat(3))).rad
		got := must(MulAdd(zero(1, cols), wide, x, 4000))
		signs := extreme(wide, func(int, int) int64 { return 1 })
		if p := must(signs.Mul(dense.ToRational(m))); !got.Contains(p) {
			t.Fatalf("trial %d: a member's image is not in the result", trial)
		}
	}
}

// Numbers of every length, the largest of it: whatever the product of the primes,
// it exceeds twice the number.
func TestLargest(t *testing.T) {
	one := must(New(dense.IdentityDyadic(1), new(big.Float)))
	for bits := uint(1); bits < 420; bits++ {
		v := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))
		for _, v := range []*big.Int{v, new(big.Int).Neg(v)} {
			x := must(New(must(dense.NewDyadic(1, 1, []*big.Int{v}, 0)), new(big.Float)))
			zero := must(New(must(dense.NewDyadic(1, 1, []*big.Int{new(big.Int)}, 0)), new(big.Float)))
			for name, got := range map[string]*Matrix{
				"a": must(MulAdd(zero, x, one, 1<<20)), "b": must(MulAdd(zero, one, x, 1<<20)), "c": must(MulAdd(x, one, zero, 1<<20)),
			} {
				if got.Mid().At(0, 0).Cmp(new(big.Rat).SetInt(v)) != 0 {
					t.Fatalf("%s = ±(2^%d - 1): %v", name, bits, got.Mid().At(0, 0))
				}
			}
		}
	}
}
