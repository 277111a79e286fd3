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

// float returns x as a float64, and false if it has to be rounded.
func (x number) float() (float64, bool) {
	switch x.kind {
	case isInt:
		return float64(x.i), -1<<53 <= x.i && x.i <= 1<<53
	case isFloat:
		return x.f, true
	}
	return 0, false
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
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return number{}, fmt.Errorf("%s is beyond the range of float64", quote(s))
	case err != nil || strings.Contains(s, "_"):
		return number{}, fmt.Errorf("%s is not a number", quote(s))
	case math.IsNaN(f) || math.IsInf(f, 0):
		return number{}, fmt.Errorf("%s is not allowed, want a finite number", s)
	}
	return floatNumber(f), nil
}

// isInteger reports whether s is a decimal integer with an optional sign.
func isInteger(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
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

// tooExact tells that there is not enough room for rationals.
func tooExact() error {
	return fail("", "has an entry that is no float64, among more than %d: want dimension %d or less, or entries of float64", MaxExact*MaxExact, MaxExact)
}

func (e *entries) len() int { return len(e.ints) + len(e.floats) + len(e.rats) }

// add appends x, unless there is no room for it.
func (e *entries) add(x number) error {
	if e.kind == isInt && x.kind != isInt {
		e.widen(x.kind)
	}
	if e.kind == isFloat {
		if f, ok := x.float(); ok {
			e.floats = append(e.floats, f)
			return nil
		}
		e.widen(isRat)
	}
	if e.kind == isInt {
		e.ints = append(e.ints, x.i)
		return nil
	}
	if e.len() >= MaxExact*MaxExact {
		return tooExact()
	}
	e.rats = append(e.rats, x.rat())
	return nil
}

// widen turns the entries into floats if that is asked for and rounds none,
// else into rationals.
func (e *entries) widen(to numberKind) {
	if e.kind == isInt {
		exact := to == isFloat
		for _, i := range e.ints {
			_, ok := intNumber(i).float()
			exact = exact && ok
		}
		if exact {
			for _, i := range e.ints {
				e.floats = append(e.floats, float64(i))
			}
			e.kind, e.ints = isFloat, nil
			return
		}
	}
	if e.len() <= MaxExact*MaxExact { // else add fails
		for k := range e.len() {
			e.rats = append(e.rats, e.at(k).rat())
		}
	}
	e.kind, e.ints, e.floats = isRat, nil, nil
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
// its rows laid end to end, and zeros elsewhere. Place nil is the identity.
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
		floats[place(k)] = f
	}
	return exactmath.FromFloat64(n, n, floats)
}

func (e *entries) exact(n int, place func(k int) int) (exactmath.Matrix, error) {
	if n > MaxExact {
		return nil, tooExact()
	}
	rats := make([]*big.Rat, n*n)
	for k := range rats {
		rats[k] = new(big.Rat)
	}
	for k := range e.len() {
		rats[place(k)] = e.at(k).rat()
	}
	return exactMatrix(n, n, rats)
}
