package certificate

import (
	"fmt"
	"strings"

	"flowproof/coupling"
	"flowproof/verify/lowerbound"
	"flowproof/verify/product"
)

// NeedsDepth is the verdict on a proved ClaimDepth.
const NeedsDepth product.Verdict = "needs depth"

// reason reads the reason why no flow that begins with a layer of the given kind
// is the target: a word that begins with a letter names a field, any other is a
// number.
func (s *scanner) reason(kind coupling.Kind) (r lowerbound.Reason) {
	rule, rest, more := strings.Cut(s.key(fmt.Sprintf("reason %v", kind)), " ")
	r.Rule = lowerbound.Rule(rule)
	for word := ""; more; {
		word, rest, more = strings.Cut(rest, " ")
		if word != "" && 'a' <= word[0] && word[0] <= 'z' {
			s.spend(&s.limits.Memory, 64, "fields")
			r.Fields = append(r.Fields, lowerbound.Field{Name: word})
			continue
		}
		s.need(len(r.Fields) > 0, Malformed, "want the name of a field after that of the rule")
		f := &r.Fields[len(r.Fields)-1]
		f.Values = append(f.Values, s.number(word))
	}
	err := r.Validate()
	s.need(err == nil, Malformed, "%v", err)
	return r
}

// judgeDepth decides about a lower bound of the depth.
func (s *scanner) judgeDepth(o *Outcome) {
	n, bits, spectral := int64(o.Partition.Dim()), s.width(o.Target), int64(0)
	for _, r := range o.Claim.Lower.Reasons {
		if r.Rule == lowerbound.Coefficient {
			spectral += n * n * n * n
		}
		for _, f := range r.Fields {
			if f.Name == "weights" || f.Name == "vector" {
				bits = max(bits, s.width(newEntries(1, f.Values)))
			}
		}
	}
	words, steps := n*int64(bits)/64+1, n*n*n*8+1<<20+spectral // of a minor
	s.need(n <= 1024 && steps <= s.limits.Work/words/words && n*n*words*64 <= s.limits.Memory, TooLarge, "the reasons take too much work")
	err := lowerbound.Check(o.Target, o.Partition, o.Claim.Lower)
	s.need(err == nil, ClaimFalse, "%v", err)
	o.Verdict, o.Depth = NeedsDepth, o.Claim.Lower.Depth
}
