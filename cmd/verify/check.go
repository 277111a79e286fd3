package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"flowproof/certificate"
	"flowproof/certificate/distance"
	"flowproof/certificate/encode"
	"flowproof/certificate/scan"
	"flowproof/internal/number"
	"flowproof/internal/printable"
	"flowproof/report"
	"flowproof/verify/engine"
	"flowproof/verify/product"
)

const checkPage = `Usage: verify check [-json] [-plain] [-timeout D] [-work N] [-target M [-det D]] FILE...

Checks certificates: reads the layers and the target of each FILE, multiplies
the layers exactly, and says whether the claim that the file makes is true; or,
where the claim is a Wasserstein distance, encloses its bound in ball arithmetic.
What the file says about where the layers come from is repeated, and not trusted.
docs/certificate.md describes the format.

With -plain, all arithmetic is that of rational numbers from the standard
library, and nothing of the fast engine is used: the same answer, in seconds
instead of milliseconds for n = 100, in many minutes for n = 500.

A certificate is undecided, neither accepted nor rejected, if it would take more
time than -timeout, more multiplications than -work (of 64-bit words, counted
once for reading and once for checking), or more than 4 GB of memory; or if its
scales are given as exp(s) and the claim is too close to call at 4,224 bits. A
fast engine that is at work looks at the time only between two layers.

With -target, a certificate that holds is rejected if it is about any other matrix
than the one in the file M, entry for entry as rational numbers. One that was made
with -det flip or -det pad is about M with that change: give the same -det. A
certificate about a distance has no matrix, and is refused.

Exit codes: 0 all accepted; 1 some rejected; 2 usage, or a file cannot be read;
4 none rejected, but some undecided

Examples:
  verify check rotation.cert
  verify check -json rotation.cert turn.cert
  verify check -plain turn.cert
  verify check -target turn.csv turn.cert
  verify check -target swap.csv -det flip swap.cert
  verify check -timeout 10s -work 1000000000 stranger.cert
`

// checked is what there is to say about one certificate.
type checked struct {
	File     string `json:"file"`
	Accepted bool   `json:"accepted"`

	// Of an accepted one:
	Claim        string      `json:"claim,omitempty"`
	Verdict      string      `json:"verdict,omitempty"`
	Dimension    int         `json:"dimension,omitempty"`
	Layers       int         `json:"layers,omitempty"`
	Depth        int         `json:"depth,omitempty"`
	ResidualMax  json.Number `json:"residual_max,omitempty"` // rounded up
	Target       string      `json:"target_sha256,omitempty"`
	Construction string      `json:"construction,omitempty"`
	Theorem      string      `json:"theorem,omitempty"`
	Seed         *uint64     `json:"seed,omitempty"`
	Bound        json.Number `json:"w2_bound,omitempty"` // rounded up, of a claim about a distance
	Cells        int         `json:"cells,omitempty"`
	Knots        int         `json:"knots,omitempty"`
	Engine       *bool       `json:"engine,omitempty"` // whether the fast engine multiplied

	// Of a rejected or undecided one:
	Reason  certificate.Reason `json:"reason,omitempty"`
	Section string             `json:"section,omitempty"`
	Offset  *int64             `json:"offset,omitempty"`
	Detail  string             `json:"detail,omitempty"`

	// Of a file that cannot be read:
	Error string `json:"error,omitempty"`
}

// checkOptions are the flags of verify check.
type checkOptions struct {
	source      // of the matrix that the certificates are to be about
	json, plain bool
	limits      certificate.Limits
	timeout     time.Duration
}

func checkCommand() command {
	o := checkOptions{limits: certificate.DefaultLimits(), source: source{permAs: "images", det: "error"}}
	return command{name: "check", summary: "re-check certificates", page: checkPage, flags: o.flags, run: o.run, args: true, words: checkWords}
}

// checkWords are the words that flags of verify check take.
func checkWords() map[string][]string {
	w := sourceWords()
	return map[string][]string{"-det": w["-det"], "-perm-as": w["-perm-as"]}
}

