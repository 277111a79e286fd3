package certificate_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/certificate/scan"
)

// Every other way to write a number, an integer, a line or a scale is refused.
func lenient(t *testing.T) (out []damaged) {
	byName := map[string][]byte{}
	for _, s := range samples() {
		byName[s.name] = write(t, s.c)
	}
	add := func(sample, old, new string, want certificate.Reason) {
		data := byName[sample]
		if !bytes.Contains(data, []byte(old)) {
			t.Errorf("%s does not contain %q", sample, old)
		}
		out = append(out, damaged{fmt.Sprintf("%.30q for %.30q", new, old), rehash(bytes.Replace(data, []byte(old), []byte(new), 1)), want})
	}
	// The number 1, and others of the same value or the same form.
	for _, text := range []string{"01", "001", "+1", "1.", "1.0", "1e0", "10e-1", "2/2", "1/1", "0x1", "0X1", "0x1p0", "0x1p+0", "0x2p-1", "0x1/0x1",
		"0b1", "0o1", "1_000", "0x.8p1", "0x1p00", "0x1p-0", "-0", "-00", "0/1", "-0/2", "0/2", "0x0p0", "0x1p3", "0x8p0", "0x1e3", "1000000", "1000000/3", "1/1000000",
		"0xF4240p0", "0xf4240p0", "0x3D09p6", "0x3d09P6", "0x03d09p6", "0x3d09p06", "0x3d09p+6", "0x7a12p5", "0x989681/0x03", "0x989681/3", "10000001/3", "0x989681/0x1",
		"0x1312d02/0x6", "0x1/0x100000", "1/0x3", "0x3/0x100000"} {
		add("quarter turn", "weight text\n1\n", "weight text\n"+text+"\n", certificate.NotCanonical)
	}
	for _, text := range []string{"", " ", "1 ", " 1", "1  ", "1\t", "1\r", "\t1", "1\x00", "1\v", "--1", "1/", "/2", "0x", "0xp1", "0x1p", "0x1/0x", "0x1/0x0", "1/0", "1/-2", "0x989681/-0x3", "0x1p-20/0x3", "Inf", "inf", "NaN", "x", "\xd9\xa1"} {
		add("quarter turn", "weight text\n1\n", "weight text\n"+text+"\n", certificate.Malformed)
	}
	// White space, and integers.
	for _, line := range []string{"flowproof certificate 1", "seed none", "claim exact", "dimension 2", "partition half", "layers 3", "layer 2 L", "weight text", "scale one", "target text"} {
		for _, new := range []string{line + " ", line + "\r", line + "\n", " " + line, "\t" + line, strings.Replace(line, " ", "  ", 1), strings.Replace(line, " ", "\t", 1), strings.ToUpper(line), "#\n" + line} {
			add("quarter turn", line+"\n", new+"\n", "")
		}
	}
	for _, c := range [][2]string{
		{"seed none", "seed +7"}, {"seed none", "seed 0x7"}, {"seed none", "seed 1_0"}, {"seed none", "seed 00"}, {"seed none", "seed -0"}, {"seed none", "seed 7.0"},
		{"dimension 2", "dimension 02"}, {"dimension 2", "dimension +2"}, {"dimension 2", "dimension 2.0"}, {"dimension 2", "dimension 0x2"},
		{"layers 3", "layers 03"}, {"layers 3", "layers +3"}, {"layer 2 L", "layer 02 L"}, {"layer 2 L", "layer +2 L"}, {"layer 2 L", "layer 2 l"}, {"layer 2 L", "layer 2 LU"}, {"layer 2 L", "layer 2"}, {"layer 2 L", "layer 2 L U"},
		{"partition half", "partition Half"}, {"partition half", "partition 00"}, {"partition half", "partition 0,"}, {"partition half", "partition ,0"},
		{"weight text", "weight text 2"}, {"weight text", "weight Text"}, {"weight text", "weight"}, {"scale one", "scale one 1"}, {"scale one", "scale exp 0x0p0"}, {"scale one", "scale exact 2/2"}, {"scale one", "scale exp"},
		{"target text", "target text 4"},
	} {
		add("quarter turn", c[0]+"\n", c[1]+"\n", "")
	}
	add("quarter turn", "target-sha256 ecce", "target-sha256 ECCE", certificate.Digest)
	for _, c := range [][2]string{{"0,4", "00,4"}, {"0,4", "0,+4"}, {"0,4", "0,4,"}, {"0,4", "0,,4"}, {"0,4", "0 4"}, {"0,4", "0;4"}, {"0,4", "0,4 "}} {
		add("list", "partition "+c[0]+"\n", "partition "+c[1]+"\n", "")
	}
	for _, c := range [][2]string{{"0 0 1/2", "00 0 1/2"}, {"0 0 1/2", "+0 0 1/2"}, {"0 0 1/2", "0 -0 1/2"}, {"0 0 1/2", "0 0 2/4"}, {"0 0 1/2", "0 0  1/2"}, {"0 0 1/2", "0 0 1/2 "}, {"0 0 1/2", "0 0"},
		{"0 0 1/2", "0 0 1/2 1"}, {"0 0 1/2", "0 0 0"}, {"0 0 1/2", "0 0 -0"}, {"0 0 1/2", "0 0 1/3"}, {"0 0 1/2", "0 0 0x1p-1075"}, {"0 0 1/2", "0 0 0x1p1024"}, {"0 0 1/2", "0x1p64 0 1/2"}, {"0 0 1/2", "18446744073709551616 0 1/2"}, {"0 0 1/2", "0 12 1/2"}, {"0 0 1/2", "12 0 1/2"}} {
		add("sparse", "weight sparse 12\n"+c[0]+"\n", "weight sparse 12\n"+c[1]+"\n", "")
	}
	return out
}

