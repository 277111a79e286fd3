package certificate_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/scan"
	"flowproof/exactmath"
	"flowproof/verify/engine"
)

// rehash puts the right SHA-256 in the last line.
func rehash(data []byte) []byte {
	at := bytes.LastIndex(data, []byte("sha256 "))
	return fmt.Appendf(bytes.Clone(data[:at]), "sha256 %x\n", sha256.Sum256(data[:at]))
}

// judge demands that a file is refused with a reason, or that it is the one file
// of what it says, and that this is true.
func judge(t *testing.T, what string, data []byte) (accepted bool) {
	t.Helper()
	c, o, err := content(bytes.NewReader(data), certificate.DefaultLimits())
	if err != nil {
		var r *certificate.RejectError
		if !errors.As(err, &r) {
			t.Errorf("%s: %v, which is no refusal", what, err)
		}
		return false
	}
	if !bytes.Equal(write(t, c), data) {
		t.Errorf("%s: accepted, and not canonical", what)
	}
	if o.Claim.Kind == certificate.ClaimDepth {
		return true
	}
	r := residual(c)
	if o.Claim.Kind == certificate.ClaimExact && r.Sign() != 0 || o.Claim.Kind == certificate.ClaimResidual && r.Cmp(o.Claim.Bound) > 0 {
		t.Errorf("%s: accepted, and false", what)
	}
	return true
}

// Every bit of a small certificate flipped: refused. Every byte replaced by every
// other one and the last line made right again: what is accepted is canonical,
// true, and differs in words that no check depends on.
func TestEveryByteCounts(t *testing.T) {
	for _, s := range samples()[:1] {
		data := write(t, s.c)
		body := bytes.LastIndex(data, []byte("sha256 "))
		free := 0
		for k := range data {
			bad := bytes.Clone(data)
			for d := 1; d < 256; d++ {
				bad[k] = data[k] ^ byte(d)
				what := fmt.Sprintf("%s: byte %d is %q instead of %q", s.name, k, bad[k], data[k])
				if d&(d-1) == 0 { // one bit
					if _, err := check(bad); err == nil {
						t.Errorf("%s: accepted", what)
					}
				}
				if k < body && judge(t, what, rehash(bad)) {
					free++
					line := data[bytes.LastIndexByte(data[:k], '\n')+1:]
					if !bytes.HasPrefix(line, []byte("construction ")) && !bytes.HasPrefix(line, []byte("theorem ")) {
						t.Errorf("%s: accepted", what)
					}
				}
			}
		}
		if free == 0 {
			t.Error("no change of the words was accepted: the rehashing is wrong")
		}
	}
}

