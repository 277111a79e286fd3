// Package distance checks certificates of version 2: that a flow of two couplings
// pushes the standard normal law to within a distance of a histogram in W2.
// docs/certificate.md specifies the files. The package trusts nothing that it reads
// and does not reach the packages that build flows, nor package encode, which writes
// the files.
package distance

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"flowproof/certificate/scan"
	"flowproof/exactmath"
	"flowproof/neural"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// Outcome is what Check found about a certificate that it accepts. Construction,
// Theorem and Seed tell a reader where the flow comes from; no check depends on
// them.
type Outcome struct {
	Construction, Theorem string
	Seed                  *uint64  // nil: none
	Claim                 *big.Rat // W2 is at most this
	Histogram             *transport.Histogram
	Plan                  *transport.Plan
	Flow                  *neural.Flow
	Bound                 *wasserstein.Result
}

// Limits bounds what reading and checking may cost. A size that the file declares is
// compared with it before anything of that size is allocated.
type Limits struct {
	scan.Limits
	Knots  int                // of all functions together
	Checks wasserstein.Limits // of the bound
}

// DefaultLimits admits all that the format does.
func DefaultLimits() Limits {
	return Limits{
		Limits: scan.Limits{Bytes: 1 << 28, Bits: 1 << 12, Limits: exactmath.Limits{Memory: 1 << 31, Work: 1 << 40}},
		Knots:  1 << 20,
		Checks: wasserstein.DefaultLimits(),
	}
}

// maxParts bounds the refinement of an axis.
const maxParts = 1 << 20

// Is reports whether head, the beginning of a file, is that of a certificate of this
// version; Head bytes of it decide.
func Is(head []byte) bool { return strings.HasPrefix(string(head), firstLine) }

const (
	firstLine = "flowproof certificate 2\n"
	Head      = len(firstLine)
)

// Check reads a certificate and checks its claim. Anything but a canonical file whose
// claim is true by the bound of its plan is refused with a *scan.RejectError; if r
// fails, the error wraps that of r. A plan whose bound is more than the claim is
// refused as NotProved: it says nothing against the claim.
func Check(r io.Reader, limits Limits) (o *Outcome, err error) {
	s := &scanner{Scanner: scan.New(r, limits.Limits), limits: limits}
	if err := s.Run(func() { o = s.read() }); err != nil {
		return nil, err
	}
	return o, nil
}

// scanner reads a certificate about a distance.
type scanner struct {
	*scan.Scanner
	limits Limits // of Knots: what is left
}

// read reads and judges; it ends by a panic that Run recovers.
func (s *scanner) read() *Outcome {
	o := s.header()
	order := o.Plan.Split.Order()
	s.plan(o, order)
	o.Flow = s.flow(o.Plan.Split)
	s.End()
	s.judge(o)
	return o
}

func (s *scanner) header() *Outcome {
	s.Section = "header"
	s.Need(s.Key("flowproof certificate") == "2", scan.Version, "want version 2 of the format")
	o := &Outcome{Histogram: &transport.Histogram{}, Plan: &transport.Plan{}}
	o.Construction, o.Theorem, o.Seed = s.Origin()
	claim, value, _ := strings.Cut(s.Key("claim"), " ")
	s.Need(claim == "wasserstein", scan.Invalid, "want claim wasserstein")
	o.Claim = s.Number(value)
	s.Need(o.Claim.Sign() > 0, scan.Invalid, "the bound of the distance is not positive")
	d := s.Integer(s.Key("dimension"), transport.MaxDim)
	s.Need(d >= 2, scan.Invalid, "dimension %d, want 2 to %d", d, transport.MaxDim)
	o.Plan.Split = transport.Split{First: s.coordinates("first", d), Second: s.coordinates("second", d)}
	s.invalid(o.Plan.Split.Check(d))
	h := o.Histogram
	h.Lo, h.Hi = s.floats(s.Key("low"), d), s.floats(s.Key("high"), d)
	h.Cells = s.integers(s.Key("grid"), d, transport.MaxCells)
	s.weights(h)
	s.invalid(h.Check())
	return o
}

// weights reads the weights of the cells, a line for each row of the last axis.
func (s *scanner) weights(h *transport.Histogram) {
	size := 1
	for _, n := range h.Cells {
		s.Need(n >= 1, scan.Invalid, "an axis of no cells")
		s.Need(n <= transport.MaxCells/size, scan.TooLarge, "more than %d cells", transport.MaxCells)
		size *= n
	}
	s.Section = "weights"
	s.Need(s.Line() == "weights", scan.Malformed, "want the line weights")
	for row := h.Cells[len(h.Cells)-1]; len(h.Weights) < size; {
		for _, w := range s.fields(s.Line(), row) {
			h.Weights = append(h.Weights, s.Natural(w, transport.MaxWeight))
		}
	}
}