// binaryOf is the entries in encoding "float64".
func binaryOf(f []float64) string {
	return string(must(binary.Append(nil, binary.LittleEndian, f)))
}

// textOf is the entries in encoding "text".
func textOf(f []float64, cols int) string {
	var b []byte
	for k, v := range f {
		b = append(scan.AppendNumber(b, new(big.Rat).SetFloat64(v)), " \n"[(k%cols+1)/cols])
	}
	return string(b[:len(b)-1])
}

// sparseOf is the entries other than 0 in encoding "sparse".
func sparseOf(f []float64, cols int) (count int, entries string) {
	var b []byte
	for k, v := range f {
		if v != 0 {
			count++
			b = append(scan.AppendNumber(fmt.Appendf(b, "%d %d ", k/cols, k%cols), new(big.Rat).SetFloat64(v)), '\n')
		}
	}
	return count, string(bytes.TrimSuffix(b, []byte("\n")))
}

// stepsOf is the entries in encoding "near".
func stepsOf(f, product []float64) string {
	var b []byte
	for k, v := range f {
		b = certificate.AppendStep(b, v, product[k])
	}
	return string(b)
}

// other returns certificates whose target is right, and in an encoding that is not
// its own; and steps that are written otherwise than they have to be.
func other(t *testing.T) (out []damaged) {
	add := func(name string, c *encode.Certificate, encoding, entries string, want certificate.Reason) {
		data := write(t, c)
		at := bytes.Index(data, []byte("\ntarget "))
		out = append(out, damaged{name, rehash(fmt.Appendf(data[:at:at], "\ntarget %s\n%s\nsha256 \n", encoding, entries)), want})
	}
	for _, s := range samples() {
		n, f := s.c.Flow.Partition().Dim(), s.c.Target.Float64s()
		if n < 9 || certificate.Encoding(s.c.Target) == certificate.Text {
			continue
		}
		p := product(s.c.Flow).Float64s()
		count, entries := sparseOf(f, n)
		for encoding, entries := range map[string]string{
			certificate.Floats: binaryOf(f), certificate.Text: textOf(f, n), certificate.Near: stepsOf(f, p), fmt.Sprintf("sparse %d", count): entries,
		} {
			if bytes.Contains(write(t, s.c), []byte("\ntarget "+encoding+"\n")) {
				continue
			}
			want := certificate.NotCanonical
			if encoding == certificate.Near && (n <= 64 || strings.HasPrefix(s.name, "exp")) {
				want = certificate.Malformed
			}
			add(s.name+": target "+encoding, s.c, encoding, entries, want)
		}
	}
	for _, s := range samples() {
		if s.name != "near with escapes" {
			continue
		}
		f, p := s.c.Target.Float64s(), product(s.c.Flow).Float64s()
		rest := stepsOf(f[1:], p[1:])
		escape := func(v float64) string { return "\x00" + binaryOf([]float64{v}) }
		rank := func(v float64) int64 { return int64(math.Float64bits(math.Abs(v))) } // of v > 0
		varint := func(u uint64) string { return string(binary.AppendUvarint(nil, u)) }
		first := stepsOf(f[:1], p[:1])
		last := len(first) - 1
		toInfinity := rank(math.Inf(1)) - rank(p[0])
		for name, c := range map[string]struct {
			step string
			want certificate.Reason
		}{
			"as it is":               {first, ""},
			"padded once":            {first[:last] + string(first[last]|0x80) + "\x00", certificate.NotCanonical},
			"padded twice":           {first[:last] + string([]byte{first[last] | 0x80, 0x80, 0}), certificate.NotCanonical},
			"escape for a varint":    {escape(f[0]), certificate.NotCanonical},
			"escape for difference0": {escape(p[0]), certificate.NotCanonical},
			"padded escape":          {"\x80\x00" + binaryOf(f[:1]), certificate.NotCanonical},
			"escape to -0":           {escape(math.Copysign(0, -1)), certificate.NotCanonical},
			"escape to NaN":          {escape(math.NaN()), certificate.Invalid},
			"escape to infinity":     {escape(math.Inf(-1)), certificate.Invalid},
			"varint to infinity":     {varint(uint64(2*toInfinity + 1)), certificate.NotCanonical},
			"varint of 2^47":         {varint(2*(1<<47) + 1), certificate.NotCanonical},
			"varint of -2^47":        {varint(2 * (1 << 47)), certificate.NotCanonical},
			"varint of 2^63-1":       {varint(1<<64 - 1), certificate.NotCanonical},
			"varint of 2^70":         {strings.Repeat("\x80", 10) + "\x01", certificate.NotCanonical},
			"nothing":                {"", ""},
			"step too many":          {first + "\x01", ""},
		} {
			add("step: "+name, s.c, certificate.Near, c.step+rest, c.want)
		}
	}
	return out
}

