package certificate_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/exactmath/dense"
	"flowproof/exactmath/sparse"
	"flowproof/verify"
	"flowproof/verify/engine"
)

func TestRoundTrip(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			data := write(t, s.c)
			c, o, err := content(iotest.OneByteReader(bytes.NewReader(data)), certificate.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(write(t, c), data) {
				t.Error("what was read is written differently")
			}
			want := []string{s.c.Construction, s.c.Theorem, fmt.Sprint(s.c.Claim), fmt.Sprint(s.c.Flow.Depth()), fmt.Sprint(len(s.c.Flow.Layers()))}
			got := []string{o.Construction, o.Theorem, fmt.Sprint(o.Claim), fmt.Sprint(c.Flow.Depth()), fmt.Sprint(o.Layers)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(s.c.Seed, o.Seed); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(s.c.Flow.Partition().First(), o.Partition.First()); diff != "" {
				t.Error(diff)
			}
			if !dense.Equal(s.c.Target, o.Target) {
				t.Error("another target")
			}
			for i, l := range c.Flow.Layers() {
				w := s.c.Flow.Layers()[i]
				rows, _ := w.Weight().Dims()
				if l.Kind() != w.Kind() || !dense.Equal(l.Weight(), w.Weight()) || l.Scale().Kind() != w.Scale().Kind() {
					t.Errorf("layer %d is another", i+1)
				}
				for k := range rows {
					if l.Scale().At(k).Cmp(w.Scale().At(k)) != 0 {
						t.Errorf("layer %d has another scale", i+1)
					}
				}
			}
			if s.c.Claim.Kind == certificate.ClaimDepth {
				if o.Verdict != certificate.NeedsDepth || o.Depth != s.c.Claim.Lower.Depth || o.Residual != nil {
					t.Errorf("%v, depth %d, residual %v", o.Verdict, o.Depth, o.Residual)
				}
				if diff := cmp.Diff(s.c.Claim.Lower, o.Claim.Lower, rats); diff != "" {
					t.Error(diff)
				}
				return
			}
			if o.Verdict == verify.Enclosed {
				if gap := new(big.Rat).Sub(o.Residual, residual(s.c)); gap.Abs(gap).Cmp(big.NewRat(1, 1<<60)) > 0 {
					t.Errorf("residual %v", o.Residual)
				}
				return
			}
			if o.Depth != s.c.Flow.Depth() {
				t.Errorf("depth %d", o.Depth)
			}
			if r := residual(s.c); o.Residual.Cmp(r) != 0 || (o.Verdict == verify.Exact) != (r.Sign() == 0) {
				t.Errorf("%v, residual %v, want %v", o.Verdict, o.Residual, r)
			}
		})
	}
}

// rats compares rationals by value.
var rats = cmp.Comparer(func(x, y *big.Rat) bool { return x.Cmp(y) == 0 })

// The bytes follow from the numbers, not from how they are kept.
func TestStorageDoesNotMatter(t *testing.T) {
	for _, s := range samples() {
		want := write(t, s.c)
		for name, store := range map[string]func(exactmath.Matrix) exactmath.Matrix{
			"floats": func(m exactmath.Matrix) exactmath.Matrix {
				rows, cols := m.Dims()
				return must(exactmath.FromFloat64(rows, cols, m.Float64s()))
			},
			"dyadic": func(m exactmath.Matrix) exactmath.Matrix {
				d, ok := dense.ToDyadic(m)
				if !ok {
					return m
				}
				return d
			},
			"sparse": func(m exactmath.Matrix) exactmath.Matrix {
				rows, cols := m.Dims()
				var es []sparse.Entry
				m.Each(func(i, j int, v *big.Rat) {
					f, _ := v.Float64()
					es = append(es, sparse.Entry{Row: i, Col: j, Value: f})
				})
				return must(sparse.New(rows, cols, es))
			},
		} {
			same := func(m exactmath.Matrix) exactmath.Matrix {
				if k := store(m); dense.Equal(k, m) {
					return k
				}
				return m
			}
			c := *s.c
			var layers []coupling.Layer
			for _, l := range c.Flow.Layers() {
				layers = append(layers, must(coupling.NewLayer(c.Flow.Partition(), l.Kind(), same(l.Weight()), l.Scale())))
			}
			c.Flow = must(coupling.NewFlow(c.Flow.Partition(), layers...))
			c.Target = same(c.Target)
			if !bytes.Equal(write(t, &c), want) {
				t.Errorf("%s: other bytes if stored as %s", s.name, name)
			}
		}
	}
}