// Single bits of the other samples, text and binary sections included.
func TestFlippedBits(t *testing.T) {
	for _, s := range samples()[1:] {
		data := write(t, s.c)
		body := bytes.LastIndex(data, []byte("sha256 "))
		step := 1 + len(data)/150
		if len(data) > 5000 {
			step = len(data) / 20
		}
		for k := 0; k < len(data); k += step {
			bad := bytes.Clone(data)
			bad[k] ^= 1 << (k / step % 8)
			what := fmt.Sprintf("%s: bit flipped in byte %d", s.name, k)
			if _, err := check(bad); err == nil {
				t.Errorf("%s: accepted", what)
			}
			if k < body {
				judge(t, what, rehash(bad))
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	for _, s := range samples() {
		data := write(t, s.c)
		for k := 0; k < len(data); k += 1 + len(data)/400 {
			_, err := check(data[:k])
			wantReason(t, err, scan.Truncated)
		}
	}
}

// damaged is a certificate to be refused, its last line made right.
type damaged struct {
	name string
	data []byte
	want certificate.Reason
}

// tampered returns certificates with fields and sections changed, missing,
// repeated, out of order, too large.
func tampered(t *testing.T) (out []damaged) {
	byName := map[string][]byte{}
	for _, s := range samples() {
		byName[s.name] = write(t, s.c)
	}
	long := strings.Repeat("f", 70000)
	layer2 := "layer 2 L\nweight text\n1\nscale one\n"
	for _, c := range []struct {
		sample, old, new string
		want             certificate.Reason
	}{
		{"quarter turn", "certificate 1\n", "certificate 2\n", certificate.Version},
		{"quarter turn", "flowproof", "flawproof", certificate.Malformed},
		{"quarter turn", "theorem none", "theorem \tnone", certificate.Invalid},
		{"quarter turn", "theorem none, it is a test", "theorem ", certificate.Invalid},
		{"quarter turn", "seed none", "seed 18446744073709551616", certificate.Malformed},
		{"quarter turn", "seed none", "seed 07", certificate.NotCanonical},
		{"quarter turn", "seed none", "seed -1", certificate.Malformed},
		{"quarter turn", "seed none\n", "", certificate.Malformed},
		{"quarter turn", "seed none\n", "seed none\nseed none\n", certificate.Malformed},
		{"quarter turn", "claim exact", "claim exact 1", certificate.Invalid},
		{"quarter turn", "claim exact", "claim true", certificate.Invalid},
		{"quarter turn", "claim exact", "claim residual", certificate.Malformed},
		{"quarter turn", "claim exact", "claim residual 0", certificate.Invalid},
		{"quarter turn", "claim exact", "claim residual -1", certificate.Invalid},
		{"quarter turn", "claim exact", "claim residual 1e3", certificate.NotCanonical},
		{"quarter turn", "claim exact", "claim residual 0.5", certificate.NotCanonical},
		{"quarter turn", "claim exact", "claim residual NaN", certificate.Malformed},
		{"quarter turn", "dimension 2", "dimension 1", certificate.Invalid},
		{"quarter turn", "dimension 2", "dimension 0", certificate.Invalid},
		{"quarter turn", "dimension 2", "dimension -2", certificate.Malformed},
		{"quarter turn", "dimension 2", "dimension 1000000000", certificate.TooLarge},
		{"quarter turn", "dimension 2", "dimension 99999999999999999999", certificate.Malformed},
		{"quarter turn", "dimension 2", "dimension 3", certificate.Malformed},
		{"quarter turn", "partition half", "partition 0", certificate.NotCanonical},
		{"quarter turn", "partition half", "partition 0,1", certificate.Invalid},
		{"quarter turn", "partition half", "partition checkerboard", certificate.ClaimFalse},
		{"quarter turn", "partition half", "partition ../../etc/passwd", certificate.Invalid},
		{"quarter turn", "partition half", "partition " + strings.Repeat("0,", 1000) + "0", certificate.Invalid},
		{"list", "partition 0,4", "partition 4,0", certificate.NotCanonical},
		{"list", "partition 0,4", "partition 0, 4", certificate.NotCanonical},
		{"list", "partition 0,4", "partition 0,5", certificate.Invalid},
		{"list", "partition 0,4", "partition 0,0", certificate.Invalid},
		{"quarter turn", "layers 3", "layers 2", certificate.Malformed},
		{"quarter turn", "layers 3", "layers 4", certificate.Malformed},
		{"quarter turn", "layers 3", "layers 999999999", certificate.TooLarge},
		{"quarter turn", "target-sha256 e", "target-sha256 f", certificate.Digest},
		{"quarter turn", "target-sha256 e", "target-sha256 E", certificate.Digest},
		{"quarter turn", layer2, "", certificate.NotCanonical},
		{"quarter turn", layer2, layer2 + layer2, certificate.NotCanonical},
		{"quarter turn", "layer 1 U\nweight text\n-1\nscale one\n" + layer2, layer2 + "layer 1 U\nweight text\n-1\nscale one\n", certificate.NotCanonical},
		{"quarter turn", "layer 2 L", "layer 2 U", certificate.ClaimFalse},
		{"quarter turn", "layer 2 L", "layer 2 X", certificate.NotCanonical},
		{"quarter turn", "layer 2 L\nweight text\n1", "layer 2 L\nweight text\n2", certificate.ClaimFalse},
		{"quarter turn", "weight text\n1\n", "weight text\n01\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight text\n+1\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight text\n2/2\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight text\n1_0\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight text\n0x1p0\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight text\n1/0\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n1 \n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n1\r\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n1\n1\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n0x1p262144\n", certificate.TooLarge},
		{"quarter turn", "weight text\n1\n", "weight text\n0x1p-262144\n", certificate.TooLarge},
		{"quarter turn", "weight text\n1\n", "weight text\n0x1p999999999999\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n1e9999999\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight text\n0x" + long + "p0\n", certificate.TooLarge},
		{"quarter turn", "weight text\n1\n", "weight text\n1/0x" + long + "\n", certificate.TooLarge},
		{"quarter turn", "weight text\n1\n", "weight ../../secret.npy\n1\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight sparse 1\n0 0 1\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight sparse 2147483647\n0 0 1\n", certificate.TooLarge},
		{"quarter turn", "weight text\n1\n", "weight float64\n\x00\x00\x00\x00\x00\x00\xf0\x3f\n", certificate.NotCanonical},
		{"quarter turn", "weight text\n1\n", "weight near\n\x01\n", certificate.Malformed},
		{"quarter turn", "weight text\n1\n", "weight gzip\n\x1f\x8b\n", certificate.Malformed},
		{"quarter turn", "scale one", "scale two", certificate.Malformed},
		{"quarter turn", "scale one", "scale exact 1", certificate.NotCanonical},
		{"quarter turn", "scale one", "scale exact 0", certificate.Invalid},
		{"quarter turn", "scale one", "scale exact -2", certificate.Invalid},
		{"quarter turn", "scale one", "scale exact 2", certificate.ClaimFalse},
		{"quarter turn", "scale one", "scale exact 2 2", certificate.Malformed},
		{"quarter turn", "scale one", "scale exact", certificate.Malformed},
		{"quarter turn", "scale one", "scale exp 0", certificate.NotCanonical},
		{"quarter turn", "scale one", "scale exp 1001", certificate.Invalid},
		{"quarter turn", "target text\n0", "target text\n1", certificate.Digest},
		{"quarter turn", "target text\n0 -1\n1 0\n", "", certificate.Malformed},
		{"sparse", "weight sparse 12\n0 0 1/2\n1 1 1/2\n", "weight sparse 12\n1 1 1/2\n0 0 1/2\n", certificate.NotCanonical},
		{"sparse", "weight sparse 12\n0 0 1/2\n1 1 1/2\n", "weight sparse 12\n0 0 1/2\n0 0 1/2\n", certificate.NotCanonical},
		{"sparse", "weight sparse 12\n0 0 1/2\n", "weight sparse 12\n0 12 1/2\n", certificate.TooLarge},
		{"sparse", "weight sparse 12\n0 0 1/2\n", "weight sparse 12\n-1 0 1/2\n", certificate.Malformed},
		{"sparse", "weight sparse 12\n0 0 1/2\n", "weight sparse 12\n0 0 0\n", certificate.NotCanonical},
		{"sparse", "weight sparse 12\n0 0 1/2\n", "weight sparse 12\n0 0 1/3\n", certificate.NotCanonical},
		{"sparse", "weight sparse 12\n0 0 1/2\n", "weight sparse 12\n0 0/5 1/2\n", certificate.Malformed},
		{"sparse", "weight sparse 12\n0 0 1/2\n", "weight sparse 11\n0 0 1/2\n", certificate.Malformed},
		{"sparse", "weight sparse 12\n", "weight sparse 012\n", certificate.NotCanonical},
		{"shape", "claim depth 3", "claim depth 4", certificate.NotProved},
		{"shape", "claim depth 3", "claim depth 0", certificate.Invalid},
		{"shape", "claim depth 3", "claim depth", certificate.Malformed},
		{"shape", "claim depth 3", "claim depth 3 2", certificate.Malformed},
		{"shape", "claim depth 3", "claim depth 03", certificate.NotCanonical},
		{"shape", "claim depth 3", "claim exact", certificate.Malformed},
		{"shape", "layers 0\n", "layers 1\n", certificate.Invalid},
		{"shape", "reason L shape\n", "", certificate.Malformed},
		{"shape", "reason L shape\n", "reason L shape\nreason L shape\n", certificate.Malformed},
		{"shape", "reason L shape\nreason U shape\n", "reason U shape\nreason L shape\n", certificate.Malformed},
		{"shape", "reason U shape", "reason U magic", certificate.Malformed},
		{"shape", "reason U shape", "reason U shape rows 0", certificate.Malformed},
		{"shape", "reason U shape", "reason U shape ", certificate.Malformed},
		{"shape", "target text\n0 -1\n1 0\n", "target text\n0 0\n0 0\n", certificate.Digest},
		{"kernel", "index 0 vector 1\n", "index 1 vector 1\n", certificate.NotProved},
		{"kernel", "index 0 vector 1\n", "index -1 vector 1\n", certificate.NotProved},
		{"kernel", "index 0 vector 1\n", "index 0 vector 1 1\n", certificate.NotProved},
		{"kernel", "index 0 vector 1\n", "vector 1 index 0\n", certificate.Malformed},
		{"kernel", "index 0 vector 1\n", "index 0 index 0 vector 1\n", certificate.Malformed},
		{"kernel", "index 0 vector 1\n", "index 1/2 vector 1\n", certificate.NotProved},
		{"kernel", "index 0 vector 1\n", "index 0 vector\n", certificate.Malformed},
		{"kernel", "index 0 vector 1\n", "index 0 vector x\n", certificate.Malformed},
		{"kernel", "first index", "first 1 index", certificate.Malformed},
		{"coefficient", "order 1", "order 1 2", certificate.NotProved},
		{"coefficient", "order 1", "order 0", certificate.NotProved},
		{"coefficient", "order 1", "order 2", certificate.NotProved},
		{"inertia", "weights 1 1 al", "weights 1 -1 al", certificate.NotProved},
		{"inertia", "weights 1 1 al", "al", certificate.NotProved},
		{"inertia", "e 0 1 weights", "weights 1 1 e 0 1 weights", certificate.Malformed},
		{"inertia", "weights 1 1 al", "weights 1 1 weights 1 1 al", certificate.Malformed},
		{"rank", "index 0 1 weights 1 5", "index 0 1 weights 1 -5", certificate.NotProved},
		{"rank", "index 0 1 weights 1 5", "index 0 3", certificate.NotProved},
		{"kernel", "index 0 vector 1\n", "index 0 vector 1 vector\n", certificate.Malformed},
		{"kernel", "index 0 vector 1\n", "index 0  vector 1\n", certificate.Malformed},
		{"kernel", "index 0 vector 1\n", "index 00 vector 1\n", certificate.NotCanonical},
		{"kernel", "index 0 vector 1\n", "index 18446744073709551616 vector 1\n", certificate.NotCanonical},
		{"kernel", "index 0 vector 1\n", "index 0x1p64 vector 1\n", certificate.NotProved},
		{"kernel", "index 0 vector 1\n", "index 0 vector 1 vector 1 vector 1\n", certificate.Malformed},
		{"kernel", "index 0 vector 1\n", "index 0 vector 0x1p1100000\n", certificate.TooLarge},
		{"kernel", "reason L kernel", "reason L kernel 0", certificate.Malformed},
		{"kernel", "reason L kernel", "reason L kernel first first", certificate.Malformed},
		{"signs", "rows 0 cols 0", "rows 0", certificate.Malformed},
		{"signs", "rows 0 cols 0", "cols 0 rows 0", certificate.Malformed},
		{"signs", "rows 0 cols 0", "rows 0 cols 0 cols 0", certificate.Malformed},
		{"signs", "rows 0 cols 0", "rows: 0 cols 0", certificate.Malformed},
		{"signs", "rows 0 cols 0", "rows 0 0 cols 0 0", certificate.NotProved},
		{"signs", "rows 0 cols 0", "rows 1 cols 1", certificate.NotProved},
		{"rank", "reason L rank first index 0", "reason L rank first", certificate.Malformed},
		{"rank", "reason L rank first index 0", "reason L rank", certificate.Malformed},
		{"rank", "reason L rank first index 0", "reason L rank index 0 first", certificate.Malformed},
		{"rank", "reason L rank first index 0", "reason L rank first weights 1", certificate.Malformed},
		{"rank", "index 0 1 weights 1 5", "index 0 1 weights 1 5 weights 1 5", certificate.Malformed},
		{"rank", "index 0 1 weights 1 5", "index 0 1 weights 1", certificate.NotProved},
		{"rank", "index 0 1 weights 1 5", "index 0 0 1 weights 1 1 5", certificate.NotProved},
		{"rank off the diagonal", "rank rows 0 3 cols 1 2", "rank rows 0 cols 1 2", certificate.NotProved},
		{"rank off the diagonal", "rank rows 0 3 cols 1 2", "rank rows 0 3 cols 1 1", certificate.NotProved},
		{"rank off the diagonal", "rank rows 0 3 cols 1 2", "rank rows 0 3 cols 1 3", certificate.NotProved},
		{"rank off the diagonal", "rank rows 0 3 cols 1 2", "rank rows 0 3", certificate.Malformed},
		{"rank off the diagonal", "rank rows 0 3 cols 1 2", "rank rows 9 cols 9 index 0", certificate.NotProved},
		{"inertia", "e 0 1 weights 1 1 al", "al", certificate.Malformed},
		{"inertia", "e 0 1 weights 1 1 al", "e 0 1 weights 1 1 e 9 al", certificate.NotProved},
		{"inertia", "e 0 1 weights 1 1 al", "e 0 1 weights 1 1 e 1 al", certificate.NotProved},
		{"inertia", "e 0 1 weights 1 1 al", "e 0 weights 1 al", certificate.NotProved},
		{"inertia", "weights 1 2 1/2\n", "weights 1 2 1/2 e 0\n", certificate.Malformed},
	} {
		data := byName[c.sample]
		if !bytes.Contains(data, []byte(c.old)) {
			t.Errorf("%s does not contain %q", c.sample, c.old)
		}
		name := fmt.Sprintf("%.20q for %.20q", c.new, c.old)
		out = append(out, damaged{name, rehash(bytes.Replace(data, []byte(c.old), []byte(c.new), 1)), c.want})
	}
	data := byName["quarter turn"]
	out = append(out,
		damaged{"line feed at the end", append(bytes.Clone(data), '\n'), scan.Trailing},
		damaged{"twice", append(bytes.Clone(data), data...), scan.Trailing},
		damaged{"hash not made right", bytes.Replace(data, []byte("by hand"), []byte("by foot"), 1), certificate.Digest})
	return append(out, tamperedBinary(byName["float64"], byName["near, exact"])...)
}

func TestTampered(t *testing.T) {
	for _, c := range tampered(t) {
		t.Run(c.name, func(t *testing.T) {
			_, err := check(c.data)
			wantReason(t, err, c.want)
		})
	}
}

// tamperedBinary returns certificates whose binary sections hold no float64s, or
// steps written otherwise.
func tamperedBinary(float, near []byte) []damaged {
	o := must(check(near))
	corner := binary.LittleEndian.AppendUint64([]byte{0}, math.Float64bits(o.Target.Float64s()[0])) // entry (0, 0)
	put := func(data []byte, keyword, entry string, drop int) []byte {
		at := bytes.Index(data, []byte(keyword)) + len(keyword)
		return rehash(append(append(bytes.Clone(data[:at]), entry...), data[at+drop:]...))
	}
	return []damaged{
		{"NaN", put(float, "target float64\n", "\x00\x00\x00\x00\x00\x00\xf8\x7f", 8), certificate.Invalid},
		{"infinity", put(float, "target float64\n", "\x00\x00\x00\x00\x00\x00\xf0\xff", 8), certificate.Invalid},
		{"-0", put(float, "target float64\n", "\x00\x00\x00\x00\x00\x00\x00\x80", 8), certificate.NotCanonical},
		{"entry too many", put(float, "target float64\n", "\x00\x00\x00\x00\x00\x00\x00\x00", 0), certificate.Malformed},
		{"other step", put(near, "target near\n", "\x03", 1), certificate.Digest},
		{"padded step", put(near, "target near\n", "\x81\x00", 1), certificate.NotCanonical},
		{"endless step", put(near, "target near\n", strings.Repeat("\x80", 1000)+"\x01", 1), certificate.NotCanonical},
		{"huge step", put(near, "target near\n", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 1), certificate.NotCanonical},
		{"needless escape", put(near, "target near\n", string(corner), 1), certificate.NotCanonical},
	}
}

func TestLimits(t *testing.T) {
	for _, s := range samples() {
		data := write(t, s.c)
		tight := func(change func(l *certificate.Limits)) error {
			l := certificate.DefaultLimits()
			l.Bytes = int64(len(data))
			change(&l)
			_, err := certificate.Check(bytes.NewReader(data), l, engine.New, nil)
			return err
		}
		if err := tight(func(*certificate.Limits) {}); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		for name, change := range map[string]func(l *certificate.Limits){
			"bytes":   func(l *certificate.Limits) { l.Bytes-- },
			"dim":     func(l *certificate.Limits) { l.Dim = s.c.Flow.Partition().Dim() - 1 },
			"layers":  func(l *certificate.Limits) { l.Layers = len(s.c.Flow.Layers()) - 1 },
			"entries": func(l *certificate.Limits) { l.Entries = 3 },
			"memory":  func(l *certificate.Limits) { l.Memory = 95 },
			"work":    func(l *certificate.Limits) { l.Work = 3 },
		} {
			if len(s.c.Flow.Layers()) == 0 && name == "layers" || s.c.Flow.Partition().Dim() == 2 && s.c.Claim.Kind == certificate.ClaimDepth && name == "memory" {
				continue
			}
			want := certificate.TooLarge
			if name == "memory" || name == "work" {
				want = certificate.Undecided
			}
			t.Run(s.name+"/"+name, func(t *testing.T) { wantReason(t, tight(change), want) })
		}
	}
	for _, s := range samples() {
		if s.name == "huge" {
			l := certificate.DefaultLimits()
			l.Bits = 202
			_, err := certificate.Check(bytes.NewReader(write(t, s.c)), l, engine.New, nil)
			wantReason(t, err, certificate.TooLarge)
		}
	}
}

// A short file that declares much, and one whose product would be vast, cost
// little to refuse.
func TestBombs(t *testing.T) {
	turn := string(write(t, samples()[0].c))
	big := func(old, new string) string { return strings.Replace(turn, old, new, 1) }
	wide := strings.NewReplacer("dimension 2", "dimension 8192", "weight text\n-1\n", "weight float64\n").Replace(turn)
	var many strings.Builder
	head, _, _ := strings.Cut(turn, "layers 3")
	many.WriteString(head + "layers 1024\ntarget-sha256 " + strings.Repeat("0", 64) + "\n")
	for k := range 1024 {
		fmt.Fprintf(&many, "layer %d %c\nweight text\n0x1p-262143\nscale one\n", k+1, "LU"[k%2])
	}
	many.WriteString("target text\n1 0\n0 1\nsha256 " + strings.Repeat("0", 64) + "\n")
	var fractions strings.Builder // denominators without common factors
	fractions.WriteString(strings.NewReplacer("dimension 2", "dimension 256", "layers 3", "layers 1").Replace(head))
	fractions.WriteString("layers 1\ntarget-sha256 " + strings.Repeat("0", 64) + "\nlayer 1 L\nweight text\n")
	for i := range 128 {
		for j := range 128 {
			fmt.Fprintf(&fractions, "0x1/0x%x%c", int64(1)<<60+int64(2*(128*i+j)+1), " \n"[j/127])
		}
	}
	fractions.WriteString("scale one\n")
	row := strings.Repeat("0x1p-262143 ", 1<<10)
	limits := certificate.DefaultLimits()
	limits.Memory, limits.Work = 1<<26, 1<<32
	for name, data := range map[string]string{
		"numbers":   strings.NewReplacer("dimension 2", "dimension 2048", "weight text\n-1\n", "weight text\n"+strings.Repeat(row[:len(row)-1]+"\n", 1024)).Replace(turn),
		"wide":      wide,
		"endless":   turn + strings.Repeat("\n", 1<<20),
		"long line": big("weight text\n", "weight text\n"+strings.Repeat("1 ", 1<<23)),
		"deep":      many.String(),
		"fractions": fractions.String(),
		"sparse":    big("weight text\n", "weight sparse 60000000\n"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := certificate.Check(strings.NewReader(data), limits, engine.New, nil)
		runtime.ReadMemStats(&after)
		var r *certificate.RejectError
		if !errors.As(err, &r) {
			t.Errorf("%s: %v", name, err)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 600<<20 {
			t.Errorf("%s: %d MB allocated to say: %v", name, spent>>20, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range samples() {
		if data := write(f, s.c); len(data) < 3000 {
			f.Add(data, true)
		}
	}
	for _, path := range must(filepath.Glob(golden + "/edge/*.cert")) {
		f.Add(must(os.ReadFile(path)), true)
	}
	limits := certificate.Limits{Dim: 40, Layers: 8, Entries: 1 << 12,
		Limits: scan.Limits{Bytes: 1 << 16, Bits: 1 << 10, Limits: exactmath.Limits{Memory: 1 << 20, Work: 1 << 20}}}
	f.Fuzz(func(t *testing.T, data []byte, fix bool) {
		if fix && bytes.Contains(data, []byte("sha256 ")) {
			data = rehash(data)
		}
		c, _, err := content(bytes.NewReader(data), limits)
		var r *certificate.RejectError
		if err != nil && !errors.As(err, &r) {
			t.Fatal(err)
		}
		_, slow := certificate.Check(bytes.NewReader(data), limits, nil, nil)
		var p *certificate.RejectError
		if slow != nil && !errors.As(slow, &p) {
			t.Fatal(slow)
		}
		undecided := r != nil && r.Reason == certificate.Undecided || p != nil && p.Reason == certificate.Undecided
		if (err == nil) != (slow == nil) && !undecided {
			t.Errorf("with an engine %v, without %v", err, slow)
		}
		if err == nil && !bytes.Equal(write(t, c), data) {
			t.Error("accepted, and not canonical")
		}
	})
}
