package certificate

import (
	"bytes"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"

	"flowproof/coupling"
	"flowproof/verify/lowerbound"
	"flowproof/verify/product"
)

// NeedsDepth is the verdict on a proved ClaimDepth.
const NeedsDepth product.Verdict = "needs depth"

// kinds returns the kinds of leftmost layers for which c has a reason.
func kinds(c Claim) []coupling.Kind {
	if c.Kind == ClaimDepth {
		return []coupling.Kind{coupling.Lower, coupling.Upper}
	}
	return nil
}

// fields returns the fields that a reason of the rule has, in their order: a
// word and what follows it.
func fields(rule lowerbound.Rule) []string {
	return map[lowerbound.Rule][]string{
		lowerbound.Shape:       {},
		lowerbound.Signs:       {"rows", "cols"},
		lowerbound.Kernel:      {"first", "index", "vector"},
		lowerbound.Rank:        {"first", "rows", "cols", "index", "weights"},
		lowerbound.Coefficient: {"order"},
		lowerbound.Inertia:     {"e", "al", "weights"},
	}[rule]
}

// WriteReason writes the reason why no flow that begins with the layer of the
// given kind is the target.
func WriteReason(w io.Writer, kind coupling.Kind, r lowerbound.Reason) {
	fmt.Fprintf(w, "reason %v %s", kind, r.Rule)
	list := func(word string, v []*big.Rat) {
		b := append([]byte{' '}, word...)
		for _, x := range v {
			b = AppendNumber(append(b, ' '), x)
		}
		w.Write(b)
	}
	integers := func(word string, v []int) {
		if len(v) > 0 {
			fmt.Fprintf(w, " %s %s", word, strings.Trim(fmt.Sprint(v), "[]"))
		}
	}
	if r.First {
		list("first", nil)
	}
	if r.Order != 0 {
		integers("order", []int{r.Order})
	}
	integers("rows", r.Rows)
	integers("cols", r.Cols)
	integers("index", r.Index)
	if len(r.Weights) > 0 {
		list("weights", r.Weights)
	}
	for _, v := range r.Vectors {
		list("vector", v)
	}
	for k, word := range []string{"e", "al"} {
		for _, p := range r.Pieces[k] {
			integers(word, p.Index)
			if len(p.Weights) > 0 {
				list("weights", p.Weights)
			}
		}
	}
	io.WriteString(w, "\n")
}

// reason reads what WriteReason wrote.
func (s *scanner) reason(kind coupling.Kind) (r lowerbound.Reason) {
	text := s.key(fmt.Sprintf("reason %v", kind))
	words := strings.Split(text, " ")
	r.Rule = lowerbound.Rule(words[0])
	allowed := fields(r.Rule)
	var piece *lowerbound.Piece
	for len(words) > 1 {
		word := words[1]
		s.need(slices.Contains(allowed, word), Malformed, "the rule %q has no field %q", r.Rule, word)
		end := 2
		for end < len(words) && !slices.Contains(allowed, words[end]) {
			end++
		}
		var v []*big.Rat
		if words = words[1:]; end > 2 {
			v = s.numbers(strings.Join(words[1:end-1], " "), end-2)
		}
		words = words[end-2:]
		index := make([]int, len(v))
		for k := range v {
			index[k] = int(v[k].Num().Int64())
		}
		switch word {
		case "first":
			r.First = true
		case "order":
			r.Order = append(index, 0)[0]
		case "rows":
			r.Rows = index
		case "cols":
			r.Cols = index
		case "index":
			r.Index = index
		case "vector":
			r.Vectors = append(r.Vectors, v)
		case "e", "al":
			k := slices.Index([]string{"e", "al"}, word)
			r.Pieces[k] = append(r.Pieces[k], lowerbound.Piece{Index: index})
			piece = &r.Pieces[k][len(r.Pieces[k])-1]
		case "weights":
			switch {
			case piece != nil:
				piece.Weights = v
			case r.Rule == lowerbound.Rank:
				r.Weights = v
			default:
				s.fail(Malformed, "weights of nothing")
			}
		}
	}
	var want bytes.Buffer
	if WriteReason(&want, kind, r); want.String() != "reason "+kind.String()+" "+text+"\n" {
		s.fail(NotCanonical, "the reason is to be written otherwise")
	}
	return r
}

// judgeDepth decides about a lower bound of the depth.
func (s *scanner) judgeDepth(o *Outcome) {
	n := int64(o.Partition.Dim())
	words := n*int64(s.width(o.Target))/64 + 1 // of a minor
	steps := n*n*n*8 + 1<<20
	for _, r := range o.Claim.Lower.Reasons {
		if r.Rule == lowerbound.Coefficient {
			steps += n * n * n * n
		}
	}
	if n > 1024 || steps > s.limits.Work/words/words || n*n*words*64 > s.limits.Memory {
		s.fail(TooLarge, "the reasons take too much work")
		return
	}
	if err := lowerbound.Check(o.Target, o.Partition, o.Claim.Lower); err != nil {
		s.fail(ClaimFalse, "%v", err)
	}
	o.Verdict, o.Depth = NeedsDepth, o.Claim.Lower.Depth
}
