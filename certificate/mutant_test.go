package certificate_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/scan"
	"flowproof/coupling"
)

// Certificates changed with the format in mind: other numbers, of extreme size too,
// in weights, scales, target and claim; layers swapped, repeated, left out, turned
// around; other partitions, claims and reasons; with digests that fit. No checker
// accepts what another refuses, and nothing false is accepted.
func TestMutants(t *testing.T) {
	count, rng := 400, rand.New(rand.NewPCG(6, 1))
	if *long {
		count = 21_000
	}
	var seeds []string
	for _, s := range samples() {
		if data := write(t, s.c); len(data) < 3000 {
			seeds = append(seeds, string(data))
		}
	}
	for _, path := range must(filepath.Glob(golden + "/accepted/*.cert")) {
		if data := must(os.ReadFile(path)); len(data) < 3000 {
			seeds = append(seeds, string(data))
		}
	}
	limits := certificate.DefaultLimits()
	limits.Work = 1 << 32
	all, total := peers(t), map[string]int{}
	for from := 0; from < count; from += 2000 {
		files := map[string][]byte{}
		for i := from; i < min(count, from+2000); i++ {
			m := parse(seeds[rng.IntN(len(seeds))])
			for range 1 + rng.IntN(3) {
				m.change(rng)
			}
			if rng.IntN(2) == 0 {
				m.claimResidual(rng, limits)
			}
			name := fmt.Sprintf("mutant_%d", i)
			files[name] = m.bytes(rng)
			if c, o, err := content(bytes.NewReader(files[name]), limits); err == nil && o.Verdict != "enclosed" && o.Claim.Kind != certificate.ClaimDepth {
				r := residual(c)
				if o.Claim.Kind == certificate.ClaimExact && r.Sign() != 0 || o.Claim.Kind == certificate.ClaimResidual && r.Cmp(o.Claim.Bound) > 0 {
					t.Errorf("accepted, and false: %q", files[name])
				}
			}
		}
		for view, n := range agree(t, files, limits, all, "--work", fmt.Sprint(limits.Work)) {
			total[view] += n
		}
	}
	t.Logf("%d mutants: %v", count, total)
	for _, word := range []string{"accepted", "rejected"} {
		if total["the engine "+word] < count/20 {
			t.Errorf("of %d mutants %d are %s", count, total["the engine "+word], word)
		}
	}
	if total["plain undecided"] > count/5 {
		t.Errorf("of %d mutants %d are undecided", count, total["plain undecided"])
	}
}

// mutant is a certificate in pieces: of lines of text, or of bytes that are left as
// they are.
type mutant struct {
	head    [][2]string // keyword and rest
	layers  []piece
	target  string // without its keyword
	reasons []string
}

// piece is a layer.
type piece struct{ kind, weight, scale string }

func parse(data string) *mutant {
	m := &mutant{}
	head, rest, _ := strings.Cut(data, "target-sha256 ")
	for line := range strings.Lines(head) {
		at := strings.LastIndex(line[:min(len(line), len("flowproof certificate "))], " ")
		if !strings.HasPrefix(line, "flowproof") {
			at = strings.Index(line, " ")
		}
		m.head = append(m.head, [2]string{line[:at], strings.TrimSuffix(line[at+1:], "\n")})
	}
	_, rest, _ = strings.Cut(rest, "\n")
	layers, rest, _ := strings.Cut("\n"+rest, "\ntarget ")
	for _, text := range strings.Split(layers, "\nlayer ")[1:] {
		name, text, _ := strings.Cut(text, "\nweight ")
		weight, scale, _ := strings.Cut(text, "\nscale ")
		m.layers = append(m.layers, piece{name[len(name)-1:], weight, scale})
	}
	rest = rest[:strings.LastIndex(rest, "\nsha256 ")]
	m.target, rest, _ = strings.Cut(rest, "\nreason ")
	if rest != "" {
		m.reasons = strings.Split(rest, "\nreason ")
	}
	return m
}

