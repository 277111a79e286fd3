package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"
	"gonum.org/v1/gonum/mat"

	"flowproof/constructions/fault"
	"flowproof/exactmath"
	"flowproof/exactmath/orientation"
	"flowproof/targets"
)

// Matrices whose sign an LU factorization in float64 gets wrong, or cannot tell.
const (
	fib40      = "165580141 102334155\n102334155 63245986\n"                              // determinant 1
	fib43      = "433494437 701408733\n267914296 433494437\n"                             // 1
	fib42      = "267914296 433494437\n165580141 267914296\n"                             // -1
	magic4     = "16 2 3 13\n5 11 10 8\n9 7 6 12\n4 14 15 1\n"                            // 0, rank 3
	singMinus  = "794 490 719\n1000 616 904\n1125 693 1017\n"                             // 0, rank 2
	decimals   = "0.07 0.35 0.16\n0.10 0.50 0.77\n0.17 0.85 0.93\n"                       // 1.0e-34
	decimalsUp = "0.10 0.50 0.77\n0.07 0.35 0.16\n0.17 0.85 0.93\n"                       // -1.0e-34
	zero3      = "0 0 0\n0 0 0\n0 0 0\n"                                                  // 0, rank 0
	subnormals = "5e-324 0\n0 5e-324\n"                                                   // 2^-2148
	wide       = "1e308 1 0\n1 1e-308 0\n0 0 1\n"                                         // sign that of 1e308 * 1e-308 - 1, exactly
	thirds     = "1/3 1/7\n2/3 2/7\n"                                                     // 0, rank 1
	thirdsNear = "1/3 1/7\n2/3 2000000000000000000/6999999999999999999\n"                 // positive, by 1e-20
	near       = "9007199254740993 9007199254740992\n9007199254740992 9007199254740991\n" // -1
)