// Each sample is in the encoding that its name promises.
func TestEncodings(t *testing.T) {
	for name, want := range map[string]string{
		"exp": "\nscale exp ", "exp, large": "\ntarget sparse ",
		"quarter turn": "\ntarget text\n", "sparse": "\nweight sparse 12\n", "float64": "\ntarget float64\n",
		"near": "\ntarget near\n", "near, exact": "\ntarget near\n", "near with escapes": "\ntarget near\n",
		"float64, not near": "\ntarget float64\n", "huge": "0x3p200", "rational": "/",
	} {
		for _, s := range samples() {
			if s.name == name && !bytes.Contains(write(t, s.c), []byte(want)) {
				t.Errorf("%s has no %q", name, want)
			}
		}
	}
}

// The specification's example is a certificate, and its numbers are right.
func TestSpecificationExample(t *testing.T) {
	page := string(must(os.ReadFile("../docs/certificate.md")))
	_, page, _ = strings.Cut(page, ". Worked example")
	_, rest, _ := strings.Cut(page, "    flowproof certificate 1\n")
	body, rest, _ := strings.Cut(rest, "\n\n")
	data := []byte(strings.ReplaceAll("\n    flowproof certificate 1\n"+body+"\n", "\n    ", "\n")[1:])
	o, err := check(data)
	if err != nil || o.Verdict != verify.Exact || o.Depth != 3 {
		t.Fatalf("%v %v", o, err)
	}
	target := "2 2 text\n0 -1\n1 0\n"
	if o.TargetSHA256 != sha256.Sum256([]byte(target)) || !strings.Contains(rest, fmt.Sprintf("the %d bytes", len(target))) {
		t.Error("the canonical form of the target is described wrongly")
	}
	if !strings.Contains(rest, fmt.Sprintf("the %d bytes before it", bytes.LastIndex(data, []byte("sha256 ")))) {
		t.Error("the length of the body is wrong")
	}
	_, err = check(rehash(bytes.Replace(data, []byte("\n1\n"), []byte("\n2\n"), 1)))
	wantReason(t, err, certificate.ClaimFalse)
	_, err = check(rehash(bytes.Replace(data, []byte("claim exact"), []byte("claim residual 1/1000"), 1)))
	if err != nil {
		t.Error(err)
	}
}

func wantReason(t *testing.T, err error, want certificate.Reason) {
	t.Helper()
	var r *certificate.RejectError
	if !errors.As(err, &r) {
		t.Errorf("got %v, want a refusal: %s", err, want)
	} else if r.Reason != want {
		t.Errorf("got %v, want the reason %s", err, want)
	}
}

// Enclosures prove no equality, not even where it is true.
func TestExponentialScalesAreNeverExact(t *testing.T) {
	scale := []string{"1/3", "-1/3"}
	c := exact("by hand", flow(samples()[0].c.Flow.Partition(), "LL", func(int, int, int) *big.Rat { return new(big.Rat) },
		func(k, _ int) coupling.Scale { return coupling.ExpScale(rationals(scale[k])) }))
	c.Target = dense.IdentityDyadic(2)
	_, err := check(write(t, c))
	wantReason(t, err, certificate.Undecided)
	c.Claim = certificate.Claim{Kind: certificate.ClaimResidual, Bound: big.NewRat(1, 1<<62)}
	if o, err := check(write(t, c)); err != nil || o.Verdict != verify.Enclosed {
		t.Errorf("%v, %v", o, err)
	}
	// What docs/certificate.md asks for: u = 2^-4096 times the norms, here at most 4.
	power := func(e uint) *big.Rat { return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), e)) }
	c.Claim.Bound = power(4090)
	if o, err := check(write(t, c)); err != nil || o.Residual.Cmp(power(4090)) > 0 {
		t.Errorf("%v, %v", o, err)
	}
	c.Claim.Bound = power(4230) // true, and less than the enclosure can prove
	_, err = check(write(t, c))
	wantReason(t, err, certificate.Undecided)
	_, err = certificate.Check(io.MultiReader(bytes.NewReader(write(t, c))), certificate.DefaultLimits(), engine.New, nil)
	if wantReason(t, err, certificate.Undecided); !strings.Contains(err.Error(), "read twice") {
		t.Errorf("from a pipe: %v", err)
	}
	off := must(dense.NewRational(2, 2, []*big.Rat{new(big.Rat).Add(big.NewRat(1, 1), power(4088)), new(big.Rat), new(big.Rat), big.NewRat(1, 1)}))
	c.Target, c.Claim.Bound = off, power(4089)
	_, err = check(write(t, c))
	wantReason(t, err, certificate.ClaimFalse)
	c.Claim = certificate.Claim{Kind: certificate.ClaimExact}
	_, err = check(write(t, c))
	wantReason(t, err, certificate.ClaimFalse)
}

