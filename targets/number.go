package targets

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"flowproof/exactmath"
)

// number is one entry of a file, exactly: an int64, else a float64, else a
// rational.
type number struct {
	kind numberKind
	i    int64
	f    float64
	r    *big.Rat
}

type numberKind int

const (
	isInt numberKind = iota
	isFloat
	isRat
)

// intNumber takes any int64 but the least, which has no negative.
func intNumber(i int64) number     { return number{kind: isInt, i: i} }
func floatNumber(f float64) number { return number{kind: isFloat, f: f} }
func ratNumber(r *big.Rat) number  { return number{kind: isRat, r: r} }

func (x number) neg() number {
	x.i, x.f = -x.i, -x.f
	if x.r != nil {
		x.r = new(big.Rat).Neg(x.r)
	}
	return x
}

// rat returns x as a rational.
func (x number) rat() *big.Rat {
	switch x.kind {
	case isInt:
		return new(big.Rat).SetInt64(x.i)
	case isFloat:
		return new(big.Rat).SetFloat64(x.f)
	}
	return x.r
}

// float returns x as a float64, and false if it has to be rounded. The test is
// made on the integer itself: float64(2^53 + 1) is 2^53.
func (x number) float() (float64, bool) {
	switch x.kind {
	case isInt:
		f := float64(x.i)
		return f, f != 1<<63 && int64(f) == x.i
	case isFloat:
		return x.f, true
	}
	return x.r.Float64()
}

// integer returns x as an int64, and false if it is none.
func (x number) integer() (int64, bool) {
	switch x.kind {
	case isInt:
		return x.i, true
	case isFloat:
		return int64(x.f), x.f == math.Trunc(x.f) && math.Abs(x.f) < 1<<62
	}
	return x.r.Num().Int64(), x.r.IsInt() && x.r.Num().IsInt64()
}

// parseNumber reads an integer of any size or a fraction p/q, which it keeps
// exactly, or a decimal or hexadecimal float, which it rounds to the nearest
// float64. It fails with a text that says what is wrong.
func parseNumber(s string) (number, error) {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && i != math.MinInt64 {
		return intNumber(i), nil
	}
	p, q, fraction := strings.Cut(s, "/")
	if isInteger(p) && (!fraction || isInteger(q) && q[0] != '-' && q[0] != '+') {
		if fraction && strings.Trim(q, "0") == "" {
			return number{}, fmt.Errorf("%s has denominator 0", quote(s))
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			return number{}, fmt.Errorf("%s is not a number", quote(s))
		}
		return ratNumber(r), nil
	}
	f, err := strconv.ParseFloat(fortran(s), 64)
	switch {
	case s == "...":
		return number{}, errors.New("... stands for entries that were left out, want all of them")
	case errors.Is(err, strconv.ErrRange):
		return number{}, fmt.Errorf("%s is beyond the range of float64", quote(s))
	case err != nil || strings.Contains(s, "_"):
		return number{}, fmt.Errorf("%s is not a number", quote(s))
	case math.IsNaN(f) || math.IsInf(f, 0):
		return number{}, fmt.Errorf("%s is not allowed, want a finite number", s)
	}
	return floatNumber(f), nil
}

// fortran turns the exponents that Fortran writes into the usual ones: 1.0D+00,
// and 1.0+100, where three digits leave no room for a letter.
func fortran(s string) string {
	if strings.Trim(s, "+-.0123456789dD") != "" {
		return s
	}
	mantissa := s[:len(s)-len(strings.TrimLeft(s, "+-"))]
	rest := s[len(mantissa):]
	k := strings.IndexAny(rest, "dD+-")
	switch {
	case k <= 0:
	case rest[k] == 'd' || rest[k] == 'D':
		return mantissa + rest[:k] + "e" + rest[k+1:]
	case strings.Contains(rest[:k], ".") && len(rest)-k == 4:
		return mantissa + rest[:k] + "e" + rest[k:]
	}
	return s
}

