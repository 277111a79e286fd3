package certificate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"strconv"
	"strings"

	"flowproof/coupling"
	"flowproof/exactmath"
)

const maxLine = 1 << 24

// scanner reads a certificate. Its parsing is lenient, since after each section
// the canonical text of what was understood is compared with what was read. The
// first failure stays in err.
type scanner struct {
	src     io.LimitedReader
	in      *bufio.Reader // of src
	raw     bytes.Buffer  // read from src, not compared yet
	out     *bufio.Writer // compares
	done    int64         // bytes compared
	sum     hash.Hash     // of them
	limits  Limits        // of Entries, Memory and Work: what is left
	section string
	err     error
}

func newScanner(r io.Reader, limits Limits) *scanner {
	s := &scanner{src: io.LimitedReader{R: r, N: limits.Bytes + 1}, sum: sha256.New(), limits: limits}
	s.in = bufio.NewReader(io.TeeReader(&s.src, &s.raw))
	s.out = bufio.NewWriter(s)
	return s
}

// Write compares canonical text with what was read.
func (s *scanner) Write(p []byte) (int, error) {
	if !bytes.Equal(p, s.raw.Next(len(p))) {
		s.fail(NotCanonical, "this content is to be written otherwise")
	}
	s.done += int64(len(p))
	return s.sum.Write(p)
}

// settle ends a section, of which write writes the canonical text.
func (s *scanner) settle(write func(w *bufio.Writer)) {
	if s.err == nil {
		write(s.out)
		s.out.Flush()
	}
}

func (s *scanner) fail(reason Reason, format string, args ...any) {
	if s.err == nil {
		at := s.done + int64(s.raw.Len()-s.in.Buffered())
		s.err = &RejectError{reason, s.section, at, fmt.Sprintf(format, args...)}
	}
}

// io takes note of an error of reading.
func (s *scanner) io(err error) {
	switch {
	case err == nil || s.err != nil:
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		s.err = fmt.Errorf("certificate: %w", err)
	case s.src.N == 0:
		s.fail(TooLarge, "more than %d bytes", s.limits.Bytes)
	default:
		s.fail(Truncated, "the file ends here")
	}
}

// spend takes cost from what is left of a limit.
func (s *scanner) spend(left *int64, cost int64, what string) {
	if *left -= min(cost, *left+1); *left < 0 {
		s.fail(TooLarge, "too many %s", what)
	}
}

// valid passes on what could be built.
func (s *scanner) valid(m exactmath.Matrix, err error) exactmath.Matrix {
	if err != nil {
		s.fail(Invalid, "%v", err)
	}
	return m
}

// line reads up to the end of the line.
func (s *scanner) line() string {
	var b []byte
	for s.err == nil {
		part, err := s.in.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case err == nil:
			return string(b[:len(b)-1])
		case err != bufio.ErrBufferFull:
			s.io(err)
		case len(b) > maxLine:
			s.fail(TooLarge, "a line of more than %d bytes", maxLine)
		}
	}
	return ""
}

// key reads a line that begins with the given word, and returns the rest of it.
func (s *scanner) key(word string) string {
	line := s.line()
	rest, ok := strings.CutPrefix(line, word+" ")
	if !ok {
		s.fail(Malformed, "want a line that begins with %q", word)
	}
	return rest
}

// integer reads a number from 0 to limit.
func (s *scanner) integer(text string, limit int) int {
	v, err := strconv.Atoi(text)
	if err != nil || v < 0 {
		s.fail(Malformed, "want a number from 0 to %d", limit)
	} else if v > limit {
		s.fail(TooLarge, "%d is more than the limit, %d", v, limit)
	}
	return v
}

// numbers reads exactly count rationals.
func (s *scanner) numbers(text string, count int) []*big.Rat {
	if strings.Count(text, " ") != count-1 {
		s.fail(Malformed, "want %d numbers and single spaces between them", count)
	}
	var out []*big.Rat
	for f := range strings.SplitSeq(text, " ") {
		words := int64(len(f)/16 + 1)
		if s.spend(&s.limits.Work, words*words, "operations"); s.err != nil { // to reduce to lowest terms
			return nil
		}
		v, err := parseNumber(f, s.limits.Bits)
		if errors.Is(err, errBits) {
			s.fail(TooLarge, "%v", err)
		} else if err != nil {
			s.fail(Malformed, "%v", err)
		}
		s.spend(&s.limits.Memory, int64(v.Num().BitLen()+v.Denom().BitLen())/8+64, "bytes of numbers")
		out = append(out, v)
	}
	return out
}

// header reads all before the layers.
func (s *scanner) header() (c *Certificate, part coupling.Partition, layers int, target string) {
	s.section = "header"
	if v := s.key(magic); v != version {
		s.fail(Version, "want version %s of the format", version)
	}
	c = &Certificate{Construction: s.key("construction"), Theorem: s.key("theorem")}
	if seed := s.key("seed"); seed != "none" {
		v, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			s.fail(Malformed, "want seed none or a number below 2^64")
		}
		c.Seed = &v
	}
	kind, bound, bounded := strings.Cut(s.key("claim"), " ")
	c.Claim.Kind = ClaimKind(kind)
	switch {
	case c.Claim.Kind == ClaimDepth:
		c.Claim.Lower.Depth = s.integer(bound, s.limits.Layers)
	case bounded:
		c.Claim.Bound = append(s.numbers(bound, 1), nil)[0]
	}
	n := s.integer(s.key("dimension"), s.limits.Dim)
	first := s.key("partition")
	layers = s.integer(s.key("layers"), s.limits.Layers)
	target = s.key("target-sha256")
	if strings.Count(first, ",") >= n {
		s.fail(Invalid, "more coordinates than the dimension")
	}
	if s.err != nil {
		return
	}
	part, err := coupling.ParsePartition(n, first)
	if err == nil {
		err = c.validate()
	}
	s.valid(nil, err)
	s.settle(func(w *bufio.Writer) { writeHeader(w, c, part, layers, target) })
	return
}

// layer reads layer i, counted from 0.
func (s *scanner) layer(i int, part coupling.Partition) (l coupling.Layer) {
	s.section = fmt.Sprintf("layer %d", i+1)
	kind, rows, cols := coupling.Lower, part.Q(), part.P()
	if strings.HasSuffix(s.key("layer"), "U") {
		kind, rows, cols = coupling.Upper, cols, rows
	}
	weight := s.matrix(rows, cols, s.key("weight"), nil)
	name, values, _ := strings.Cut(s.key("scale"), " ")
	var scale coupling.Scale
	var err error
	switch name {
	case "one":
	case "exact":
		scale, err = coupling.ExactScale(s.numbers(values, rows))
	case "exp":
		scale = coupling.ExpScale(s.numbers(values, rows))
	default:
		s.fail(Malformed, "want scale one, exact or exp")
	}
	if s.err == nil && err == nil {
		if l, err = coupling.NewLayer(part, kind, weight, scale); err == nil {
			err = checkExp(l)
		}
	}
	s.valid(nil, err)
	s.settle(func(w *bufio.Writer) { writeLayer(w, i, l) })
	return l
}