func (o *checkOptions) flags(fs *flag.FlagSet) {
	fs.BoolVar(&o.json, "json", false, "print a JSON array with an object for each file")
	fs.BoolVar(&o.plain, "plain", false, "multiply rational numbers, without the fast engine")
	fs.StringVar(&o.target, "target", "", "accept only certificates about the matrix in this `file`, of any format that verify build reads")
	fs.StringVar(&o.key, "key", "", "with -target: `name` of the tensor in a checkpoint")
	fs.StringVar(&o.permAs, "perm-as", "images", "with -target: what a list of a permutation means, `images` or index, as for verify build")
	fs.StringVar(&o.det, "det", "error", "with -target: the `way` in which its negative determinant was made positive, flip, flip=K or pad")
	durationVar(fs, &o.timeout, "timeout", "give up on a file after this `time`, such as 30s or 5m")
	fs.Func("work", fmt.Sprintf("give up on a file after this `number` of multiplications of words (default %d)", o.limits.Work), func(text string) (err error) {
		if o.limits.Work, err = strconv.ParseInt(text, 10, 64); err != nil || o.limits.Work <= 0 {
			return errors.New("want a whole number above 0")
		}
		return nil
	})
}

// run is verify check.
func (o *checkOptions) run(in *invocation) (int, error) {
	if in.NArg() == 0 {
		return exitUsage, errors.New("check: want the names of the certificates to check")
	}
	want, err := o.wanted(in)
	if err != nil {
		return exitUsage, err
	}
	all := make([]checked, 0, in.NArg())
	var codes []int
	spin := newSpinner(in.stderr)
	defer spin.stop()
	for _, path := range in.Args() {
		spin.say("checking " + path)
		c := o.check(path)
		c.bind(want, o.det)
		all = append(all, c)
		codes = append(codes, c.code())
	}
	code := exitOK
	for _, worse := range []int{exitUndecided, exitNot, exitUsage} {
		if slices.Contains(codes, worse) {
			code = worse
		}
	}
	spin.stop()
	if o.json {
		return code, report.WriteJSON(in.stdout, all)
	}
	for _, c := range all {
		w := in.stdout
		if c.Error != "" {
			w = in.stderr
		}
		if _, err := fmt.Fprintln(w, printable.Line(c.String())); err != nil {
			return exitUsage, err
		}
	}
	if len(all) > 1 {
		_, err = fmt.Fprintln(in.stdout, counts(codes))
	}
	return code, err
}

// counts says how many certificates came to what.
func counts(codes []int) string {
	var n [exitFault + 1]int
	for _, c := range codes {
		n[c]++
	}
	return fmt.Sprintf("%d certificates: %d accepted, %d rejected, %d undecided, %d not read", len(codes), n[exitOK], n[exitNot], n[exitUndecided], n[exitUsage])
}

// wanted is the SHA-256 of the matrix that -target names, "" if there is none.
func (o *checkOptions) wanted(in *invocation) (string, error) {
	o.start(in)
	if o.target == "" {
		for _, name := range []string{"key", "perm-as", "det"} {
			if in.given(name) {
				return "", fmt.Errorf("-%s: goes with -target", name)
			}
		}
		return "", nil
	}
	f, err := openInput(o.target, in.stdin)
	if err != nil {
		return "", fmt.Errorf("-target: %w", err)
	}
	defer f.close()
	ins, err := o.targetsOf(f, 1)
	if err != nil {
		return "", err
	}
	t, err := ins[0].load()
	if err != nil {
		return "", err
	}
	if in.given("det") {
		turned, err := o.orient(t, &spinner{})
		if err != nil {
			return "", err
		}
		t = turned.Target
	}
	return fmt.Sprintf("%x", encode.SHA256(t.Matrix)), nil
}

// otherTarget is the reason for a certificate that is right, but about another matrix
// than -target names.
const otherTarget certificate.Reason = "another target"

// bind rejects an accepted certificate of another matrix than the one of that
// SHA-256; "" stands for any.
func (c *checked) bind(want, det string) {
	if !c.Accepted || want == "" || c.Target == want {
		return
	}
	c.Accepted, c.Reason = false, otherTarget
	c.Detail = fmt.Sprintf("the certificate holds, of the matrix of SHA-256 %s; that of -target is %s", c.Target, want)
	if det == "error" {
		c.Detail += "; if it was made with -det flip or -det pad, say so here too"
	}
}

