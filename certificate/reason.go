package certificate

import (
	"errors"
	"fmt"
	"strings"

	"flowproof/coupling"
	"flowproof/verify/lowerbound"
	"flowproof/verify/product"
)

// NeedsDepth is the verdict on a proved ClaimDepth.
const NeedsDepth product.Verdict = "needs depth"

// maxReasons bounds the dimension of the target of a ClaimDepth: minors of it are
// computed by elimination.
const maxReasons = 1024

// reason reads the reason why no flow that begins with a layer of the given kind
// is the target: a word that begins with a letter names a field, any other is a
// number.
func (s *scanner) reason(kind coupling.Kind) (r lowerbound.Reason) {
	rule, rest, more := strings.Cut(s.Key(fmt.Sprintf("reason %v", kind)), " ")
	r.Rule = lowerbound.Rule(rule)
	for word := ""; more; {
		word, rest, more = strings.Cut(rest, " ")
		if word != "" && 'a' <= word[0] && word[0] <= 'z' {
			s.Spend(64, 64)
			r.Fields = append(r.Fields, lowerbound.Field{Name: word})
			continue
		}
		s.Need(len(r.Fields) > 0, Malformed, "want the name of a field after that of the rule")
		f := &r.Fields[len(r.Fields)-1]
		f.Values = append(f.Values, s.Number(word))
	}
	err := r.Validate()
	s.Need(err == nil, Malformed, "%v", err)
	return r
}

// judgeDepth decides about a lower bound of the depth, with so much work.
func (s *scanner) judgeDepth(o *Outcome, work int64) {
	n, bits := int64(o.Partition.Dim()), s.width(o.Target)
	for _, r := range o.Claim.Lower.Reasons {
		for _, f := range r.Fields {
			if f.Name == "weights" || f.Name == "vector" {
				bits = max(bits, s.width(newEntries(1, f.Values)))
			}
		}
	}
	s.Limits.Work = work
	s.Spend(64*n*n*(n*int64(bits)/64+1), 0) // minors of [[M, 1], [1, 0]]
	err := lowerbound.CheckWithin(&s.Limits.Limits, o.Target, o.Partition, o.Claim.Lower)
	s.Need(!errors.Is(err, lowerbound.ErrUnproved), NotProved, "%v", err)
	s.check(err)
	o.Verdict, o.Depth = NeedsDepth, o.Claim.Lower.Depth
}
