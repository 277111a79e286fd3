// Command golden writes the golden certificates: in accepted/ at least one for
// each theorem of PROOFS.md, in refused/ what a checker has to refuse, for the
// reason that the file's name begins with.
//
//	go run ./internal/golden [DIR]
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
)

//go:generate go run . ../../testdata/certificates

func main() {
	dir := "testdata/certificates"
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := generate(dir); err != nil {
		fmt.Fprintln(os.Stderr, "golden:", err)
		os.Exit(1)
	}
}

// generate replaces the certificates below dir.
func generate(dir string) error {
	for _, sub := range []string{"accepted", "refused"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
		old, err := filepath.Glob(filepath.Join(dir, sub, "*.cert"))
		if err != nil {
			return err
		}
		for _, path := range old {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for _, list := range []func() ([]item, error){byHand, byTheorem, byDepth} {
		items, err := list()
		if err != nil {
			return err
		}
		for _, i := range items {
			if err := i.write(filepath.Join(dir, "accepted", i.name+".cert")); err != nil {
				return fmt.Errorf("%s: %w", i.name, err)
			}
		}
	}
	return refused(filepath.Join(dir, "accepted"), filepath.Join(dir, "refused"))
}

// item is a certificate and the name of its file.
type item struct {
	name string
	*encode.Certificate
}

func (i item) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := encode.Write(f, i.Certificate); err != nil {
		return err
	}
	return f.Close()
}

// example returns the certificate of a flow made by hand; its target is the product of
// the layers unless one is given. It claims what the check finds.
func example(name, theorem string, f *coupling.Flow, target exactmath.Matrix) (item, error) {
	c := &encode.Certificate{Construction: "by hand", Theorem: theorem, Flow: f, Target: target}
	if target == nil {
		var err error
		if c.Target, err = verify.Compose(f); err != nil {
			return item{}, err
		}
	}
	r, err := verify.Check(f, c.Target)
	if err != nil {
		return item{}, err
	}
	c.Claim = encode.ClaimFrom(r)
	return item{name, c}, nil
}