// check checks the certificate of that name.
func (o *checkOptions) check(path string) checked {
	c := checked{File: path}
	f, err := os.Open(path)
	if err != nil {
		c.Error = err.Error()
		return c
	}
	defer f.Close()
	limits, maker := o.limits, product.Maker(engine.New)
	if o.plain {
		maker = nil
	}
	if o.timeout > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
		defer cancel()
		limits.Done = ctx.Done()
	}
	in := bufio.NewReader(f)
	var whole io.Reader = in
	if head, _ := in.Peek(distance.Head); distance.Is(head) { // a reading error comes again
		if o.target != "" {
			c.Error = fmt.Sprintf("-target: %s is about a Wasserstein distance, not about a matrix; check it without -target", path)
			return c
		}
		c.distance(in, limits.Done)
		return c
	}
	if _, err := f.Seek(0, io.SeekStart); err == nil { // no pipe: it can be read twice
		whole = f
	}
	found, err := certificate.Check(whole, limits, maker, nil)
	if !c.refused(err) {
		c.Accepted = true
		c.Claim, c.Verdict, c.Target = found.Claim.String(), string(found.Verdict), fmt.Sprintf("%x", found.TargetSHA256)
		c.Dimension, c.Layers, c.Depth = found.Partition.Dim(), found.Layers, found.Depth
		if found.Residual != nil {
			c.ResidualMax = json.Number(number.Up(found.Residual, 3))
		}
		c.Construction, c.Theorem, c.Seed, c.Engine = found.Construction, found.Theorem, found.Seed, &found.Engine
	}
	return c
}

// distance checks a certificate about a distance.
func (c *checked) distance(r io.Reader, done <-chan struct{}) {
	limits := distance.DefaultLimits()
	limits.Done = done
	found, err := distance.Check(r, limits)
	if c.refused(err) {
		return
	}
	c.Accepted, c.Claim, c.Verdict = true, string(scan.AppendNumber([]byte("wasserstein "), found.Claim)), "certified"
	c.Dimension, c.Layers, c.Cells = found.Flow.Dim(), len(found.Flow.Layers()), found.Bound.Cells
	for _, l := range found.Flow.Layers() {
		for _, u := range l.Updates {
			x, _ := u.Shift.Knots()
			c.Knots += len(x)
		}
	}
	c.Bound = json.Number(number.Up(found.Bound.Bound, 5))
	c.Construction, c.Theorem, c.Seed = found.Construction, found.Theorem, found.Seed
}

// refused notes why a certificate is refused, if it is.
func (c *checked) refused(err error) bool {
	var r *scan.RejectError
	switch {
	case errors.As(err, &r):
		c.Reason, c.Section, c.Offset, c.Detail = r.Reason, r.Section, &r.Offset, r.Detail
	case err != nil:
		c.Error = err.Error()
	}
	return err != nil
}

// code is the exit code for the file alone.
func (c checked) code() int {
	switch {
	case c.Error != "":
		return exitUsage
	case c.Reason == certificate.Undecided:
		return exitUndecided
	case !c.Accepted:
		return exitNot
	}
	return exitOK
}

// String is a line for people.
func (c checked) String() string {
	switch {
	case c.Error != "":
		return "verify: " + c.Error
	case c.Reason == certificate.Undecided:
		return fmt.Sprintf("undecided %s: %s (%s, byte %d)", c.File, c.Detail, c.Section, *c.Offset)
	case c.Reason == otherTarget:
		return fmt.Sprintf("rejected %s: %s: %s", c.File, c.Reason, c.Detail)
	case !c.Accepted:
		return fmt.Sprintf("rejected %s: %s: %s (%s, byte %d)", c.File, c.Reason, c.Detail, c.Section, *c.Offset)
	}
	if c.Bound != "" {
		return fmt.Sprintf("accepted %s: W2 at most %v: dimension %d, %d couplings, %d knots (%s: %s)",
			c.File, c.Bound, c.Dimension, c.Layers, c.Knots, c.Construction, c.Theorem)
	}
	residual := ""
	if c.ResidualMax != "" {
		residual = ", residual " + c.ResidualMax.String()
	}
	return fmt.Sprintf("accepted %s: %s: n %d, %d layers, depth %d%s (%s: %s)",
		c.File, c.Verdict, c.Dimension, c.Layers, c.Depth, residual, c.Construction, c.Theorem)
}
