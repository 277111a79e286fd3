package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"flowproof/experiment"
)

// Padding is the table of the padding experiment: the records of one law and one
// depth side by side, a line for each padding, and which differences the spread
// over the seeds allows to claim.
type Padding struct{ Records []*experiment.Record }

// sample is what the seeds gave for one number.
type sample []float64

// take collects a number of records; nil numbers are left out.
func take[R any](records []*R, of func(*R) *float64) (s sample) {
	for _, r := range records {
		s = with(s, of(r))
	}
	return s
}

// with appends a number that is there.
func with(s sample, v *float64) sample {
	if v == nil {
		return s
	}
	return append(s, *v)
}

func (s sample) mean() float64 {
	sum := 0.0
	for _, v := range s {
		sum += v
	}
	return sum / float64(len(s))
}

// deviation is the standard deviation, with n - 1 degrees of freedom.
func (s sample) deviation() float64 {
	m, sum := s.mean(), 0.0
	for _, v := range s {
		sum += (v - m) * (v - m)
	}
	return math.Sqrt(sum / float64(len(s)-1))
}

// String is the mean and, of two numbers or more, the deviation.
func (s sample) String() string {
	switch {
	case len(s) == 0:
		return "-"
	case len(s) == 1:
		return fmt.Sprintf("%.3f", s[0])
	}
	return fmt.Sprintf("%.3f ± %.3f", s.mean(), s.deviation())
}

// differs says that two means lie further apart than twice the standard error of
// their difference, and three seeds or more stand behind each. It is the sign of
// the difference a - b, or 0.
func differs(a, b sample) int {
	if len(a) < 3 || len(b) < 3 {
		return 0
	}
	va, vb := a.deviation(), b.deviation()
	d := a.mean() - b.mean()
	if !(math.Abs(d) > 2*math.Sqrt(va*va/float64(len(a))+vb*vb/float64(len(b)))) {
		return 0
	}
	if d > 0 {
		return 1
	}
	return -1
}

// column is a number of the table, shown as mean and deviation over the seeds.
type column struct {
	head string
	of   func(*experiment.Record) *float64
}

// The numbers that differences are claimed of.
var (
	bitsColumn   = column{"bits/dim", func(r *experiment.Record) *float64 { return r.Bits }}
	slicedColumn = column{"sliced W2", func(r *experiment.Record) *float64 { return r.Sliced }}
	medianColumn = column{"lg kappa: median", func(r *experiment.Record) *float64 { return lg(r.Condition.Median) }}
	mostColumn   = column{"90 %", func(r *experiment.Record) *float64 { return lg(r.Condition.P90) }}
)

// paddingColumns are those of the table.
var paddingColumns = []column{
	bitsColumn,
	{"W2", func(r *experiment.Record) *float64 { return r.W2 }},
	slicedColumn,
	medianColumn,
	mostColumn,
	{"of samples", func(r *experiment.Record) *float64 { return lg(r.Samples.Condition.Median) }},
	{"at start", func(r *experiment.Record) *float64 { return lg(r.AtStart) }},
	{"lg s_min", func(r *experiment.Record) *float64 { return lg(r.Smallest) }},
	{"lg trip", func(r *experiment.Record) *float64 {
		if r.Trip == nil {
			return nil
		}
		return lg(*r.Trip)
	}},
}

