package main

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"flowproof/internal/printable"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/verify"
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
func (o *options) batch(in *invocation, tol *big.Rat) (int, error) {
	if err := o.open(in.given); err != nil {
		return exitUsage, err
	}
	ins, done, err := o.inputs(in.Args(), in.stdin)
	if err != nil {
		return exitUsage, err
	}
	defer done()
	var entries []*entry
	for _, i := range ins {
		entries = append(entries, &entry{Name: i.name, load: i.load})
	}
	bar := newBar(in.stderr, len(entries))
	code := exitOK
	for _, e := range entries {
		bar.Describe(printable.Line(e.Name))
		io.WriteString(in.stderr, stackOf(o.fill(e, tol)))
		code = max(code, e.Code)
		bar.Add(1)
	}
	bar.Finish()
	if o.json {
		return code, report.WriteJSON(in.stdout, entries)
	}
	_, err = io.WriteString(in.stdout, summary(entries))
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
			fmt.Fprintf(t, "%s\t\t\t\tfailed\t\t%s\n", printable.Line(e.Name), printable.Line(strings.TrimPrefix(e.Error, e.Name+": ")))
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
