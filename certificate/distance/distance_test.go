package distance_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"flowproof/certificate/distance"
	"flowproof/certificate/encode"
	"flowproof/certificate/scan"
)

const golden = "../../testdata/certificates/distance"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func files(t *testing.T) []string {
	t.Helper()
	paths := must(filepath.Glob(golden + "/*.cert"))
	if len(paths) < 5 {
		t.Fatalf("%d certificates: some are missing", len(paths))
	}
	return paths
}

func check(data []byte) (*distance.Outcome, error) {
	return distance.Check(bytes.NewReader(data), distance.DefaultLimits())
}

// seal puts the right digest at the end of a file that was changed.
func seal(data []byte) []byte {
	body, _, _ := bytes.Cut(data, []byte("\nsha256 "))
	body = append(body, '\n')
	return fmt.Appendf(body, "sha256 %x\n", sha256.Sum256(body))
}

// TestGolden: certificates are accepted, and what was read is written in the same
// bytes.
func TestGolden(t *testing.T) {
	for _, path := range files(t) {
		data := must(os.ReadFile(path))
		o, err := check(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if o.Bound.Bound.Cmp(o.Claim) > 0 {
			t.Errorf("%s: accepted with a bound above the claim", path)
		}
		var b bytes.Buffer
		c := &encode.Distance{Construction: o.Construction, Theorem: o.Theorem, Seed: o.Seed, Claim: o.Claim, Histogram: o.Histogram, Plan: o.Plan, Flow: o.Flow}
		if err := encode.WriteDistance(&b, c); err != nil || !bytes.Equal(b.Bytes(), data) {
			t.Errorf("%s: written differently: %v", path, err)
		}
		if !distance.Is(data[:distance.Head]) {
			t.Errorf("%s is not known by its first line", path)
		}
	}
}

// TestEveryByte: no byte can be changed without the digest telling.
func TestEveryByte(t *testing.T) {
	data := must(os.ReadFile(golden + "/square.cert"))
	for i := range data {
		spoilt := bytes.Clone(data)
		spoilt[i] ^= 1
		var r *scan.RejectError
		if _, err := check(spoilt); !errors.As(err, &r) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for i := range data {
		if _, err := check(data[:i]); err == nil {
			t.Fatalf("accepted the first %d bytes", i)
		}
	}
}

// nearClaim is less than the bound of the square's plan by less than a part in 10^5; longClaim
// has more bits than the format allows.
var (
	nearClaim = "wasserstein " + decimalClaim("0.34237")
	longClaim = "wasserstein 0x1" + strings.Repeat("0", 1100) + "1p-4404"
)

func decimalClaim(text string) string {
	v, _ := new(big.Rat).SetString(text)
	return string(scan.AppendNumber(nil, v))
}

// TestRules: each rule of the format has a file that breaks it and no other, digest
// put right.
func TestRules(t *testing.T) {
	square := string(must(os.ReadFile(golden + "/square.cert")))
	rings := string(must(os.ReadFile(golden + "/linked-rings-1-2.cert")))
	for _, c := range []struct {
		file, old, new string
		reason         scan.Reason
		detail         string
	}{
		{square, "certificate 2", "certificate 3", scan.Version, "version 2"},
		{square, "construction universal", "construction ", scan.Invalid, "printable"},
		{square, "seed none", "seed 07", scan.NotCanonical, "seed"},
		{square, "claim wasserstein", "claim exact", scan.Invalid, "want claim wasserstein"},
		{square, "wasserstein 214/625", "wasserstein 0", scan.Invalid, "not positive"},
		{square, "wasserstein 214/625", "wasserstein 1/3", scan.NotProved, "0.3423"},
		{square, "wasserstein 214/625", nearClaim, scan.Undecided, "too near"},
		{square, "wasserstein 214/625", longClaim, scan.TooLarge, "too many bits"},
		{square, "wasserstein 214/625", "wasserstein 428/1250", scan.NotCanonical, "is to be written"},
		{square, "dimension 2", "dimension 5", scan.TooLarge, "limit"},
		{square, "dimension 2", "dimension 1", scan.Invalid, "dimension 1"},
		{square, "first 0", "first 1", scan.Invalid, ""},
		{square, "low -1 -1", "low 1 -1", scan.Invalid, ""},
		{square, "low -1 -1", "low -1/3 -1", scan.Invalid, "not a float64"},
		{square, "low -1 -1", "low -1", scan.Malformed, "2 fields"},
		{square, "grid 1 1", "grid 0 1", scan.Invalid, "no cells"},
		{square, "grid 1 1", "grid 4194304 2", scan.TooLarge, "more than"},
		{square, "weights\n1\n", "weights\n0\n", scan.Invalid, ""},
		{square, "weights\n1\n", "weights\n1099511627777\n", scan.TooLarge, "limit"},
		{square, "refine 256 256", "refine 0 256", scan.Invalid, "refined 0 times"},
		{square, "window 37/8", "window 0", scan.Invalid, "window"},
		{square, "cells 2", "cells 0", scan.Invalid, "no cells"},
		{square, "strands 1", "strands 0", scan.Invalid, "no strands"},
		{square, "cells 2", "cells 9999", scan.TooLarge, "limit"},
		{square, "cell 2", "cell 3", scan.TooLarge, "limit"},
		{square, "cell 2", "cell 1", scan.NotCanonical, "want cell 2"},
		{square, "box 0 128", "box 0 129", scan.Invalid, "overlap"},
		{square, "box 0 128", "box 0 127", scan.Invalid, "all of it"},
		{square, "box 0 128", "box 128 0", scan.Invalid, "interval"},
		{square, "box 0 128", "box 0 257", scan.TooLarge, "limit"},
		{square, "strands 1\nup", "strands 1\nleft", scan.Malformed, "up or down"},
		{square, "strands 1\nup", "strands 1\nup 0 1", scan.Malformed, "0 spans"},
		{square, "strands 1\nup", "strands 2\nup\nup", scan.Invalid, "overlap"},
		{square, "coupling 2", "coupling 1", scan.Malformed, "coupling 2"},
		{square, "coordinate 1", "coordinate 0", scan.NotCanonical, "want coordinate 1"},
		{square, "factor 0x31d0f38bc31d1p-53", "factor 0", scan.Invalid, ""},
		{square, "knots 2\n", "knots 0\n", scan.Invalid, "without knots"},
		{square, "knots 34\n", "knots 33\n", scan.Malformed, ""},
		{square, "knots 34\n", "knots 1048577\n", scan.TooLarge, "limit"},
		{square, "1/2\ncoupling 2", "1/2\n\ncoupling 2", scan.Malformed, ""},
		{rings, "up 32 128", "up 32 129", scan.Invalid, "overlap"},
		{rings, "up 32 128", "up 33 128", scan.Invalid, "all of it"},
		{rings, "up 32 128", "up", scan.Malformed, "1 spans"},
	} {
		spoilt := strings.Replace(c.file, c.old, c.new, 1)
		if spoilt == c.file {
			t.Errorf("%q is not in the file", c.old)
			continue
		}
		_, err := check(seal([]byte(spoilt)))
		var r *scan.RejectError
		if !errors.As(err, &r) || r.Reason != c.reason || !strings.Contains(r.Detail, c.detail) {
			t.Errorf("%q for %q: %v, want %s: %q", c.new, c.old, err, c.reason, c.detail)
		}
	}
	if _, err := check(append([]byte(square), '\n')); !strings.Contains(fmt.Sprint(err), "something follows") {
		t.Errorf("more at the end: %v", err)
	}
	limits := distance.DefaultLimits()
	done := make(chan struct{})
	close(done)
	limits.Done = done
	var r *scan.RejectError
	if _, err := distance.Check(strings.NewReader(square), limits); !errors.As(err, &r) || r.Reason != scan.Undecided {
		t.Errorf("stopped: %v", err)
	}
	limits = distance.DefaultLimits()
	limits.Bytes = 100
	if _, err := distance.Check(strings.NewReader(square), limits); !errors.As(err, &r) || r.Reason != scan.TooLarge {
		t.Errorf("100 bytes: %v", err)
	}
}

var numeral = regexp.MustCompile(`-?(0x)?[0-9a-f]+(p-?[0-9]+)?(/[0-9]+)?`)

// mutants changes numbers of a certificate, digests put right: by a digit, to
// another of the file, away.
func mutants(data []byte, count int, seed uint64) [][]byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	body, _, _ := bytes.Cut(data, []byte("\nsha256 "))
	places := numeral.FindAllIndex(body, -1)[1:] // not the version
	var out [][]byte
	for len(out) < count {
		p := places[rng.IntN(len(places))]
		old := string(body[p[0]:p[1]])
		text := old
		switch rng.IntN(4) {
		case 0:
			b := []byte(old)
			b[rng.IntN(len(b))] = "0123456789abcdef"[rng.IntN(16)]
			text = string(b)
		case 1:
			q := places[rng.IntN(len(places))]
			text = string(body[q[0]:q[1]])
		case 2:
			if v, ok := new(big.Rat).SetString(old); ok {
				v.Mul(v, big.NewRat(int64(rng.IntN(5)-1), 2))
				text = string(scan.AppendNumber(nil, v))
			}
		case 3:
			text = strings.TrimPrefix(old, "-")
			if text == old {
				text = "-" + old
			}
		}
		if text != old {
			spoilt := append(append(bytes.Clone(body[:p[0]]), text...), body[p[1]:]...)
			out = append(out, seal(append(spoilt, "\nsha256 "...)))
		}
	}
	return out
}

// TestMutants: a file with another number in it is refused, or its claim is still
// true: by the Python checker, which shares no code.
func TestMutants(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("needs python3, for a second opinion")
	}
	dir := t.TempDir()
	args := []string{"../../tools/check_certificate.py"}
	var want []string
	verdicts := map[string]int{}
	add := func(data []byte) {
		path := filepath.Join(dir, fmt.Sprintf("%d.cert", len(want)))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
		_, err := check(data)
		var r *scan.RejectError
		verdict := "accepted"
		switch {
		case errors.As(err, &r) && r.Reason == scan.Undecided:
			verdict = "undecided"
		case err != nil:
			verdict = "rejected"
		}
		verdicts[verdict]++
		want = append(want, verdict)
	}
	for _, name := range []string{"square", "linked-rings-1-2", "linked-rings-2-1", "checkerboard-1-0"} {
		data := must(os.ReadFile(golden + "/" + name + ".cert"))
		add(data)
		for _, m := range mutants(data, 40, 7) {
			add(m)
		}
		if name == "square" {
			for _, claim := range []string{nearClaim, longClaim, "wasserstein 1/3"} {
				add(seal(bytes.Replace(data, []byte("wasserstein 214/625"), []byte(claim), 1)))
			}
		}
	}
	add(must(os.ReadFile(golden + "/two-moons.cert")))
	out, _ := exec.Command(python, args...).Output() // exit code 1: some are refused
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d verdicts for %d files:\n%s", len(lines), len(want), out)
	}
	for i, line := range lines {
		if verdict, _, _ := strings.Cut(line, " "); verdict != want[i] {
			t.Errorf("file %d: %s here, there %s", i, want[i], line)
			if keep := os.Getenv("KEEP"); keep != "" {
				os.WriteFile(filepath.Join(keep, fmt.Sprintf("%d.cert", i)), must(os.ReadFile(args[i+1])), 0o600)
			}
		}
	}
	if verdicts["accepted"] < 15 || verdicts["rejected"] < 60 {
		t.Errorf("%v: the mutants are not what they should be", verdicts)
	}
}

func FuzzCheck(f *testing.F) {
	for _, name := range []string{"square", "checkerboard-1-0"} {
		f.Add(must(os.ReadFile(golden + "/" + name + ".cert")))
	}
	limits := distance.DefaultLimits()
	limits.Bytes, limits.Knots, limits.Memory = 1<<16, 1<<10, 1<<20
	limits.Checks.Cells, limits.Checks.Points, limits.Checks.Table = 8, 1<<8, 1<<12
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := distance.Check(bytes.NewReader(seal(data)), limits)
		if err != nil {
			var r *scan.RejectError
			if !errors.As(err, &r) {
				t.Fatal(err)
			}
			return
		}
		if o.Bound.Bound.Cmp(o.Claim) > 0 {
			t.Error("accepted with a bound above the claim")
		}
	})
}