var errDisk = errors.New("disk full")

func TestReadErrorIsNoRefusal(t *testing.T) {
	data := write(t, samples()[0].c)
	for _, at := range []int{0, 100, len(data)} {
		r := io.MultiReader(bytes.NewReader(data[:at]), iotest.ErrReader(errDisk))
		_, err := certificate.Check(r, certificate.DefaultLimits(), engine.New, nil)
		var refusal *certificate.RejectError
		if !errors.Is(err, errDisk) || errors.As(err, &refusal) {
			t.Errorf("after %d bytes: %v", at, err)
		}
	}
}

// reached returns the directories of the packages of this module that a package
// reaches, by import path, and all other import paths without one.
func reached(t *testing.T, pkg string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}`, pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		dirs[path] = dir
	}
	if dirs[pkg] == "" {
		t.Fatalf("go list does not know where %s is", pkg)
	}
	return dirs
}

// A checker is to be read in an evening: the one without an engine, which decides
// about every claim, has some 2,000 lines that are neither blank nor only a comment;
// with the engine, some 2,200 say more than a closing bracket. The pages say how many,
// up to the next hundred. Counted are all packages of this module that are reached,
// for every machine, without tests.
func TestCheckerIsSmall(t *testing.T) {
	checker, engine := reached(t, "flowproof/certificate"), reached(t, "flowproof/verify/engine")
	lines, statements := 0, 0
	maps.Copy(engine, checker)
	for path, dir := range engine {
		if dir == "" {
			continue
		}
		count, more := 0, 0
		for _, name := range slices.Concat(must(filepath.Glob(dir+"/*.go")), must(filepath.Glob(dir+"/*.s"))) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for line := range strings.Lines(string(must(os.ReadFile(name)))) {
				if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "//") {
					continue
				}
				if count++; strings.Trim(line, ")}],;(") != "" {
					more++
				}
			}
		}
		t.Logf("%5d %5d %s", count, more, path)
		if statements += more; checker[path] != "" {
			lines += count
		}
	}
	t.Logf("%d lines without the engine; with it %d that say more than a closing bracket", lines, statements)
	if lines < 1000 || lines >= 2500 || statements <= lines || statements >= 2800 {
		t.Error("too many lines, or none")
	}
	for page, counts := range map[string][]int{"certificate.md": {lines, statements}, "referee.md": {lines}} {
		text := strings.Join(strings.Fields(string(must(os.ReadFile("../docs/"+page)))), " ")
		for _, count := range counts {
			if n := (count/100 + 1) * 100; !strings.Contains(text, fmt.Sprintf("fewer than %d,%03d", n/1000, n%1000)) {
				t.Errorf("docs/%s does not say that %d lines are fewer than %d,%03d", page, count, n/1000, n%1000)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B)   { benchmark(b, false) }
func BenchmarkCompose(b *testing.B) { benchmark(b, true) }

// benchmark checks, or only composes, six dense float64 layers.
func benchmark(b *testing.B, compose bool) {
	for _, n := range []int{64, 128, 256, 512} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			f := denseFlow(n)
			rounded := must(verify.Compose(f)).Float64s()
			for k := range rounded {
				rounded[k] *= 1 + 1e-14
			}
			c := &encode.Certificate{Construction: "-", Theorem: "-", Flow: f, Target: must(exactmath.FromFloat64(n, n, rounded)),
				Claim: certificate.Claim{Kind: certificate.ClaimResidual, Bound: big.NewRat(1, 1000)}}
			data := write(b, c)
			b.ReportMetric(float64(len(data))/float64(6*8*(n/2)*(n-n/2)), "bytes/weights")
			for b.Loop() {
				if compose {
					must(verify.Compose(f))
				} else if _, err := check(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
