package certificate_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"flowproof/certificate"
	"flowproof/certificate/encode"
	"flowproof/coupling"
	"flowproof/exactmath"
)

// A target of this dimension is compared with the product in two blocks of rows.
const twoBlocks = 520

// The residual is that of the worst row, in whichever block it is.
func TestWorstRow(t *testing.T) {
	const n = twoBlocks
	for _, c := range []struct {
		name, encoding string
		entry          func(k int) float64 // of the target; the product is the identity
		most           float64
	}{
		{"dense", certificate.Floats, func(k int) float64 { return 1 + float64(k%7)/8 }, 2},
		{"steps", certificate.Near, func(k int) float64 { return math.Float64frombits(uint64(1 + k%7)) }, 1 << 20},
	} {
		for _, at := range []int{1, n*n/2 - 5, n*n - n, n*n - 2} {
			t.Run(fmt.Sprintf("%s, entry %d", c.name, at), func(t *testing.T) {
				f := make([]float64, n*n)
				for k := range f {
					if f[k] = c.entry(k); k%(n+1) == 0 {
						f[k]++
					}
				}
				f[at] = c.most
				want := new(big.Rat).SetFloat64(c.most)
				if at%(n+1) == 0 {
					t.Fatal("an entry of the diagonal")
				}
				claim := &encode.Certificate{Construction: "-", Theorem: "-", Flow: must(coupling.NewFlow(must(coupling.Half(n)))),
					Target: must(exactmath.FromFloat64(n, n, f)), Claim: certificate.Claim{Kind: certificate.ClaimResidual, Bound: want}}
				data := write(t, claim)
				if !strings.Contains(string(data), "\ntarget "+c.encoding+"\n") {
					t.Fatalf("not in the encoding %s", c.encoding)
				}
				o, err := check(data)
				if err != nil || o.Residual.Cmp(want) != 0 {
					t.Fatalf("%v, %v", o, err)
				}
				claim.Claim.Bound = new(big.Rat).Mul(want, big.NewRat(1<<20-1, 1<<20))
				_, err = check(write(t, claim))
				wantReason(t, err, certificate.ClaimFalse)
			})
		}
	}
}
