// Package picture draws panels of points, maps of a function, and curves with
// logarithmic axes, as SVG. Its numbers are for eyes: what is proved stands in reports.
//
// It is 300 lines where a plotting library would bring fonts, PDF and TeX along.
package picture

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
)

// Canvas collects the elements of a picture. The zero value is empty.
type Canvas struct {
	body          strings.Builder
	width, height float64
}

// New returns an empty canvas of the given size in pixels.
func New(width, height float64) *Canvas { return &Canvas{width: width, height: height} }

// WriteTo writes the picture as an SVG document.
func (c *Canvas) WriteTo(w io.Writer) (int64, error) {
	n, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#222">
<rect width="100%%" height="100%%" fill="#fff"/>
%[3]s</svg>
`, c.width, c.height, c.body.String())
	return int64(n), err
}

func (c *Canvas) add(format string, args ...any) { fmt.Fprintf(&c.body, format+"\n", args...) }

// Anchor says which end of a text stands at its place.
type Anchor string

// The anchors.
const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// Text writes a line of the given size at a place.
func (c *Canvas) Text(x, y, size float64, at Anchor, text string) {
	c.add(`<text x="%.1f" y="%.1f" font-size="%g" text-anchor="%s">%s</text>`, x, y, size, at, escape.Replace(text))
}

// Turned writes a line that runs upwards.
func (c *Canvas) Turned(x, y, size float64, text string) {
	c.add(`<text transform="translate(%.1f %.1f) rotate(-90)" font-size="%g" text-anchor="middle">%s</text>`, x, y, size, escape.Replace(text))
}

// Panel is a rectangle of a canvas with the coordinates of its data.
type Panel struct {
	*Canvas
	X, Y, W, H float64    // on the canvas
	From, To   [2]float64 // of the data at the left and lower edges, and at the others; positive if Log
	Log        bool       // both axes are logarithmic
}

// place returns the place of a datum on the canvas.
func (p *Panel) place(x, y float64) (px, py float64) {
	t := [2]float64{x, y}
	for k := range t {
		from, to := p.From[k], p.To[k]
		if p.Log {
			t[k], from, to = math.Log(t[k]), math.Log(from), math.Log(to)
		}
		t[k] = (t[k] - from) / (to - from)
	}
	return p.X + p.W*t[0], p.Y + p.H*(1-t[1])
}

// Frame draws the border, the title, ticks and the names of the axes.
func (p *Panel) Frame(title, xName, yName string, xTicks, yTicks []float64) {
	p.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="none" stroke="#444" stroke-width="0.8"/>`, p.X, p.Y, p.W, p.H)
	p.Text(p.X, p.Y-8, 14, Start, title)
	p.Text(p.X+p.W/2, p.Y+p.H+32, 12, Middle, xName)
	p.Turned(p.X-34, p.Y+p.H/2, 12, yName)
	for _, t := range xTicks {
		x, _ := p.place(t, p.From[1])
		p.add(`<path d="M%.1f %.1fv4" stroke="#444" stroke-width="0.8"/>`, x, p.Y+p.H)
		p.Text(x, p.Y+p.H+16, 11, Middle, p.tick(t))
	}
	for _, t := range yTicks {
		_, y := p.place(p.From[0], t)
		p.add(`<path d="M%.1f %.1fh-4" stroke="#444" stroke-width="0.8"/>`, p.X, y)
		p.Text(p.X-7, y+4, 11, End, p.tick(t))
	}
}

// tick prints a number; on a logarithmic axis a far one as a power of ten.
func (p *Panel) tick(t float64) string {
	if p.Log && (t < 1e-3 || t > 1e4) {
		return fmt.Sprintf("1e%d", int(math.Round(math.Log10(t))))
	}
	return fmt.Sprintf("%g", t)
}