// lg is the decimal logarithm, nil where there is none.
func lg(x float64) *float64 {
	v := math.Log10(x)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// group is the records that share all but the seed.
type group struct {
	padding experiment.Padding
	records []*experiment.Record
}

// Text writes the tables.
func (p Padding) Text(w io.Writer) error {
	var b strings.Builder
	for _, records := range p.sections() {
		section(&b, records)
	}
	b.WriteString("lg is the decimal logarithm; kappa is the condition number of the Jacobian, data to noise, at held-out data, s_min its\n" +
		"smallest singular value, trip the largest error of float32 there and back. Mean ± standard deviation over the seeds.\n" +
		"bits/dim of padded flows is an upper bound (Jensen); a padding of zeros has no density. Nothing here is proved.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// sections cuts the records by law and depth.
func (p Padding) sections() [][]*experiment.Record {
	return runs(p.Records, func(a, b *experiment.Record) bool { return a.Dataset == b.Dataset && a.Depth == b.Depth })
}

// groupsOf cuts the records of a section by padding.
func groupsOf(records []*experiment.Record) (groups []group) {
	for _, g := range runs(records, func(a, b *experiment.Record) bool { return a.Padding == b.Padding }) {
		groups = append(groups, group{g[0].Padding, g})
	}
	return groups
}

// runs cuts a list into runs of neighbours that are the same.
func runs[E any](list []E, same func(a, b E) bool) (out [][]E) {
	from := 0
	for k := 1; k <= len(list); k++ {
		if k == len(list) || !same(list[from], list[k]) {
			out, from = append(out, list[from:k]), k
		}
	}
	return out
}

// section writes the table of one law and one depth.
func section(b *strings.Builder, records []*experiment.Record) {
	groups := groupsOf(records)
	first := records[0]
	fmt.Fprintf(b, "%s, %d couplings, %d hidden units, %d steps", first.Dataset, first.Depth, first.Hidden, first.Steps)
	if first.Entropy != nil {
		fmt.Fprintf(b, "; entropy %.3f bits/dim", *first.Entropy)
	}
	if first.Floor != nil {
		fmt.Fprintf(b, "; W2 of two samples of the law %.3f", *first.Floor)
	}
	if first.Start == experiment.Six {
		b.WriteString("; started at the six layers of a rotation")
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "  padding\tseeds")
	for _, c := range paddingColumns {
		fmt.Fprintf(t, "\t%s", c.head)
	}
	fmt.Fprint(t, "\tsteps to level\n")
	for _, g := range groups {
		fmt.Fprintf(t, "  %v\t%d", g.padding, len(g.records))
		for _, c := range paddingColumns {
			fmt.Fprintf(t, "\t%v", take(g.records, c.of))
		}
		fmt.Fprintf(t, "\t%s\n", learned(g.records))
	}
	t.Flush() // to memory: cannot fail
	for _, line := range claims(groups) {
		fmt.Fprintf(b, "  %s\n", line)
	}
	b.WriteString("\n")
}

// learned says when the level was reached, and whether all runs ended well.
func learned(records []*experiment.Record) string {
	var s sample
	diverged := 0
	for _, r := range records {
		if r.Learned != nil {
			s = append(s, float64(*r.Learned))
		}
		if r.Diverge {
			diverged++
		}
	}
	out := "-"
	if len(s) > 0 {
		out = fmt.Sprintf("%.0f (%d of %d)", s.mean(), len(s), len(records))
	}
	if diverged > 0 {
		out += fmt.Sprintf(", %d diverged", diverged)
	}
	return out
}

// claims compares each padding with none, and says only what the spread allows.
func claims(groups []group) (lines []string) {
	plain := -1
	for i, g := range groups {
		if g.padding.Kind == experiment.None {
			plain = i
		}
	}
	if plain < 0 {
		return nil
	}
	for i, g := range groups {
		if i == plain {
			continue
		}
		var words []string
		for _, number := range []struct {
			name string
			column
		}{{"median kappa", medianColumn}, {"bits/dim", bitsColumn}, {"sliced W2", slicedColumn}} {
			switch differs(take(g.records, number.of), take(groups[plain].records, number.of)) {
			case 1:
				words = append(words, number.name+" higher")
			case -1:
				words = append(words, number.name+" lower")
			}
		}
		if len(words) == 0 {
			words = []string{"no difference that the spread allows to claim"}
		}
		lines = append(lines, fmt.Sprintf("%v against none: %s", g.padding, strings.Join(words, ", ")))
	}
	return lines
}