// isInteger reports whether s is a decimal integer with an optional sign.
func isInteger(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// brief cuts s to a length that fits on a line.
func brief(s string) string {
	if len(s) > 32 {
		return s[:32] + ".."
	}
	return s
}

// quote returns s in quotes, cut to a length that fits on a line.
func quote(s string) string {
	if len(s) > 32 {
		return strconv.Quote(s[:32]) + ".."
	}
	return strconv.Quote(s)
}

// entries is a list of numbers in the smallest storage that holds all of them
// exactly: int64, else float64, else rationals. Exactly one list is in use.
type entries struct {
	kind   numberKind
	ints   []int64
	floats []float64
	rats   []*big.Rat
}

func (e *entries) len() int { return len(e.ints) + len(e.floats) + len(e.rats) }

// reserve makes room for count entries of that kind.
func (e *entries) reserve(kind numberKind, count int) {
	switch kind {
	case isInt:
		e.ints = make([]int64, 0, count)
	case isFloat:
		e.kind, e.floats = isFloat, make([]float64, 0, count)
	}
}

// add appends x, unless there is no room for it.
func (e *entries) add(x number) error {
	if e.kind == isInt && x.kind != isInt {
		if err := e.widen(x); err != nil {
			return err
		}
	}
	if e.kind == isFloat {
		if f, ok := x.float(); ok {
			e.floats = append(e.floats, f)
			return nil
		}
		if err := e.widen(x); err != nil {
			return err
		}
	}
	if e.kind == isInt {
		e.ints = append(e.ints, x.i)
		return nil
	}
	if e.len() >= MaxExact*MaxExact {
		return e.tooExact(x)
	}
	e.rats = append(e.rats, x.rat())
	return nil
}

// widen makes room for x among the entries: as floats if that rounds none of
// them, else as rationals.
func (e *entries) widen(x number) error {
	if e.kind == isInt && x.kind == isFloat {
		floats := make([]float64, len(e.ints))
		exact := true
		for k, i := range e.ints {
			var ok bool
			floats[k], ok = intNumber(i).float()
			exact = exact && ok
		}
		if exact {
			e.kind, e.ints, e.floats = isFloat, nil, floats
			return nil
		}
	}
	if e.len() > MaxExact*MaxExact {
		return e.tooExact(x)
	}
	for k := range e.len() {
		e.rats = append(e.rats, e.at(k).rat())
	}
	e.kind, e.ints, e.floats = isRat, nil, nil
	return nil
}

// tooExact tells that there is not enough room for rationals, and names the
// first entry that needs one; x is the entry after the last.
func (e *entries) tooExact(x number) error {
	k := 0
	for ; k < e.len(); k++ {
		if _, ok := e.at(k).float(); !ok {
			x = e.at(k)
			break
		}
	}
	return fail(fmt.Sprintf("entry %d (counted from 0)", k), "is %s, which is no float64, among more than %d: want dimension %d or less, or entries of float64",
		brief(x.rat().RatString()), MaxExact*MaxExact, MaxExact)
}

func (e *entries) at(k int) number {
	switch e.kind {
	case isInt:
		return intNumber(e.ints[k])
	case isFloat:
		return floatNumber(e.floats[k])
	}
	return ratNumber(e.rats[k])
}

// integers returns the entries if all are integers of int64, whatever their
// storage, else the index of the first that is not.
func (e *entries) integers() (list []int64, bad int) {
	list = make([]int64, e.len())
	for k := range list {
		i, ok := e.at(k).integer()
		if !ok {
			return nil, k
		}
		list[k] = i
	}
	return list, -1
}

// matrix returns the n x n matrix with entry k of the list at index place(k) of
// its rows laid end to end, and zeros elsewhere; place nil is the identity.
// Entries at one place are added, exactly: floats whose sum is no float64 are
// refused, since whoever else adds them rounds. The list is empty afterwards.
func (e *entries) matrix(n int, place func(k int) int) (exactmath.Matrix, error) {
	if place == nil {
		place = func(k int) int { return k }
	}
	floats := make([]float64, n*n)
	for k := range e.len() {
		f, ok := e.at(k).float()
		if !ok {
			return e.exact(n, place)
		}
		p := place(k)
		sum, rest := twoSum(floats[p], f)
		switch {
		case rest == 0:
		case e.kind == isFloat:
			return nil, fail(fmt.Sprintf("entry (%d, %d)", p/n+1, p%n+1), "is given more than once, and the sum is no float64: want entries that add up without rounding")
		default:
			return e.exact(n, place)
		}
		floats[p] = sum
	}
	*e = entries{}
	return exactmath.FromFloat64(n, n, floats)
}

// twoSum returns the rounded sum of a and b, and its error, which is exact
// (Knuth) unless the sum overflows: then it is not 0.
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	c := sum - a
	return sum, (a - (sum - c)) + (b - c)
}

func (e *entries) exact(n int, place func(k int) int) (exactmath.Matrix, error) {
	if n > MaxExact {
		return nil, e.tooExact(number{})
	}
	rats := make([]*big.Rat, n*n)
	for k := range rats {
		rats[k] = new(big.Rat)
	}
	for k := range e.len() {
		p := place(k)
		rats[p].Add(rats[p], e.at(k).rat())
	}
	return exactMatrix(n, n, rats)
}
