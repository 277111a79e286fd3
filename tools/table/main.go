// Command table prints, as Markdown, the comparison of the constructions that
// the README shows: go run ./tools/table.
package main

import (
	"fmt"
	"math/big"
	"os"

	"flowproof/constructions"
	"flowproof/coupling"
	"flowproof/report"
	"flowproof/study"
	"flowproof/targets"
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
	c := study.Linear{Target: t, Partition: part, Construction: r.construction, Options: constructions.Options{Seed: seed}}
	rec, err := c.Run()
	if err != nil {
		return err
	}
	rep := report.Of(rec, big.NewRat(1, 1e9))
	k := rep.Condition
	fmt.Printf("| %s %d | %s | %d | %s | %s | %.4g | %.3g | %.3g | %.2g |\n", r.target, r.dim, rep.Construction, rep.Depth, rep.Verdict,
		rep.ResidualFrobeniusRelative, float64(k.MaxLayerBound), float64(k.ProductBound), float64(k.ProductBound/k.LowerLimit), rep.Seconds.Construct)
	return nil
}
