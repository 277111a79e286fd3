package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"flowproof/checkpoint"
	"flowproof/exactmath/orientation"
	"flowproof/exactmath/sparse"
	"flowproof/internal/printable"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/verify"
	"flowproof/verify/condition"
)

// entry is one target of a batch, with what became of it.
type entry struct {
	Name   string         `json:"name"`
	Code   int            `json:"exit_code"`
	Error  string         `json:"error,omitempty"`
	Report *report.Report `json:"report,omitempty"`

	// Of a target that no flow represents, exit code 3:
	DetSign *int   `json:"det_sign,omitempty"` // -1 or 0
	DetHow  string `json:"det_how,omitempty"`

	load func() (*targets.Target, error)
}

// batch does the main job for many targets: a failure does not stop the others.
// The exit code is the largest of theirs.
func (o *options) batch(files []string, stdout, stderr io.Writer) (int, error) {
	tol, err := tolerance(o.tol)
	if err != nil {
		return exitUsage, err
	}
	entries, done, err := o.entries(files)
	if err != nil {
		return exitUsage, err
	}
	defer done()
	bar := newBar(stderr, len(entries))
	code := exitOK
	for _, e := range entries {
		bar.Describe(printable.Line(e.Name))
		io.WriteString(stderr, stackOf(o.fill(e, tol)))
		code = max(code, e.Code)
		bar.Add(1)
	}
	bar.Finish()
	if o.json {
		return code, report.WriteJSON(stdout, entries)
	}
	_, err = io.WriteString(stdout, summary(entries))
	return code, err
}

// fill does the job for one target, and returns the error that it noted.
func (o *options) fill(e *entry, tol *big.Rat) error {
	err := guarded(func() error {
		t, err := e.load()
		if err != nil {
			return err
		}
		s, err := o.build(t, &spinner{})
		if err != nil {
			return err
		}
		e.Report, err = o.report(s, tol, &spinner{})
		return err
	})
	switch {
	case err != nil:
		e.Code, e.Error, e.Report = codeOf(err), err.Error(), nil
		var u *unrepresentableError
		if errors.As(err, &u) {
			e.DetSign, e.DetHow = &u.det.Sign, u.det.How
		}
	case !e.Report.Reproduced:
		e.Code = exitNot
	}
	return err
}

// entries names the targets of the batch; done closes what they read from.
func (o *options) entries(files []string) (es []*entry, done func(), err error) {
	for _, path := range files {
		es = append(es, &entry{Name: path, load: func() (*targets.Target, error) { return targets.Load(path) }})
	}
	if o.in == "" {
		return es, func() {}, nil
	}
	f, err := checkpoint.Open(o.in)
	if err != nil {
		return nil, nil, fmt.Errorf("-in: %w", err)
	}
	for _, t := range f.Candidates() {
		es = append(es, &entry{Name: t.Key, load: func() (*targets.Target, error) { return f.Target(t.Key) }})
	}
	return es, func() { f.Close() }, nil
}

// newBar shows progress on a terminal, and nothing elsewhere.
func newBar(w io.Writer, n int) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		w = io.Discard
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

// summary is a table with a line for each target, and a last line that counts.
func summary(entries []*entry) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "target\tn\tconstruction\tdepth\tverdict\trelative residual\tlargest condition")
	var exact, within, not, failed, unusable int
	for _, e := range entries {
		r := e.Report
		if e.Error != "" {
			failed++
			fmt.Fprintf(t, "%s\t\t%s\n", printable.Line(e.Name), printable.Line(strings.TrimPrefix(e.Error, e.Name+": ")))
			continue
		}
		if !r.UsableFloat64 {
			unusable++
		}
		switch {
		case !r.Reproduced:
			not++
		case r.Verdict == verify.Exact:
			exact++
		default:
			within++
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\t%s\t%.4g\n", printable.Line(e.Name), r.Dimension, r.Construction, r.Depth, r.Verdict, r.ResidualFrobeniusRelative, float64(r.Condition.MaxLayerBound))
	}
	t.Flush() // to a strings.Builder: cannot fail
	fmt.Fprintf(&b, "\n%d targets: %d exact, %d within the tolerance, %d not reproduced, %d failed", len(entries), exact, within, not, failed)
	if unusable > 0 {
		fmt.Fprintf(&b, "; %d of the flows not usable in float64 (-json says which)", unusable)
	}
	b.WriteByte('\n')
	return b.String()
}

// listing is one tensor of a checkpoint as -list shows it.
type listing struct {
	Key       string   `json:"key"`
	Shape     []int    `json:"shape"`
	DType     string   `json:"dtype"`
	Kind      string   `json:"kind"`               // matrix, permutation or signed permutation; empty if it cannot be a target
	DetSign   *int     `json:"det_sign,omitempty"` // absent if undecided
	Rank      *int     `json:"rank,omitempty"`
	DetHow    string   `json:"det_how,omitempty"`
	Condition *float64 `json:"condition,omitempty"` // estimate; absent if infinite
	Error     string   `json:"error,omitempty"`
}

