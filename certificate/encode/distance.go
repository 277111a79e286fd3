package encode

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"

	"flowproof/certificate/scan"
	"flowproof/neural"
	"flowproof/transport"
)

// Distance is the content of a certificate of version 2: that the flow pushes the
// standard normal law to within Claim of the histogram in W2, by the plan.
type Distance struct {
	Construction, Theorem string  // 1 to 200 printable ASCII characters
	Seed                  *uint64 // nil: none
	Claim                 *big.Rat
	Histogram             *transport.Histogram
	Plan                  *transport.Plan
	Flow                  *neural.Flow
}

// WriteDistance writes c. The bytes depend on the content alone. It fails if c is no
// certificate, or with the error of w. It does not judge the claim: that is for
// distance.Check.
func WriteDistance(w io.Writer, c *Distance) error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	digest := sha256.New()
	b := bufio.NewWriter(io.MultiWriter(w, digest))
	writeDistanceHeader(b, c)
	writePlan(b, c.Plan)
	for k, layer := range c.Flow.Layers() {
		fmt.Fprintf(b, "coupling %d\n", k+1)
		for _, u := range layer.Updates {
			x, y := knots(u.Shift)
			fmt.Fprintf(b, "coordinate %d\nfactor%s\nknots %d\n", u.Coord, floats(u.Factor), len(x))
			for i := range x {
				b.WriteString(floats(x[i], y[i])[1:] + "\n")
			}
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "sha256 %x\n", digest.Sum(nil))
	return err
}

// validate checks what no other type has checked already: the flow has the form of
// the claim, its couplings in the order of the plan.
func (c *Distance) validate() error {
	if err := validTexts(c.Construction, c.Theorem); err != nil {
		return err
	}
	if c.Claim.Sign() <= 0 {
		return fmt.Errorf("the claim %v is not positive", c.Claim)
	}
	split := c.Plan.Split
	blocks := [][]int{split.First, split.Second}
	if len(c.Flow.Layers()) != len(blocks) {
		return fmt.Errorf("%d couplings, want 2", len(c.Flow.Layers()))
	}
	for k, layer := range c.Flow.Layers() {
		if len(layer.Updates) != len(blocks[k]) {
			return fmt.Errorf("coupling %d updates %d coordinates, want %d", k+1, len(layer.Updates), len(blocks[k]))
		}
		for i, u := range layer.Updates {
			if u.Coord != blocks[k][i] || u.Reads != blocks[1-k][0] || !u.LogScale.IsZero() {
				return fmt.Errorf("coupling %d: want an update of coordinate %d that reads %d, of constant scale", k+1, blocks[k][i], blocks[1-k][0])
			}
		}
	}
	return nil
}

// knots returns those of f, one of value 0 if it has none.
func knots(f neural.PL) (x, y []float64) {
	if x, y = f.Knots(); len(x) == 0 {
		return []float64{0}, []float64{0}
	}
	return x, y
}

func writeDistanceHeader(b *bufio.Writer, c *Distance) {
	writeOrigin(b, 2, c.Construction, c.Theorem, c.Seed)
	h := c.Histogram
	fmt.Fprintf(b, "claim wasserstein %s\ndimension %d\nfirst%s\nsecond%s\nlow%s\nhigh%s\ngrid%s\nweights\n",
		scan.AppendNumber(nil, c.Claim), h.Dim(), integers(c.Plan.Split.First...), integers(c.Plan.Split.Second...),
		floats(h.Lo...), floats(h.Hi...), integers(h.Cells...))
	row := h.Cells[len(h.Cells)-1]
	for i := 0; i < len(h.Weights); i += row {
		b.WriteString(integers(h.Weights[i : i+row]...)[1:] + "\n")
	}
}

func writePlan(b *bufio.Writer, p *transport.Plan) {
	fmt.Fprintf(b, "refine%s\nwindow%s\ncells %d\n", integers(p.Refine...), floats(p.Window), len(p.Cells))
	for k, c := range p.Cells {
		fmt.Fprintf(b, "cell %d\nbox%s\ncentre%s\nstrands %d\n", k+1, spans(c.Box), floats(c.Centre...), len(c.Strands))
		for _, s := range c.Strands {
			way := "up"
			if s.Down {
				way = "down"
			}
			fmt.Fprintf(b, "%s%s\n", way, spans(s.Box))
		}
	}
}

// integers, floats and spans return the text of a list, a space before each.
func integers[T int | uint64](list ...T) string {
	var b []byte
	for _, v := range list {
		b = fmt.Appendf(b, " %d", v)
	}
	return string(b)
}

func floats(list ...float64) string {
	var b []byte
	for _, v := range list {
		b = scan.AppendNumber(append(b, ' '), new(big.Rat).SetFloat64(v))
	}
	return string(b)
}

func spans(list []transport.Span) string {
	var b []byte
	for _, s := range list {
		b = fmt.Appendf(b, " %d %d", s.From, s.To)
	}
	return string(b)
}