// bytes writes the mutant; most of the time with the SHA-256 of the target.
func (m *mutant) bytes(rng *rand.Rand) []byte {
	var b bytes.Buffer
	for _, h := range m.head {
		fmt.Fprintf(&b, "%s %s\n", h[0], h[1])
	}
	n, encoding, entries := m.get("dimension"), "", ""
	encoding, entries, _ = strings.Cut(m.target, "\n")
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s\n%s\n", n, n, encoding, entries))
	if rng.IntN(40) == 0 {
		sum[0]++
	}
	fmt.Fprintf(&b, "target-sha256 %x\n", sum)
	for k, l := range m.layers {
		fmt.Fprintf(&b, "layer %d %s\nweight %s\nscale %s\n", k+1, l.kind, l.weight, l.scale)
	}
	fmt.Fprintf(&b, "target %s\n", m.target)
	for _, r := range m.reasons {
		fmt.Fprintf(&b, "reason %s\n", r)
	}
	b.WriteString("sha256 \n")
	return rehash(b.Bytes())
}

func (m *mutant) get(key string) string {
	k := slices.IndexFunc(m.head, func(h [2]string) bool { return h[0] == key })
	return m.head[k][1]
}

func (m *mutant) set(key, value string) {
	m.head[slices.IndexFunc(m.head, func(h [2]string) bool { return h[0] == key })][1] = value
}

// change changes one thing.
func (m *mutant) change(rng *rand.Rand) {
	if len(m.layers) == 0 || rng.IntN(4) == 0 {
		m.changeClaim(rng)
		return
	}
	k := rng.IntN(len(m.layers))
	l := &m.layers[k]
	switch rng.IntN(9) {
	case 0, 1:
		l.weight = changeNumber(rng, l.weight)
	case 2, 3:
		l.scale = m.changeScale(rng, l.kind, l.scale)
	case 4:
		j := rng.IntN(len(m.layers))
		m.layers[k], m.layers[j] = m.layers[j], m.layers[k]
	case 5:
		m.layers = slices.Insert(m.layers, k, *l)
	case 6:
		m.layers = slices.Delete(m.layers, k, k+1)
	case 7:
		l.kind = string("LU"[rng.IntN(2)])
	case 8: // a layer and its inverse, or nearly
		other := *l
		other.weight = negate(other.weight)
		m.layers = slices.Insert(m.layers, k+1, *l, other)
		m.layers = append(m.layers[:k], m.layers[k+1:]...)
		m.layers = slices.Insert(m.layers, k, piece{l.kind, other.weight, "one"}, piece{l.kind, negate(other.weight), "one"})
	}
	m.set("layers", strconv.Itoa(len(m.layers)))
}

// claimResidual claims the residual that the layers have, or a little more or less.
func (m *mutant) claimResidual(rng *rand.Rand, limits certificate.Limits) {
	if len(m.reasons) > 0 {
		return
	}
	m.set("claim", "residual 0x1p262142")
	o, err := certificate.Check(bytes.NewReader(m.bytes(rng)), limits, nil, nil)
	if err != nil || o.Residual.Sign() == 0 {
		return
	}
	b := new(big.Float).SetPrec(53).SetMode([]big.RoundingMode{big.ToPositiveInf, big.ToNegativeInf}[rng.IntN(2)]).SetRat(o.Residual)
	v, _ := b.Rat(nil)
	if rng.IntN(2) == 0 {
		v.Mul(v, big.NewRat(1<<40+rng.Int64N(3)-1, 1<<40))
	}
	if max(v.Num().BitLen(), v.Denom().BitLen()) <= limits.Bits {
		m.set("claim", "residual "+string(scan.AppendNumber(nil, v)))
	}
}

// changeClaim changes what is claimed, or about what.
func (m *mutant) changeClaim(rng *rand.Rand) {
	switch rng.IntN(8) {
	case 0:
		m.set("claim", "exact")
	case 1, 2:
		m.set("claim", "residual "+randomNumber(rng))
	case 3:
		m.set("claim", "depth "+strconv.Itoa(rng.IntN(9)))
	case 4, 5:
		m.target = changeNumber(rng, m.target)
	case 6:
		n, _ := strconv.Atoi(m.get("dimension"))
		if part, err := coupling.NewPartition(n, rng.Perm(n)[:1+rng.IntN(n-1)]); err == nil {
			m.set("partition", part.String())
		}
	case 7:
		if len(m.reasons) == 0 {
			m.set("claim", changeNumber(rng, "x\n"+m.get("claim"))[2:])
		}
	}
	if len(m.reasons) == 0 {
		return
	}
	k := rng.IntN(len(m.reasons))
	words := strings.Split(m.reasons[k], " ")
	if len(words) < 2 {
		return
	}
	at := 1 + rng.IntN(len(words)-1)
	switch rng.IntN(6) {
	case 0, 1:
		words[at] = strconv.Itoa(rng.IntN(4) - 1)
	case 2:
		words[at] = randomNumber(rng)
	case 3:
		words = slices.Insert(words, at, words[at])
	case 4:
		words = slices.Delete(words, at, at+1)
	case 5: // the rule and the data of the other
		other := strings.Split(m.reasons[1-k], " ")
		words = append(words[:1], other[1:]...)
	}
	if rng.IntN(3) > 0 {
		m.reasons[k] = strings.Join(words, " ")
	}
}

