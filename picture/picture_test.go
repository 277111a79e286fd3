package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
)

// elements parses a picture and counts its elements; it must be well-formed.
func elements(t *testing.T, c *Canvas) (counts map[string]int, text string) {
	t.Helper()
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	counts = map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return counts, b.String()
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		if e, ok := token.(xml.StartElement); ok {
			counts[e.Name.Local]++
		}
	}
}

// TestPlaces: corners of the data are corners of the panel, on both kinds of axes, and
// a point outside is counted and not drawn.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		log      bool
		from, to [2]float64
		middle   [2]float64
	}{{false, [2]float64{-1, 2}, [2]float64{3, 4}, [2]float64{1, 3}}, {true, [2]float64{1, 0.01}, [2]float64{100, 1}, [2]float64{10, 0.1}}} {
		canvas := New(100, 100)
		p := &Panel{Canvas: canvas, X: 10, Y: 20, W: 60, H: 40, From: c.from, To: c.to, Log: c.log}
		outside := p.Dots([][2]float64{c.from, c.to, c.middle, {c.to[0] * 2, c.to[1]}}, 1, "#000", 1)
		_, text := elements(t, canvas)
		if want := `d="M10.0 60.0h0M70.0 20.0h0M40.0 40.0h0"`; outside != 1 || !strings.Contains(text, want) {
			t.Errorf("%d outside, no %s in %s", outside, want, text)
		}
	}
}

// TestImage: values stand where they belong, the first index to the right, the second
// upwards.
func TestImage(t *testing.T) {
	canvas := New(100, 100)
	p := &Panel{Canvas: canvas, W: 100, H: 100, To: [2]float64{1, 1}}
	p.Image(p.From, p.To, 2, 3, []float64{0, 0, 1, 0, math.NaN(), 0}, Mass)
	_, text := elements(t, canvas)
	data := regexp.MustCompile(`base64,([^"]*)"`).FindStringSubmatch(text)
	raw, err := base64.StdEncoding.DecodeString(data[1])
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	for x := range 2 {
		for y := range 3 {
			r, _, _, _ := img.At((2*x+1)*size.X/4, (2*y+1)*size.Y/6).RGBA()
			if dark := r < 0x8000; dark != (x == 0 && y == 0) {
				t.Errorf("(%d, %d) is dark: %v", x, y, dark)
			}
		}
	}
}

// TestText: what is special in XML is escaped.
func TestText(t *testing.T) {
	canvas := New(10, 10)
	canvas.Text(0, 0, 10, End, `W2 <= 1 & "so"`)
	canvas.Turned(0, 0, 10, "<up>")
	counts, text := elements(t, canvas)
	if counts["text"] != 2 || !strings.Contains(text, "W2 &lt;= 1 &amp; &quot;so&quot;") || !strings.Contains(text, "&lt;up&gt;") {
		t.Errorf("%v\n%s", counts, text)
	}
}

// TestScales: ever darker, ever lighter.
func TestScales(t *testing.T) {
	light := func(s Scale, x float64) float64 {
		c := s.At(x)
		return 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)
	}
	for k := range 40 {
		x, y := float64(k)/40, float64(k+1)/40
		if light(Mass, x) <= light(Mass, y) || light(Heat, x) >= light(Heat, y) {
			t.Errorf("the lightness between %v and %v goes the wrong way", x, y)
		}
	}
	if Mass.At(-1) != Mass[0] || Mass.At(2) != Mass[4] {
		t.Error("beyond the ends")
	}
}

func TestDecades(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   string
	}{{1, 1000, 5, "[1 10 100 1000]"}, {0.5, 2e6, 3, "[1 100 10000 1e+06]"}, {2, 5, 3, "[]"}} {
		got := Decades(c.lo, c.hi, c.n)
		if s := strings.TrimSpace(fmt.Sprint(got)); s != c.want {
			t.Errorf("%v to %v: %s, want %s", c.lo, c.hi, s, c.want)
		}
	}
}
