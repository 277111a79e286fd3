package certificate

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/verify"
)

const (
	magic   = "flowproof certificate"
	version = "1"
	maxText = 200
	maxExp  = 1000 // of log-scales
)

// Write writes c. The bytes depend on the content alone: neither on the machine
// nor on how the matrices are stored. It fails if c is no certificate, or with
// the error of w. It does not judge the claim: that is for Check.
func Write(w io.Writer, c *Certificate) error {
	n := c.Flow.Partition().Dim()
	if rows, cols := c.Target.Dims(); rows != n || cols != n {
		return &exactmath.ShapeError{Op: "certificate", R1: rows, C1: cols, R2: n, C2: n}
	}
	if err := c.validate(); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	var product []float64
	if name, _ := encoding(c.Target); name == float64s {
		var err error
		if _, product, err = reference(c.Flow); err != nil {
			return err
		}
	}
	h := sha256.New()
	b := bufio.NewWriter(io.MultiWriter(w, h))
	layers := c.Flow.Layers()
	writeHeader(b, c, c.Flow.Partition(), len(layers), fmt.Sprintf("%x", SHA256(c.Target)))
	for i, l := range layers {
		writeLayer(b, i, l)
	}
	writeTarget(b, c.Target, product)
	for _, kind := range kinds(c) {
		writeReason(b, kind, c.Claim.Lower.Reasons[kind])
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "sha256 %x\n", h.Sum(nil))
	return err
}

// reference returns the product of the flow, and rounded to float64, if a target
// may be written relative to it: the flow has to be rational, and large enough.
func reference(f *coupling.Flow) (product exactmath.Matrix, rounded []float64, err error) {
	if n := f.Partition().Dim(); n*n <= nearAbove {
		return nil, nil, nil
	}
	product, err = verify.Compose(f)
	if errors.Is(err, verify.ErrIrrational) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return product, product.Float64s(), nil
}

// validate checks what no other type has checked already.
func (c *Certificate) validate() error {
	for _, s := range []string{c.Construction, c.Theorem} {
		if len(s) < 1 || maxText < len(s) || slices.ContainsFunc([]byte(s), func(b byte) bool { return b < ' ' || '~' < b }) {
			return fmt.Errorf("%q is not a line of 1 to %d printable ASCII characters", s, maxText)
		}
	}
	if c.Flow != nil {
		for i, l := range c.Flow.Layers() {
			if err := checkExp(l); err != nil {
				return fmt.Errorf("layer %d: %w", i+1, err)
			}
		}
	}
	switch {
	case c.Claim.Kind == ClaimExact && c.Claim.Bound == nil:
	case c.Claim.Kind == ClaimResidual && c.Claim.Bound != nil && c.Claim.Bound.Sign() > 0:
	case c.Claim.Kind == ClaimDepth && c.Claim.Bound == nil && c.Claim.Lower.Depth > 0 && (c.Flow == nil || len(c.Flow.Layers()) == 0):
	default:
		return fmt.Errorf("claim %q has the wrong form", c.Claim.Kind)
	}
	return nil
}

// checkExp refuses log-scales that no flow has use for and that are costly to
// enclose.
func checkExp(l coupling.Layer) error {
	rows, _ := l.Weight().Dims()
	for i := 0; i < rows && l.Scale().Kind() == coupling.ScaleExp; i++ {
		if s := l.Scale().At(i); s.Abs(s).Cmp(big.NewRat(maxExp, 1)) > 0 {
			return fmt.Errorf("log-scale %d is beyond ±%d", i, maxExp)
		}
	}
	return nil
}

func writeHeader(w *bufio.Writer, c *Certificate, part coupling.Partition, layers int, target string) {
	seed := "none"
	if c.Seed != nil {
		seed = fmt.Sprint(*c.Seed)
	}
	fmt.Fprintf(w, "%s %s\nconstruction %s\ntheorem %s\nseed %s\nclaim %v\ndimension %d\npartition %s\nlayers %d\ntarget-sha256 %s\n",
		magic, version, c.Construction, c.Theorem, seed, c.Claim, part.Dim(), partitionName(part), layers, target)
}

// partitionName returns the name of the set of first coordinates, which p need
// not go by, or the list of them.
func partitionName(p coupling.Partition) string {
	for _, name := range []string{"half", "checkerboard"} {
		if q, err := coupling.ParsePartition(p.Dim(), name); err == nil && slices.Equal(p.First(), q.First()) {
			return name
		}
	}
	return p.String()
}

func writeLayer(w *bufio.Writer, i int, l coupling.Layer) {
	fmt.Fprintf(w, "layer %d %v\nweight ", i+1, l.Kind())
	writeMatrix(w, l.Weight(), nil)
	name := map[coupling.ScaleKind]string{coupling.ScaleOne: "one", coupling.ScaleExact: "exact", coupling.ScaleExp: "exp"}
	scale := l.Scale()
	b := append([]byte("scale "), name[scale.Kind()]...)
	if rows, _ := l.Weight().Dims(); scale.Kind() != coupling.ScaleOne {
		for k := range rows {
			b = appendNumber(append(b, ' '), scale.At(k))
		}
	}
	w.Write(append(b, '\n'))
}

func writeTarget(w *bufio.Writer, target exactmath.Matrix, product []float64) {
	w.WriteString("target ")
	writeMatrix(w, target, product)
}
