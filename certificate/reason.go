package certificate

import (
	"bufio"
	"fmt"
	"strings"

	"flowproof/coupling"
	"flowproof/exactmath/dense"
	"flowproof/verify"
	"flowproof/verify/lowerbound"
)

// NeedsDepth is the verdict on a proved ClaimDepth.
const NeedsDepth verify.Verdict = "needs depth"

// kinds returns the kinds of leftmost layers for which c has a reason.
func kinds(c *Certificate) []coupling.Kind {
	if c.Claim.Kind == ClaimDepth {
		return []coupling.Kind{coupling.Lower, coupling.Upper}
	}
	return nil
}

// writeReason writes the reason why no flow that begins with the layer of the
// given kind is the target.
func writeReason(w *bufio.Writer, kind coupling.Kind, r lowerbound.Reason) {
	b := fmt.Appendf(nil, "reason %v %s", kind, r.Rule)
	for _, f := range r.Fields {
		b = append(append(b, ' '), f.Name...)
		for _, v := range f.Values {
			b = appendNumber(append(b, ' '), v)
		}
	}
	w.Write(append(b, '\n'))
}

// reason reads what writeReason wrote: a word that begins with a letter names a
// field, any other is a number.
func (s *scanner) reason(kind coupling.Kind) (r lowerbound.Reason) {
	rule, rest, more := strings.Cut(s.key(fmt.Sprintf("reason %v", kind)), " ")
	r.Rule = lowerbound.Rule(rule)
	for word := ""; more && s.err == nil; {
		word, rest, more = strings.Cut(rest, " ")
		if word != "" && 'a' <= word[0] && word[0] <= 'z' {
			s.spend(&s.limits.Memory, 64, "fields")
			r.Fields = append(r.Fields, lowerbound.Field{Name: word})
		} else if v := s.numbers(word, 1); len(r.Fields) > 0 {
			f := &r.Fields[len(r.Fields)-1]
			f.Values = append(f.Values, v...)
		} else {
			s.fail(Malformed, "want the name of a field after that of the rule")
		}
	}
	if err := r.Validate(); err != nil {
		s.fail(Malformed, "%v", err)
	}
	s.settle(func(w *bufio.Writer) { writeReason(w, kind, r) })
	return r
}

// judgeDepth decides about a lower bound of the depth.
func (s *scanner) judgeDepth(o *Outcome) {
	n, bits, spectral := int64(o.Flow.Partition().Dim()), s.width(o.Target), int64(0)
	for _, r := range o.Claim.Lower.Reasons {
		if r.Rule == lowerbound.Coefficient {
			spectral += n * n * n * n
		}
		for _, f := range r.Fields {
			if f.Name == "weights" || f.Name == "vector" {
				column, _ := dense.NewRational(len(f.Values), 1, f.Values)
				bits = max(bits, s.width(column))
			}
		}
	}
	words := n*int64(bits)/64 + 1 // of a minor
	if steps := n*n*n*8 + 1<<20 + spectral; s.err != nil || n > 1024 || steps > s.limits.Work/words/words || n*n*words*64 > s.limits.Memory {
		s.fail(TooLarge, "the reasons take too much work")
		return
	}
	if err := lowerbound.Check(o.Target, o.Flow.Partition(), o.Claim.Lower); err != nil {
		s.fail(ClaimFalse, "%v", err)
	}
	o.Verdict, o.Depth = NeedsDepth, o.Claim.Lower.Depth
}
