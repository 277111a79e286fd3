package freegroup

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Poly is an integer combination of words of one type, in normal form: no
// word contains the left side of a rule that was known when it was made. It
// cannot be changed. An error sticks to it and to all that is computed from it.
type Poly struct {
	alg        *Algebra
	rows, cols Object
	terms      map[string]int64 // no zero coefficients
	err        error
}

// Err returns the first error of the computation that led to x.
func (x Poly) Err() error { return x.err }

// Add returns x + y.
func (x Poly) Add(y Poly) Poly { return x.plus(y, 1) }

// Sub returns x - y.
func (x Poly) Sub(y Poly) Poly { return x.plus(y, -1) }

// Neg returns -x.
func (x Poly) Neg() Poly { return Poly{alg: x.alg, rows: x.rows, cols: x.cols, err: x.err}.Sub(x) }

func (x Poly) plus(y Poly, sign int64) Poly {
	z := Poly{alg: x.alg, rows: x.rows, cols: x.cols, err: firstOf(x.err, y.err), terms: map[string]int64{}}
	if z.err == nil && (x.rows != y.rows || x.cols != y.cols || x.alg != y.alg) {
		z.err = fmt.Errorf("%w: %sx%s plus %sx%s", ErrType, x.rows, x.cols, y.rows, y.cols)
	}
	if z.err != nil {
		return z
	}
	for w, c := range x.terms {
		z.terms[w] = c
	}
	for w, c := range y.terms {
		z.put(w, sign*c)
	}
	return z
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (x Poly) put(word string, c int64) {
	if c += x.terms[word]; c == 0 {
		delete(x.terms, word)
	} else {
		x.terms[word] = c
	}
}

// Mul returns x y, in normal form.
func (x Poly) Mul(y Poly) Poly {
	z := Poly{alg: x.alg, rows: x.rows, cols: y.cols, err: firstOf(x.err, y.err), terms: map[string]int64{}}
	if z.err == nil && (x.cols != y.rows || x.alg != y.alg) {
		z.err = fmt.Errorf("%w: %sx%s times %sx%s", ErrType, x.rows, x.cols, y.rows, y.cols)
	}
	if z.err != nil {
		return z
	}
	for v, c := range x.terms {
		for w, d := range y.terms {
			z.put(v+w, c*d)
		}
	}
	return z.normal()
}

// Product returns the product from left to right.
func Product(x Poly, ys ...Poly) Poly {
	for _, y := range ys {
		x = x.Mul(y)
	}
	return x
}

// Sum returns the sum.
func Sum(x Poly, ys ...Poly) Poly {
	for _, y := range ys {
		x = x.Add(y)
	}
	return x
}

// times returns before x after for words that fit.
func (x Poly) times(before, after string) Poly {
	z := Poly{alg: x.alg, terms: map[string]int64{}}
	for w, c := range x.terms {
		z.terms[before+w+after] = c
	}
	return z
}

// normal rewrites until no rule applies. The largest word left is always the
// one that is rewritten next, so that it never comes back.
func (x Poly) normal() Poly {
	todo := x.terms
	x.terms = map[string]int64{}
	for len(todo) > 0 {
		var word string
		for w := range todo {
			if less(word, w) {
				word = w
			}
		}
		c := todo[word]
		delete(todo, word)
		if r, at := x.alg.match(word); r != nil {
			for w, d := range r.right.times(word[:at], word[at+len(r.left):]).terms {
				Poly{terms: todo}.put(w, c*d)
			}
		} else {
			x.put(word, c)
		}
	}
	return x
}

func (a *Algebra) match(word string) (*rule, int) {
	for i := range a.rules {
		if at := strings.Index(word, a.rules[i].left); at >= 0 {
			return &a.rules[i], at
		}
	}
	return nil, 0
}

// Equal reports whether x and y have the same normal form and no error. The
// types must agree, but for zero.
func (x Poly) Equal(y Poly) bool {
	if errors.Join(x.err, y.err) != nil {
		return false
	}
	d := Poly{alg: x.alg, terms: map[string]int64{}}
	for w, c := range x.terms {
		d.put(w, c)
	}
	for w, c := range y.terms {
		d.put(w, -c)
	}
	if x.rows != y.rows || x.cols != y.cols || x.alg != y.alg {
		return false
	}
	return len(d.normal().terms) == 0
}

// String returns the polynomial with its words in increasing order.
func (x Poly) String() string {
	if x.err != nil {
		return x.err.Error()
	}
	words := make([]string, 0, len(x.terms))
	for w := range x.terms {
		words = append(words, w)
	}
	sort.Slice(words, func(i, j int) bool { return less(words[i], words[j]) })
	var b strings.Builder
	for i, w := range words {
		c := x.terms[w]
		switch {
		case c < 0:
			b.WriteString(" - "[min(i, 1)^1:])
			c = -c
		case i > 0:
			b.WriteString(" + ")
		}
		switch {
		case w == "":
			fmt.Fprint(&b, c)
		case c == 1:
			b.WriteString(x.alg.name(w))
		default:
			fmt.Fprintf(&b, "%d %s", c, x.alg.name(w))
		}
	}
	if len(words) == 0 {
		return "0"
	}
	return b.String()
}