// listTensors prints what the checkpoint holds.
func (o *options) listTensors(stdout io.Writer) error {
	f, err := checkpoint.Open(o.in)
	if err != nil {
		return fmt.Errorf("-in: %w", err)
	}
	defer f.Close()
	candidate := map[string]bool{}
	for _, t := range f.Candidates() {
		candidate[t.Key] = true
	}
	ls, work, some := []listing{}, int64(listWork), false
	for _, t := range f.Tensors() {
		l := listing{Key: t.Key, Shape: t.Shape, DType: t.DType}
		switch {
		case t.Err != nil:
			l.Error = t.Err.Error()
		case candidate[t.Key] && l.affordable(&work):
			some = l.inspect(f, &work) || some
		case candidate[t.Key]:
			l.Kind, l.DetHow, some = "matrix", tooMuchWork, true
		}
		ls = append(ls, l)
	}
	if o.json {
		return report.WriteJSON(stdout, ls)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "key\tshape\ttype\tkind\tdet\tcondition")
	for _, l := range ls {
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\n", printable.Line(l.Key), l.Shape, printable.Line(l.DType), l.verdict())
	}
	w.Flush() // to a strings.Builder: cannot fail
	if some {
		fmt.Fprintf(&b, "\n?: %s\n", tooMuchWork)
	}
	_, err = io.WriteString(stdout, b.String())
	return err
}

// What a list looks into: matrices up to a dimension, until their n^3 add up to
// so much. A file of a kilobyte may declare many large ones.
const (
	listDim  = 512
	listWork = 1 << 30
)

// affordable reports whether a candidate is looked into, and takes what that
// costs from work. A list of integers has been read already.
func (l *listing) affordable(work *int64) bool {
	n := int64(1)
	if len(l.Shape) > 1 {
		n = int64(slices.Max(l.Shape))
	}
	if n > listDim || n*n*n > *work {
		return false
	}
	*work -= n * n * n
	return true
}

const tooMuchWork = "too much work for a list; -key NAME reads and checks one"

// narrow is the number of bits from the highest to the lowest of a matrix up to
// which a list does not care for them.
const narrow = 192

// inspect fills in what takes reading the numbers. It reports whether that is too
// much work for a list: the exact sign of a singular matrix takes n^4 times as long
// as its entries are wide.
func (l *listing) inspect(f *checkpoint.File, work *int64) (tooMuch bool) {
	t, err := f.Target(l.Key)
	if err != nil {
		l.Error = err.Error()
		var f *checkpoint.FileError
		if errors.As(err, &f) {
			l.Error = f.Reason
		}
		return false
	}
	l.Kind = kindOf(t)
	if w := width(t); l.Kind == "matrix" && w > narrow {
		n := int64(t.Dim)
		cost := n * n * n * n / 1000 * w
		if cost > *work {
			l.DetHow = tooMuchWork
			return true
		}
		*work -= cost
	}
	det, err := orientation.Of(t.Matrix, orientation.Options{})
	if err != nil {
		l.DetHow = "undecided: " + err.Error()
		return false
	}
	l.DetSign, l.Rank, l.DetHow = &det.Sign, &det.Rank, det.How
	if c := condition.Estimate(t.Matrix); det.Sign != 0 && c < 1e300 {
		l.Condition = &c
	}
	return false
}

// width is the number of bits between the largest entry of a matrix and the last
// bit of the smallest, about.
func width(t *targets.Target) int64 {
	low, high := math.MaxInt, math.MinInt
	for _, v := range t.Matrix.Float64s() {
		if v != 0 {
			_, e := math.Frexp(v)
			low, high = min(low, e-53), max(high, e)
		}
	}
	return int64(max(high-low, 0))
}

func kindOf(t *targets.Target) string {
	if t.Perm != nil {
		return "permutation"
	}
	if _, _, ok := sparse.SignedPermutation(t.Matrix); ok {
		return "signed permutation"
	}
	return "matrix"
}

func (l *listing) verdict() string {
	switch {
	case l.Error != "":
		return "unreadable: " + printable.Line(l.Error)
	case l.Kind == "":
		return "-"
	case l.DetSign == nil:
		return l.Kind + "\t?\t?"
	}
	cond := "inf"
	if l.Condition != nil {
		cond = fmt.Sprintf("%.4g", *l.Condition)
	}
	return fmt.Sprintf("%s\t%s\t%s", l.Kind, detWord(orientation.Orientation{Sign: *l.DetSign, Rank: *l.Rank}), cond)
}
