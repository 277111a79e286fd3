// Command table prints, as Markdown, the comparison of the constructions that
// the README shows: go run ./tools/table.
package main

import (
	"fmt"
	"math/big"
	"os"
	"time"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/verify"
)

// row is one line: a target, and the construction to try on it.
type row struct {
	target       string
	dim          int
	construction string
}

// seed is that of every target.
const seed = 2

func rows() []row {
	var out []row
	add := func(target string, dim int, names ...string) {
		for _, c := range names {
			out = append(out, row{target, dim, c})
		}
	}
	add("random-orthogonal", 64, "orthogonal", "polish", "eight", "conditioned")
	add("gaussian", 64, "polish", "eight", "conditioned")
	add("gaussian", 65, "polish", "eight", "conditioned")
	add("permutation", 64, "permutation", "permutation-integer", "orthogonal", "polish", "six", "published")
	add("toeplitz", 64, "polish", "eight", "conditioned")
	add("block-diag-j", 64, "orthogonal", "polish", "six", "published")
	return out
}

func main() {
	fmt.Println("| target | construction | depth | verdict | relative residual | largest layer | product | product / lower limit | seconds |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	failed := false
	for _, r := range rows() {
		if err := r.print(); err != nil {
			fmt.Fprintf(os.Stderr, "%s %d, %s: %v\n", r.target, r.dim, r.construction, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func (r row) print() error {
	t, err := targets.Make(r.target, r.dim, seed, targets.Options{})
	if err != nil {
		return err
	}
	if t.Perm != nil && !targets.Even(t.Perm) {
		return fmt.Errorf("odd permutation")
	}
	part, err := coupling.Half(t.Dim)
	if err != nil {
		return err
	}
	start := time.Now()
	b, err := constructions.Build(r.construction, t.Matrix, part, constructions.Options{Seed: seed})
	if err != nil {
		return err
	}
	seconds, f := time.Since(start).Seconds(), b.Flow
	res, err := verify.Check(f, t.Matrix)
	if err != nil {
		return err
	}
	var rep report.Report
	if err := rep.Fill(f, t.Matrix, res, big.NewRat(1, 1e9), seed); err != nil {
		return err
	}
	c := rep.Condition
	fmt.Printf("| %s %d | %s | %d | %s | %s | %.4g | %.3g | %.3g | %.2g |\n", r.target, r.dim, b.Construction, rep.Depth, rep.Verdict,
		rep.ResidualFrobeniusRelative, float64(c.MaxLayerBound), float64(c.ProductBound), float64(c.ProductBound/c.LowerLimit), seconds)
	return nil
}
