// Package freegroup computes with matrices whose blocks are letters instead of
// numbers, and so proves an identity for every dimension and every field at once.
//
// A letter is an arrow between two objects, the sizes of a matrix block: X of type
// (q, p) stands for any q x p matrix. Words are products that fit, polynomials
// are integer combinations of words of one type: the path algebra of a small
// category. If all blocks are square and all letters invertible it is the group
// ring of a free group, hence the name.
//
// What is known about the letters (that one is the inverse of another, that a
// block of M M^-1 vanishes) is stated as rewriting rules, word -> smaller
// polynomial. Smaller means fewer letters, or as many and earlier in the order
// in which the letters were made; so rewriting ends. Two expressions that
// rewrite to the same polynomial are equal for all matrices that satisfy the
// rules. The converse needs confluence, which [Algebra.Confluent] decides by
// Bergman's diamond lemma (1978).
package freegroup

import (
	"errors"
	"fmt"
	"strings"
)

// Object is a size of blocks, such as p or q.
type Object string

// Errors that stick to an expression and to all that is computed from it.
var (
	// ErrType: sizes that do not fit.
	ErrType = errors.New("the sizes do not fit")
	// ErrRule: a rule whose right side is not smaller than its left side, or whose
	// left side is not a single word with coefficient 1.
	ErrRule = errors.New("a rule must rewrite a word to a smaller polynomial of its type")
	// ErrLetters: more than 255 letters.
	ErrLetters = errors.New("an algebra has room for 255 letters")
)

// Algebra is a set of letters and of rules. The zero value is empty and ready to
// use. Letters are numbered from 1 in the order of their making; a word is the
// string of these numbers, one byte each, in the order of the matrix product.
type Algebra struct {
	letters []letter
	rules   []rule
}

type letter struct {
	name       string
	rows, cols Object
}

type rule struct {
	left  string
	right Poly
}

// Letter makes a new letter of the given type.
func (a *Algebra) Letter(name string, rows, cols Object) Poly {
	if len(a.letters) == 255 {
		return Poly{err: ErrLetters}
	}
	a.letters = append(a.letters, letter{name, rows, cols})
	return Poly{alg: a, rows: rows, cols: cols, terms: map[string]int64{string([]byte{byte(len(a.letters))}): 1}}
}

// Unit makes a new invertible letter between objects of the same size, and its
// inverse.
func (a *Algebra) Unit(name string, rows, cols Object) (x, inverse Poly) {
	x, inverse = a.Letter(name, rows, cols), a.Letter(name+"^-1", cols, rows)
	// Both rules rewrite two letters to none, so they cannot fail.
	_ = a.Rule(x.Mul(inverse), a.One(rows))
	_ = a.Rule(inverse.Mul(x), a.One(cols))
	return x, inverse
}

// One returns the identity of an object.
func (a *Algebra) One(o Object) Poly {
	return Poly{alg: a, rows: o, cols: o, terms: map[string]int64{"": 1}}
}

// Zero returns the zero of a type.
func (a *Algebra) Zero(rows, cols Object) Poly { return Poly{alg: a, rows: rows, cols: cols} }

// Rule declares left = right, to be used from left to right. It fails with an
// error that wraps ErrRule unless left is a word, not empty and
// greater than every word of right, or with the error that sticks to one of the two.
func (a *Algebra) Rule(left, right Poly) error {
	if err := errors.Join(left.err, right.err); err != nil {
		return err
	}
	if left.rows != right.rows || left.cols != right.cols || len(left.terms) != 1 {
		return fmt.Errorf("%w: %v -> %v", ErrRule, left, right)
	}
	for l, c := range left.terms {
		if l == "" || c != 1 {
			return fmt.Errorf("%w: %v -> %v", ErrRule, left, right)
		}
		for r := range right.terms {
			if !less(r, l) {
				return fmt.Errorf("%w: %v -> %v", ErrRule, left, right)
			}
		}
		a.rules = append(a.rules, rule{l, right})
	}
	return nil
}

// less orders words by length, then letter by letter.
func less(v, w string) bool { return len(v) < len(w) || len(v) == len(w) && v < w }

// Confluent reports whether every polynomial has only one normal form, so that
// [Poly.Equal] decides equality for good: whenever the left sides of two rules
// overlap in a word, both ways of rewriting it end alike.
func (a *Algebra) Confluent() bool {
	for _, r := range a.rules {
		for _, s := range a.rules {
			for k := 1; k <= min(len(r.left), len(s.left)); k++ {
				if r.left[len(r.left)-k:] == s.left[:k] {
					x := r.right.times("", s.left[k:])
					if !x.Equal(s.right.times(r.left[:len(r.left)-k], "")) {
						return false
					}
				}
			}
			if i := strings.Index(r.left, s.left); i >= 0 {
				if !r.right.times("", "").Equal(s.right.times(r.left[:i], r.left[i+len(s.left):])) {
					return false
				}
			}
		}
	}
	return true
}

// name returns a word as a reader writes it.
func (a *Algebra) name(word string) string {
	names := make([]string, len(word))
	for i := range names {
		names[i] = a.letters[word[i]-1].name
	}
	return strings.Join(names, " ")
}