func (s *scanner) plan(o *Outcome, order []int) {
	s.Section = "plan"
	p := o.Plan
	d, first := len(order), len(p.Split.First)
	p.Refine = s.integers(s.Key("refine"), d, maxParts)
	tops := make([]int, d) // edges of each axis
	for j, r := range p.Refine {
		s.Need(r >= 1, scan.Invalid, "an axis is refined 0 times")
		tops[j] = o.Histogram.Cells[order[j]] * r
	}
	p.Window = s.floats(s.Key("window"), 1)[0]
	count := s.Integer(s.Key("cells"), s.limits.Checks.Cells)
	s.Need(count > 0, scan.Invalid, "no cells")
	for k := range count {
		s.Section = fmt.Sprintf("cell %d", k+1)
		s.Need(s.Integer(s.Key("cell"), count) == k+1, scan.NotCanonical, "want cell %d", k+1)
		var c transport.Cell
		c.Box = s.spans(s.Key("box"), tops[:first])
		c.Centre = s.floats(s.Key("centre"), first)
		strands := s.Integer(s.Key("strands"), s.limits.Checks.Cells)
		s.Need(strands > 0, scan.Invalid, "a cell of no strands")
		for range strands {
			s.Spend(64*int64(d), int64(d))
			way, spans, more := strings.Cut(s.Line(), " ")
			s.Need(way == "up" || way == "down", scan.Malformed, "want up or down")
			s.Need(more == (first < d-1), scan.Malformed, "want %d spans", d-1-first)
			strand := transport.Strand{Down: way == "down"}
			if more {
				strand.Box = s.spans(spans, tops[first:d-1])
			}
			c.Strands = append(c.Strands, strand)
		}
		p.Cells = append(p.Cells, c)
	}
}

// flow reads the two couplings.
func (s *scanner) flow(split transport.Split) *neural.Flow {
	var layers []neural.Layer
	for k, block := range [][]int{split.First, split.Second} {
		s.Section = fmt.Sprintf("coupling %d", k+1)
		s.Need(s.Line() == s.Section, scan.Malformed, "want coupling %d", k+1)
		reads := split.Second[0]
		if k == 1 {
			reads = split.First[0]
		}
		var layer neural.Layer
		for _, coordinate := range block {
			layer.Updates = append(layer.Updates, neural.Update{Coord: coordinate, Reads: reads, Factor: s.factor(coordinate), Shift: s.function()})
		}
		layers = append(layers, layer)
	}
	f, err := neural.NewFlow(len(split.First)+len(split.Second), layers...)
	s.invalid(err)
	return f
}

func (s *scanner) factor(coordinate int) float64 {
	s.Need(s.Key("coordinate") == strconv.Itoa(coordinate), scan.NotCanonical, "want coordinate %d", coordinate)
	return s.floats(s.Key("factor"), 1)[0]
}

// function reads a piecewise-linear function: its knots, a line each.
func (s *scanner) function() neural.PL {
	count := s.Integer(s.Key("knots"), s.limits.Knots)
	s.Need(count > 0, scan.Invalid, "a function without knots")
	s.limits.Knots -= count
	var x, y []float64
	for range count {
		s.Spend(64, 2)
		pair := s.floats(s.Line(), 2)
		x, y = append(x, pair[0]), append(y, pair[1])
	}
	f, err := neural.NewPL(x, y)
	s.invalid(err)
	return f
}

// judge decides about the claim.
func (s *scanner) judge(o *Outcome) {
	s.Section = "claim"
	checks := s.limits.Checks
	checks.Done = s.Limits.Done
	bound, decision, err := wasserstein.Decide(o.Histogram, o.Plan, o.Flow, o.Claim, checks)
	var limit *wasserstein.LimitError
	open := errors.As(err, &limit) || errors.Is(err, wasserstein.ErrStopped)
	s.Need(!open, scan.Undecided, "%v", err)
	s.invalid(err)
	more, _ := bound.Bound.Float64()
	s.Need(decision != wasserstein.Exceeds, scan.NotProved, "the bound of this plan is about %.6g", more)
	s.Need(decision == wasserstein.Holds, scan.Undecided, "the bound of this plan, about %.9g, is too near to the claim", more)
	o.Bound = bound
}

// invalid refuses values that were read, if there is an error about them.
func (s *scanner) invalid(err error) { s.Need(err == nil, scan.Invalid, "%v", err) }

// fields cuts text at single spaces.
func (s *scanner) fields(text string, count int) []string {
	s.Need(strings.Count(text, " ") == count-1, scan.Malformed, "want %d fields and single spaces between them", count)
	s.Spend(16*int64(count), int64(count))
	return strings.Split(text, " ")
}

func (s *scanner) integers(text string, count, limit int) []int {
	out := make([]int, 0, count)
	for _, f := range s.fields(text, count) {
		out = append(out, s.Integer(f, limit))
	}
	return out
}

// floats reads numbers that are float64 numbers.
func (s *scanner) floats(text string, count int) []float64 {
	out := make([]float64, 0, count)
	for _, field := range s.fields(text, count) {
		f, exact := scan.Float64Of(s.Number(field))
		s.Need(exact, scan.Invalid, "%.40q is not a float64", field)
		out = append(out, f)
	}
	return out
}

// spans reads an interval of each axis, as two edges.
func (s *scanner) spans(text string, tops []int) []transport.Span {
	var out []transport.Span
	edges := s.fields(text, 2*len(tops))
	for j, top := range tops {
		out = append(out, transport.Span{From: s.Integer(edges[2*j], top), To: s.Integer(edges[2*j+1], top)})
	}
	return out
}

// coordinates reads a list of coordinates of R^d.
func (s *scanner) coordinates(key string, d int) []int {
	text := s.Key(key)
	return s.integers(text, min(d, strings.Count(text, " ")+1), d-1)
}
