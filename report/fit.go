package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"flowproof/experiment"
)

// Fit is the table of the fitting experiment: for one target and dimension, what
// descent reached with each number of layers, beside what is proved.
type Fit struct {
	References []*experiment.Reference // one a seed
	Fitted     []*experiment.Fitted
}

// Text writes the table. A line at the proved least depth parts the numbers of
// layers that cannot do it from those that can.
func (f Fit) Text(w io.Writer) error {
	var b strings.Builder
	first := f.References[0]
	fmt.Fprintf(&b, "%s, n = %d, %d seeds: proved least depth %s\n", first.Target, first.N, len(f.References), between(f.References, func(r *experiment.Reference) int { return r.AtLeast }))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "  layers\tlg error\treached\tsteps to it\tlg largest kappa\tlg product\n")
	least := first.AtLeast
	for _, r := range f.References {
		least = min(least, r.AtLeast)
	}
	parted := false
	for k := 1; k <= 64; k++ {
		var errors, steps, largest, product sample
		diverged, n := 0, 0
		for _, r := range f.Fitted {
			if r.Layers != k {
				continue
			}
			n++
			if r.Diverged {
				diverged++
				continue
			}
			errors = with(errors, lg(r.Error))
			if r.Reached != nil {
				steps = append(steps, float64(*r.Reached))
			}
			if r.Largest != nil {
				largest = with(largest, lg(*r.Largest))
			}
			if r.Product != nil {
				product = with(product, lg(*r.Product))
			}
		}
		if n == 0 {
			continue
		}
		if k >= least && !parted {
			fmt.Fprint(t, "  ------\t\t\t\t\t\n")
			parted = true
		}
		reached := fmt.Sprintf("%d of %d", len(steps), n)
		if diverged > 0 {
			reached += fmt.Sprintf(", %d diverged", diverged)
		}
		when := "-"
		if len(steps) > 0 {
			when = fmt.Sprintf("%.0f", steps.mean())
		}
		fmt.Fprintf(t, "  %d\t%v\t%s\t%s\t%v\t%v\n", k, errors, reached, when, largest, product)
	}
	var largest, product sample
	for _, r := range f.References {
		largest, product = with(largest, lg(r.Largest)), with(product, lg(r.Product))
	}
	fmt.Fprintf(t, "  built: %s\texact or to rounding\t\t\t%v\t%v\n", between(f.References, func(r *experiment.Reference) int { return r.Depth }), largest, product)
	t.Flush() // to memory: cannot fail
	fmt.Fprintf(&b, "  built by %s, condition numbers certified\n\n", first.By)
	_, err := io.WriteString(w, b.String())
	return err
}

// between says which values a number of the seeds has.
func between(references []*experiment.Reference, of func(*experiment.Reference) int) string {
	lo, hi := of(references[0]), of(references[0])
	for _, r := range references {
		lo, hi = min(lo, of(r)), max(hi, of(r))
	}
	if lo == hi {
		return fmt.Sprint(lo)
	}
	return fmt.Sprintf("%d to %d", lo, hi)
}
