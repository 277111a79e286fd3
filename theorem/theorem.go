// Package theorem holds the statements of PROOFS.md and of its chapters as data: what each says, where, what it needs, and which code, tests
// and certificates go with it. It imports no other package of the module.
package theorem

import (
	"fmt"
	"slices"
)

// Kind says what sort of statement one is.
type Kind string

// The kinds of statements.
const (
	Theorem     Kind = "theorem"
	Lemma       Kind = "lemma"
	Proposition Kind = "proposition"
	Corollary   Kind = "corollary"
	Claim       Kind = "statement" // of a chapter that does not number them
)

// Status says how a statement is known.
type Status string

// The statuses. What a machine has checked besides a proof is in Scope.
const (
	Proved     Status = "proved"                                // in its chapter
	Machine    Status = "checked by machine for all dimensions" // in a free category
	Exhaustive Status = "exhaustively checked"                  // as far as Scope says
	Cited      Status = "cited"                                 // proved in Source
)

// Statement is a numbered statement of a chapter.
type Statement struct {
	ID           string // in words, the anchor in the chapter too
	Kind         Kind
	Number       string // as the chapter counts, "Theorem 2.6"; "" if it does not
	Chapter      string // the page's path from the root of the module
	Opening      string // text with which it begins, there once, if the chapter has no anchors
	Title        string // one line
	Status       Status
	Scope        string   // the dimensions that the tests cover
	Needs        []string // IDs
	Constructors []string // import path, a dot, an identifier
	Tests        []string // names; package.Name if several packages have it
	Certificates []string // in testdata/certificates/accepted, or distance/ and in distance, without .cert
	Lines        []string // the theorem lines of these certificates
	Source       string   // the publication, if it is another's
}

// All returns the statements in the order of the pages.
func All() []Statement {
	return slices.Concat(conventions, rotation, rational, lowerbound, permutation, conditioned, refine, engine, condition,
		universality, generalDepth)
}

// ByID returns the statement of an ID, and whether there is one.
func ByID(id string) (Statement, bool) {
	for _, s := range All() {
		if s.ID == id {
			return s, true
		}
	}
	return Statement{}, false
}

// ByLine returns the statement that a certificate's theorem line stands for: a
// line of Lines, or the ID itself.
func ByLine(line string) (Statement, bool) {
	for _, s := range All() {
		if s.ID == line || slices.Contains(s.Lines, line) {
			return s, true
		}
	}
	return Statement{}, false
}

// Examples returns the certificates that show the format and prove no statement,
// each with its theorem line.
func Examples() map[string]string {
	const none = "none: an example of the format"
	return map[string]string{
		"identity":   "no layers multiply to the identity",
		"log-scales": none, "scaled": none, "shear-list": none, "tiny-and-huge": none, "uneven": none,
	}
}

// Validate returns an error if an ID, a number or a theorem line occurs twice, an ID
// that is needed does not exist, or statements need each other in a circle.
func Validate(all []Statement) error {
	at, seen := map[string]int{}, map[string]string{}
	for i, s := range all {
		if s.ID == "" || s.Kind == "" || s.Chapter == "" || s.Title == "" || s.Status == "" {
			return fmt.Errorf("statement %d, %q: a field is empty", i, s.ID)
		}
		if s.Status == Cited && s.Source == "" {
			return fmt.Errorf("%s is cited, but has no source", s.ID)
		}
		for _, name := range append([]string{s.ID, s.Number}, s.Lines...) {
			if other, twice := seen[name]; twice && name != "" {
				return fmt.Errorf("%q stands for %s and for %s", name, other, s.ID)
			}
			seen[name] = s.ID
		}
		at[s.ID] = i
	}
	const open, done = 1, 2
	state := make([]int, len(all))
	var visit func(i int) error
	visit = func(i int) error {
		if state[i] == done {
			return nil
		}
		if state[i] == open {
			return fmt.Errorf("%s needs itself, by way of others", all[i].ID)
		}
		state[i] = open
		for _, id := range all[i].Needs {
			j, ok := at[id]
			if !ok {
				return fmt.Errorf("%s needs %q, which does not exist", all[i].ID, id)
			}
			if err := visit(j); err != nil {
				return err
			}
		}
		state[i] = done
		return nil
	}
	for i := range all {
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}