// pascal returns Pascal's symmetric matrix, of determinant 1.
func pascal(n int) string {
	var b strings.Builder
	for i := range n {
		for j := range n {
			fmt.Fprint(&b, new(big.Int).Binomial(int64(i+j), int64(i)), " ")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// exactSign is the sign of the determinant by Laplace's expansion over the
// rationals, for small n.
func exactSign(m exactmath.Matrix, rows, cols []int) *big.Rat {
	if len(rows) == 0 {
		return big.NewRat(1, 1)
	}
	sum := new(big.Rat)
	for k, j := range cols {
		rest := append(append([]int(nil), cols[:k]...), cols[k+1:]...)
		v := m.At(rows[0], j)
		if k%2 == 1 {
			v.Neg(v)
		}
		sum.Add(sum, v.Mul(v, exactSign(m, rows[1:], rest)))
	}
	return sum
}

// TestOrientation: exit 3 if and only if the determinant is not positive, with the
// right reason and the right ways out.
func TestOrientation(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"fib40": fib40, "fib43": fib43, "fib42": fib42, "magic4": magic4, "singMinus": singMinus, "decimals": decimals, "decimalsUp": decimalsUp,
		"zero3": zero3, "subnormals": subnormals, "wide": wide, "thirds": thirds, "thirdsNear": thirdsNear, "near": near, "pascal7": pascal(7),
	} {
		write(t, name+".txt", text)
		target, err := targets.Load(name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, target.Dim)
		for i := range all {
			all[i] = i
		}
		sign := exactSign(target.Matrix, all, all).Sign()
		code, out, errs := call("-target", name+".txt", "-construction", "six", "-json")
		switch {
		case sign > 0:
			var r struct {
				Sign    *int   `json:"det_sign"`
				How     string `json:"det_how"`
				Verdict string
			}
			if err := json.Unmarshal([]byte(out), &r); code != exitOK || err != nil || r.Sign == nil || *r.Sign != 1 || r.How == "" || r.Verdict != "exact" {
				t.Errorf("%s: exit %d, %v\n%s%s", name, code, err, out, errs)
			}
		case sign < 0:
			if code != exitUnrepresentable || !strings.Contains(errs, "determinant is negative") || !strings.Contains(errs, "-det flip") || !strings.Contains(errs, "-det pad") {
				t.Errorf("%s: exit %d, %s", name, code, errs)
			}
			for mode, n := range map[string]int{"flip": target.Dim, "pad": target.Dim + 1} {
				if r := callJSON(t, "-target", name+".txt", "-construction", "six", "-det", mode); r.Verdict != "exact" || r.Dimension != n {
					t.Errorf("%s -det %s: %+v", name, mode, r)
				}
			}
		default:
			rank := map[string]int{"magic4": 3, "singMinus": 2, "zero3": 0, "thirds": 1}[name]
			for _, mode := range []string{"error", "flip", "pad"} {
				code, _, errs := call("-target", name+".txt", "-det", mode)
				if code != exitUnrepresentable || !strings.Contains(errs, fmt.Sprintf("singular (rank %d)", rank)) || strings.Contains(errs, "-det") {
					t.Errorf("%s -det %s: exit %d, %s", name, mode, code, errs)
				}
			}
		}
		if code, _, errs := call("-target", name+".txt"); sign > 0 && code != exitOK || sign <= 0 && code != exitUnrepresentable {
			t.Errorf("%s: sign %d, exit %d, %s", name, sign, code, errs)
		}
	}
}

// TestRank511 is a matrix of 512 rows, of which one is the sum of two others.
func TestRank511(t *testing.T) {
	n := 128
	if *long {
		n = 512
	}
	rng := rand.New(rand.NewPCG(5, 12))
	v := make([]float64, n*n)
	for k := range v {
		v[k] = float64(rng.IntN(2_000_001) - 1_000_000)
	}
	for j := range n {
		v[(n-1)*n+j] = v[3*n+j] + v[70*n+j]
	}
	path := filepath.Join(t.TempDir(), "m.csv")
	var b strings.Builder
	for k, x := range v {
		fmt.Fprint(&b, int(x), map[bool]string{true: "\n", false: ","}[k%n == n-1])
	}
	write(t, path, b.String())
	code, _, errs := call("-target", path)
	if code != exitUnrepresentable || !strings.Contains(errs, fmt.Sprintf("singular (rank %d)", n-1)) {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCodeOf: no error but the proved one exits 3.
func TestCodeOf(t *testing.T) {
	proved := &unrepresentableError{"m", orientation.Orientation{Sign: 0, Rank: 1}}
	for _, c := range []struct {
		err  error
		want int
	}{{proved, exitUnrepresentable}, {fmt.Errorf("m: %w", proved), exitUnrepresentable}, {errors.New("m"), exitUsage}} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
	// A construction that takes a positive determinant for another is contradicted.
	positive := &oriented{det: &orientation.Orientation{Sign: 1, Rank: 2}, how: "known"}
	for _, err := range []error{fault.ErrSingular, fault.ErrOrientation} {
		if got := positive.contradicts("eight", err); codeOf(got) != exitUsage || strings.Contains(got.Error(), "no stack") || !strings.Contains(got.Error(), "known") {
			t.Errorf("%v: %v", err, got)
		}
	}
	if err := errors.New("other"); positive.contradicts("eight", err) != err || (&oriented{}).contradicts("eight", fault.ErrSingular) != fault.ErrSingular {
		t.Error("an error is replaced that says nothing of a determinant known")
	}
}

// TestListOrientation: what verify inspect says of the signs, in both forms.
func TestListOrientation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	writeTensors(t, path, map[string][]float64{
		"a.positive": {165580141, 102334155, 102334155, 63245986}, "b.negative": {267914296, 433494437, 165580141, 267914296},
		"c.singular": {16, 2, 3, 13, 5, 11, 10, 8, 9, 7, 6, 12, 4, 14, 15, 1}, "d.signed": {0, -1, 1, 0}, "e.permutation": {0, 1, 1, 0},
	})
	_, out, _ := call("inspect", path)
	for _, want := range []string{"a.positive [2 2] F64 matrix positive", "b.negative [2 2] F64 matrix negative", "c.singular [4 4] F64 matrix singular (rank 3) inf",
		"d.signed [2 2] F64 signed permutation positive 1", "e.permutation [2 2] F64 permutation negative 1"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	_, out, _ = call("inspect", path, "-json")
	var ls []listing
	if err := json.Unmarshal([]byte(out), &ls); err != nil {
		t.Fatal(err)
	}
	for k, want := range [][2]int{{1, 2}, {-1, 2}, {0, 3}, {1, 2}, {-1, 2}} {
		if l := ls[k]; l.DetSign == nil || *l.DetSign != want[0] || l.Rank == nil || *l.Rank != want[1] || l.DetHow == "" {
			t.Errorf("%s: %+v", l.Key, l)
		}
	}
	// A batch goes on, and says the same.
	code, out, _ := call(path, "-all", "-construction", "six", "-json")
	var es []entry
	if err := json.Unmarshal([]byte(out), &es); err != nil || code != exitUnrepresentable {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	for k, want := range []int{1, -1, 0, 1, -1} {
		e := es[k]
		if want > 0 && (e.Code != exitOK || e.Report == nil || *e.Report.DetSign != 1) ||
			want <= 0 && (e.Code != exitUnrepresentable || e.DetSign == nil || *e.DetSign != want || e.DetHow == "") {
			t.Errorf("%s: %+v", e.Name, e)
		}
	}
}

// writeTensors writes a safetensors file of square float64 matrices.
func writeTensors(t *testing.T, path string, tensors map[string][]float64) {
	t.Helper()
	header, offset := map[string]any{}, 0
	var numbers []byte
	for key, v := range tensors {
		n := int(math.Sqrt(float64(len(v))))
		header[key] = map[string]any{"dtype": "F64", "shape": []int{n, n}, "data_offsets": []int{offset, offset + 8*len(v)}}
		offset += 8 * len(v)
		for _, x := range v {
			numbers = binary.LittleEndian.AppendUint64(numbers, math.Float64bits(x))
		}
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	write(t, path, string(append(append(data, text...), numbers...)))
}

// TestFlipAndPad: all odd permutations of few points, flipped at each coordinate
// and padded, and large ones, come out exact.
func TestFlipAndPad(t *testing.T) {
	check := func(perm []int, mode string, n int, more ...string) {
		t.Helper()
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint(perm), " ", ","), "[]")
		r := callJSON(t, append([]string{"-d", fmt.Sprint(len(perm)), "-target", "permutation", "-perm", list, "-det", mode}, more...)...)
		if r.Dimension != n || r.Depth > 6 || r.Verdict != "exact" || r.Condition.MaxLayerBound >= 10.91 {
			t.Errorf("%v -det %s %v: %+v", perm, mode, more, r)
		}
	}
	for n := 2; n <= 4; n++ {
		visit(n, func(perm []int) {
			if targets.Even(perm) {
				check(perm, "pad", n) // is left as it is
				return
			}
			for k := range n {
				check(perm, fmt.Sprintf("flip=%d", k), n)
			}
			check(perm, "pad", n+1)
			check(perm, "flip", n, "-construction", "permutation-integer", "-partition", "checkerboard")
		})
	}
}

// visit calls f for all permutations of n points.
func visit(n int, f func(perm []int)) {
	perm := make([]int, n)
	var try func(k int)
	try = func(k int) {
		if k == n {
			f(perm)
			return
		}
		for i := range n {
			free := true
			for _, j := range perm[:k] {
				free = free && i != j
			}
			if free {
				perm[k] = i
				try(k + 1)
			}
		}
	}
	try(0)
}

// TestMixedParity: a batch of large permutations, odd and even, in lists and in a
// sparse matrix, through -det, and their certificates.
func TestMixedParity(t *testing.T) {
	t.Chdir(t.TempDir())
	sizes := []int{2_400, 10_001}
	if *long {
		sizes = []int{2_400, 40_000, 100_000}
	}
	rng := rand.New(rand.NewPCG(6, 6))
	var files []string
	odd := map[string]bool{}
	for _, n := range sizes {
		perm := rng.Perm(n)
		for k := range 2 {
			perm[0], perm[1] = perm[1], perm[0]
			name := fmt.Sprintf("p%d.%d.txt", n, k)
			write(t, name, strings.Trim(fmt.Sprint(perm), "[]")+"\n")
			files, odd[name] = append(files, name), !targets.Even(perm)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%%%%MatrixMarket matrix coordinate integer general\n%d %d %d\n", n, n, n)
		for j, i := range perm { // the sign of the first column makes its determinant -1
			sign := 1
			if j == 0 && targets.Even(perm) {
				sign = -1
			}
			fmt.Fprintln(&b, i+1, j+1, sign)
		}
		name := fmt.Sprintf("signed%d.mtx", n)
		write(t, name, b.String())
		files, odd[name] = append(files, name), true
	}
	for _, mode := range []string{"flip", "pad"} {
		code, out, errs := call(append([]string{"-det", mode, "-json"}, files...)...)
		var es []entry
		if err := json.Unmarshal([]byte(out), &es); err != nil || code != exitOK || errs != "" {
			t.Fatalf("-det %s: exit %d, %v, %s", mode, code, err, errs)
		}
		for _, e := range es {
			target, err := targets.Load(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			want := target.Dim
			if odd[e.Name] && mode == "pad" {
				want++
			}
			if r := e.Report; r.Verdict != "exact" || r.Dimension != want || r.Construction != "permutation" || r.Depth > 6 {
				t.Errorf("%s -det %s: %s in dimension %d by %s, %d layers", e.Name, mode, r.Verdict, r.Dimension, r.Construction, r.Depth)
			}
		}
		if code, _, errs := call("-target", "signed2400.mtx", "-det", mode, "-o", "x.cert"); code != exitOK {
			t.Fatal(errs)
		}
		if code, out, errs := call("check", "x.cert"); code != exitOK || !strings.HasPrefix(out, "accepted x.cert: exact") {
			t.Errorf("-det %s: %d, %s%s", mode, code, out, errs)
		}
	}
}

// TestPermutationMatrices: a permutation matrix is one in whatever file it comes.
func TestPermutationMatrices(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "m.csv", "0,0,1,0\n1,0,0,0\n0,1,0,0\n0,0,0,1\n")
	write(t, "signed.csv", "0,0,1,0\n1,0,0,0\n0,-1,0,0\n0,0,0,-1\n")
	writeTensors(t, "m.safetensors", map[string][]float64{"w": {0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}})
	writeTensors(t, "signed.safetensors", map[string][]float64{"w": {0, 0, 1, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, -1}})
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	member, err := z.Create("w.npy")
	if err == nil {
		err = npy.Write(member, mat.NewDense(3, 3, []float64{0, -1, 0, 1, 0, 0, 0, 0, 1}))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, "signed.npz", archive.String())
	for _, source := range []string{"-target m.csv", "-target signed.csv", "-target m.safetensors", "signed.safetensors", "-target signed.npz"} {
		for construction, want := range map[string]string{"auto": "permutation", "permutation": "permutation", "permutation-integer": "permutation-integer"} {
			if r := callJSON(t, append(strings.Fields(source), "-construction", construction)...); r.Verdict != "exact" || r.Construction != want {
				t.Errorf("%s -construction %s: %+v", source, construction, r)
			}
		}
	}
}
