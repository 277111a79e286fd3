package targets

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The bytes of every seeded target are pinned: they must be the same on every
// machine, with every compiler, and in every version to come.
func TestGoldenBytes(t *testing.T) {
	got := map[string]string{}
	for key := range golden {
		name, dim, _ := strings.Cut(key, " ")
		d, err := strconv.Atoi(dim)
		if err != nil {
			t.Fatal(err)
		}
		got[key] = hash(mustMake(t, name, d, 1, Options{}).Matrix)
	}
	if diff := cmp.Diff(golden, got); diff != "" {
		t.Errorf("hash of the entries (-want +got):\n%s", diff)
	}
	for _, i := range List() {
		if _, ok := golden[i.Name+" 16"]; !ok {
			t.Errorf("%s: no golden hash in dimension 16", i.Name)
		}
	}
}

func TestSameBytesOnAnyNumberOfProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := hash(mustMake(t, "random-orthogonal", 100, 3, Options{}).Matrix)
	runtime.GOMAXPROCS(4)
	if four := hash(mustMake(t, "random-orthogonal", 100, 3, Options{}).Matrix); four != one {
		t.Errorf("4 processors give %s, 1 gives %s", four, one)
	}
}

func TestSeeds(t *testing.T) {
	for _, i := range List() {
		a, b := mustMake(t, i.Name, 16, 1, Options{}), mustMake(t, i.Name, 16, 2, Options{})
		same := hash(a.Matrix) == hash(b.Matrix)
		if same == i.Seeded {
			t.Errorf("%s: seeds 1 and 2 give the same matrix: %v, but Seeded is %v", i.Name, same, i.Seeded)
		}
		if a.Seeded != i.Seeded || i.Seeded && a.Seed != 1 || a.Name != i.Name || a.Dim != 16 {
			t.Errorf("%s: target says %v, %d, %q, %d", i.Name, a.Seeded, a.Seed, a.Name, a.Dim)
		}
	}
}

var golden = map[string]string{
	"bit-reversal 16":       "db35178e3752fff4",
	"block-diag-j 16":       "2c54d0528a75204b",
	"checkerboard 16":       "78d35d2b8dda35e7",
	"companion 16":          "f14f5454ed130c44",
	"dct 16":                "7393e972fcb32b4a",
	"dct 65":                "b673de357cf1e497",
	"gaussian 16":           "712ce195ca522e23",
	"gaussian 65":           "04960487baa19509",
	"givens 16":             "7af1f9db1851360a",
	"glow-init 16":          "8cc82e9d1256db6e",
	"glow-init 65":          "a04a27d4cd090654",
	"hadamard 16":           "d64f9a1707174557",
	"householder-pair 16":   "09c4404fd23b90ac",
	"identity 16":           "286a39757f600aad",
	"ill-conditioned 16":    "a13e4853e592de2a",
	"ill-conditioned 65":    "51fca70e61808680",
	"integer 16":            "dda456d79a333ee6",
	"lu 16":                 "73ebfe7c84714210",
	"lu 65":                 "20c450da371cdb71",
	"minus-identity 16":     "05f03c72fca7d8e6",
	"permutation 16":        "d3765200a0fa3c44",
	"random-orthogonal 16":  "a73c8c119ba1374f",
	"random-orthogonal 2":   "a54ebade83c88643",
	"random-orthogonal 256": "785f3ff644a6b7f6",
	"random-orthogonal 3":   "0cf3a2e875afe264",
	"random-orthogonal 65":  "b15ab471a4ba0c12",
	"random-rotation 16":    "647cc798cc9dcce1",
	"reverse 16":            "086fae13643a5bbd",
	"shuffle 16":            "eadfcaa98ed73d97",
	"squeeze 16":            "4cc0be1bccac8cc5",
	"toeplitz 16":           "398de43e7b631d41",
	"triangular 16":         "998d04c71a09a68c",
	"unimodular 16":         "34aa19733e5d77b5",
	"zigzag 16":             "d3553dbb44b149c6",
}