func (m *mutant) changeScale(rng *rand.Rand, kind, scale string) string {
	count := strings.Count(scale, " ")
	if count == 0 {
		n, _ := strconv.Atoi(m.get("dimension"))
		part, err := coupling.ParsePartition(n, m.get("partition"))
		if err != nil {
			return scale
		}
		if count = part.Q(); kind == "U" {
			count = part.P()
		}
	}
	b := []byte([]string{"exact", "exp", "exp"}[rng.IntN(3)])
	for range count {
		v := big.NewRat(rng.Int64N(40), 1+rng.Int64N(6))
		if b[1] == 'x' && b[2] == 'p' {
			v.Sub(v, big.NewRat(20, 1))
			if rng.IntN(8) == 0 {
				v.SetInt64(rng.Int64N(2001) - 1000)
			}
		} else if v.Add(v, big.NewRat(1, 4)); rng.IntN(8) == 0 {
			v, _ = new(big.Rat).SetString(strings.TrimPrefix(randomNumber(rng), "-"))
		}
		b = scan.AppendNumber(append(b, ' '), v)
	}
	if rng.IntN(6) == 0 {
		return "one"
	}
	return string(b)
}

// changeNumber changes a number in the lines after the first, if they are text.
func changeNumber(rng *rand.Rand, matrix string) string {
	encoding, entries, _ := strings.Cut(matrix, "\n")
	if encoding == certificate.Floats || encoding == certificate.Near {
		b := []byte(entries)
		b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		return encoding + "\n" + string(b)
	}
	lines := strings.Split(entries, "\n")
	k := rng.IntN(len(lines))
	words := strings.Split(lines[k], " ")
	at := rng.IntN(len(words))
	v, ok := new(big.Rat).SetString(words[at])
	switch rng.IntN(5) {
	case 0:
		words[at] = randomNumber(rng)
	case 1, 2:
		if ok {
			words[at] = string(scan.AppendNumber(nil, v.Add(v, big.NewRat(rng.Int64N(5)-2, 1+rng.Int64N(3)))))
		}
	case 3:
		if ok {
			small, _ := new(big.Rat).SetString(randomNumber(rng))
			if small.Cmp(new(big.Rat).SetInt64(1)) < 0 {
				v.Add(v, small)
			}
			words[at] = string(scan.AppendNumber(nil, v))
		}
	case 4:
		words[at] = "0"
	}
	lines[k] = strings.Join(words, " ")
	return encoding + "\n" + strings.Join(lines, "\n")
}

// negate changes the signs of a text matrix.
func negate(matrix string) string {
	encoding, entries, _ := strings.Cut(matrix, "\n")
	if encoding != certificate.Text {
		return matrix
	}
	lines := strings.Split(entries, "\n")
	for k, line := range lines {
		words := strings.Split(line, " ")
		for i, w := range words {
			if v, ok := new(big.Rat).SetString(w); ok {
				words[i] = string(scan.AppendNumber(nil, v.Neg(v)))
			}
		}
		lines[k] = strings.Join(words, " ")
	}
	return encoding + "\n" + strings.Join(lines, "\n")
}

// randomNumber is a number as a certificate writes it, a few of them huge.
func randomNumber(rng *rand.Rand) string {
	v := big.NewRat(rng.Int64N(41)-20, 1+rng.Int64N(4))
	power := func(e uint) *big.Rat {
		z := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), e))
		if rng.IntN(2) == 0 {
			z.Inv(z)
		}
		return z
	}
	switch rng.IntN(8) {
	case 0:
		v.Mul(v, power(uint(rng.IntN(1100))))
	case 1:
		v.Mul(v, power([]uint{1, 24, 53, 1022, 1023, 1024, 1074, 1075, 5000, 20000, 131071, 262130, 262143}[rng.IntN(13)]))
	case 2:
		v.Mul(v, big.NewRat(1+rng.Int64N(1<<40), 1+rng.Int64N(1<<40)))
	case 3:
		v.SetFloat64(rng.NormFloat64())
	}
	return string(scan.AppendNumber(nil, v))
}