// Image draws an n x m map over the box from lo to hi, values[i*m+j] at the i-th place
// to the right and the j-th upwards; a value from 0 to 1 is a place on the scale. A
// coarse map is drawn in several pixels a place: some programs blur what they enlarge.
func (p *Panel) Image(lo, hi [2]float64, n, m int, values []float64, s Scale) {
	const fine = 256
	kx, ky := (fine+n-1)/n, (fine+m-1)/m
	img := image.NewNRGBA(image.Rect(0, 0, n*kx, m*ky))
	for x := range n * kx {
		for y := range m * ky {
			img.SetNRGBA(x, m*ky-1-y, s.At(values[x/kx*m+y/ky]))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a buffer takes everything, and the image has a size
	}
	x0, y1 := p.place(lo[0], lo[1])
	x1, y0 := p.place(hi[0], hi[1])
	p.add(`<image x="%.2f" y="%.2f" width="%.2f" height="%.2f" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,%s"/>`,
		x0, y0, x1-x0, y1-y0, base64.StdEncoding.EncodeToString(b.Bytes()))
}

// Dots draws points inside the panel and returns how many are outside.
func (p *Panel) Dots(points [][2]float64, size float64, colour string, opacity float64) (outside int) {
	var d strings.Builder
	for _, q := range points {
		x, y := p.place(q[0], q[1])
		if x < p.X || x > p.X+p.W || y < p.Y || y > p.Y+p.H {
			outside++
			continue
		}
		fmt.Fprintf(&d, "M%.1f %.1fh0", x, y)
	}
	p.add(`<path d="%s" stroke="%s" stroke-width="%g" stroke-linecap="round" stroke-opacity="%g"/>`, d.String(), colour, size, opacity)
	return outside
}

// Line draws a polygonal line with a mark at each datum, filled or not.
func (p *Panel) Line(points [][2]float64, colour string, filled bool) {
	var d strings.Builder
	fill := "#fff"
	if filled {
		fill = colour
	}
	verb := "M"
	for _, q := range points {
		x, y := p.place(q[0], q[1])
		fmt.Fprintf(&d, "%s%.1f %.1f", verb, x, y)
		verb = "L"
	}
	p.add(`<path d="%s" fill="none" stroke="%s" stroke-width="1.4"/>`, d.String(), colour)
	for _, q := range points {
		x, y := p.place(q[0], q[1])
		p.add(`<circle cx="%.1f" cy="%.1f" r="3.4" fill="%s" stroke="%s" stroke-width="1.4"/>`, x, y, fill, colour)
	}
}

// Area fills the polygon of the data.
func (p *Panel) Area(points [][2]float64, colour string) {
	var d strings.Builder
	verb := "M"
	for _, q := range points {
		x, y := p.place(q[0], q[1])
		fmt.Fprintf(&d, "%s%.1f %.1f", verb, x, y)
		verb = "L"
	}
	p.add(`<path d="%sz" fill="%s"/>`, d.String(), colour)
}

// Bar draws a scale to the right of the panel, with ticks from lo to hi.
func (p *Panel) Bar(s Scale, lo, hi float64, ticks []float64, label func(float64) string) {
	const steps = 64
	values := make([]float64, steps)
	for k := range values {
		values[k] = (float64(k) + 0.5) / steps
	}
	b := &Panel{Canvas: p.Canvas, X: p.X + p.W + 12, Y: p.Y, W: 12, H: p.H, From: [2]float64{0, lo}, To: [2]float64{1, hi}}
	b.Image([2]float64{0, lo}, [2]float64{1, hi}, 1, steps, values, s)
	b.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="none" stroke="#444" stroke-width="0.8"/>`, b.X, b.Y, b.W, b.H)
	for _, t := range ticks {
		_, y := b.place(0, t)
		b.add(`<path d="M%.1f %.1fh4" stroke="#444" stroke-width="0.8"/>`, b.X+b.W, y)
		b.Text(b.X+b.W+7, y+4, 11, Start, label(t))
	}
}

// Scale is a scale of colours, from the one for 0 to the one for 1.
type Scale []color.NRGBA

// The scales: Mass from white to dark blue, Heat from dark blue over green to yellow,
// both ever darker or ever lighter, so that they can be read without colours.
var (
	Mass = Scale{{255, 255, 255, 255}, {198, 219, 239, 255}, {107, 174, 214, 255}, {33, 113, 181, 255}, {8, 48, 107, 255}}
	Heat = Scale{{48, 18, 89, 255}, {59, 82, 139, 255}, {33, 145, 140, 255}, {94, 201, 98, 255}, {253, 231, 37, 255}}
)

// At returns the colour at t, from 0 to 1; beyond, that of the nearer end, and white
// where t is not a number.
func (s Scale) At(t float64) color.NRGBA {
	if math.IsNaN(t) {
		return color.NRGBA{255, 255, 255, 255}
	}
	t = min(max(t, 0), 1) * float64(len(s)-1)
	k := min(int(t), len(s)-2)
	f := t - float64(k)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-f) + float64(b)*f)) }
	return color.NRGBA{mix(s[k].R, s[k+1].R), mix(s[k].G, s[k+1].G), mix(s[k].B, s[k+1].B), 255}
}

// Decades returns powers of ten from lo to hi, at most n of them.
func Decades(lo, hi float64, n int) []float64 {
	from, to := int(math.Ceil(math.Log10(lo)-1e-9)), int(math.Floor(math.Log10(hi)+1e-9))
	step := max(1, (to-from+n-1)/n)
	var out []float64
	for e := from; e <= to; e += step {
		out = append(out, math.Pow10(e))
	}
	return out
}
