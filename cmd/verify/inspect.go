package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"flowproof/checkpoint"
	"flowproof/exactmath/orientation"
	"flowproof/exactmath/sparse"
	"flowproof/internal/printable"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/verify/condition"
)

const inspectPage = `Usage: verify inspect [-json] CHECKPOINT

Lists the tensors of a checkpoint (.npz, .safetensors, .pt, .pth), and of those that
can be a target the sign of the determinant, exactly, and the condition number. A
pickle is read and never run.

Exit codes: 0 listed; 2 usage, or the file cannot be read

Examples:
  verify inspect model.safetensors
  verify inspect model.safetensors -json
`

// inspectOptions are the flags of verify inspect.
type inspectOptions struct{ json bool }

func inspectCommand() command {
	var o inspectOptions
	return command{name: "inspect", summary: "list the tensors of a checkpoint", page: inspectPage, flags: o.flags, run: o.run, args: true}
}

func (o *inspectOptions) flags(fs *flag.FlagSet) {
	fs.BoolVar(&o.json, "json", false, "print a JSON array with an object for each tensor")
}

// run is verify inspect.
func (o *inspectOptions) run(in *invocation) (int, error) {
	if in.NArg() != 1 {
		return exitUsage, errors.New("inspect: want the name of one checkpoint")
	}
	return exitOK, inspect(in.Arg(0), o.json, in.stdout)
}

// listing is one tensor of a checkpoint as verify inspect shows it.
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

// inspect prints what a checkpoint holds.
func inspect(path string, asJSON bool, stdout io.Writer) error {
	f, err := checkpoint.Open(path)
	if err != nil {
		return err
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
	if asJSON {
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