// weights returns certificates in which a weight is in another encoding than its
// own.
func weights(t *testing.T) (out []damaged) {
	for _, s := range samples() {
		if s.name != "float64, not near" && s.name != "near" {
			continue
		}
		data := write(t, s.c)
		w := s.c.Flow.Layers()[0].Weight()
		_, cols := w.Dims()
		f := w.Float64s()
		count, entries := sparseOf(f, cols)
		own := map[string]string{certificate.Floats: binaryOf(f), certificate.Text: textOf(f, cols), certificate.Near: stepsOf(f, f), fmt.Sprintf("sparse %d", count): entries}
		encoding := certificate.Encoding(w)
		whole := "weight " + encoding + "\n" + own[encoding] + "\n"
		if bytes.Count(data, []byte(whole)) == 0 {
			t.Fatalf("%s has no %.40q", s.name, whole)
		}
		for name, entries := range own {
			want := certificate.NotCanonical
			if name == certificate.Near {
				want = certificate.Malformed
			}
			if name != encoding {
				out = append(out, damaged{s.name + ": weight " + name, rehash(bytes.Replace(data, []byte(whole), []byte("weight "+name+"\n"+entries+"\n"), 1)), want})
			}
		}
	}
	return out
}

// What is right in substance and not written as the format wants it is refused,
// before anything is said about the claim.
func TestStrict(t *testing.T) {
	seen := 0
	for _, c := range slices.Concat(lenient(t), other(t), weights(t)) {
		_, err := check(c.data)
		if c.name == "step: as it is" {
			seen++
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var r *certificate.RejectError
		switch {
		case c.want != "":
			t.Run(c.name, func(t *testing.T) { wantReason(t, err, c.want) })
		case err == nil:
			t.Errorf("%s: accepted", c.name)
		case !errors.As(err, &r) || r.Reason == certificate.ClaimFalse || r.Reason == certificate.NotProved || r.Reason == certificate.Undecided || r.Section == "trailer":
			t.Errorf("%s: %v, not for the way it is written", c.name, err)
		}
	}
	if seen != 1 {
		t.Error("the steps are not put in rightly")
	}
}
