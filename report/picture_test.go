package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"flowproof/internal/number"
	"flowproof/study"
	"flowproof/targets"
	"flowproof/transport"
	"flowproof/verify/wasserstein"
)

// wellFormed fails unless b is XML.
func wellFormed(t *testing.T, b []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestPicture: a row for each pair of coordinates, the map, and which numbers are
// proved and which measured; with nothing measured it says so.
func TestPicture(t *testing.T) {
	for _, c := range []struct {
		target string
		points int
		maps   int // images: a target for each pair, the map, its scale
	}{{"square", 64, 3}, {"linked-rings", 0, 5}} {
		h := must(targets.Density(c.target, 0))
		u := &study.Universality{Target: c.target, Histogram: h, Split: must(transport.ParseSplit(h.Dim(), []string{"", "", "1|1", "1|2"}[h.Dim()])),
			Delta: big.NewRat(1, 2), DeltaText: "0.5", Points: c.points, Seed: 1, Limits: wasserstein.DefaultLimits()}
		r := must(u.Run())
		var b bytes.Buffer
		if err := Picture(&b, r); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, b.Bytes())
		measured := "measured: W2"
		if c.points == 0 {
			measured = "measured: nothing"
		}
		for _, want := range []string{"proved: W2(flow, target) &lt;= " + number.Up(r.Bound.Bound, 5), measured, "condition number over the noise"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q", c.target, want)
			}
		}
		if got := strings.Count(b.String(), "<image"); got != c.maps {
			t.Errorf("%s: %d maps, want %d", c.target, got, c.maps)
		}
		point := NewCurvePoint(study.Point(r))
		b.Reset()
		if err := CurvePicture(&b, []CurvePoint{point, point}); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, b.Bytes())
	}
}
