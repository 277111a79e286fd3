package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"flowproof/experiment"
	"flowproof/picture"
)

// Colours of curves, and of paddings, in their order.
var colours = []string{"#08519c", "#b30000", "#238b45", "#6a51a3"}

// FitPicture draws the relative error that descent reached against the number of
// layers, a panel a target, a curve a dimension (the mean of the logarithms over the
// seeds), and where the proved least depth lies.
func FitPicture(w io.Writer, fits []Fit) error {
	var names []string
	for _, f := range fits {
		if name := f.References[0].Target; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	c := picture.New(float64(len(names))*(side+gap)+gap, side+170)
	c.Text(gap, 28, 18, picture.Start, "Linear maps by gradient descent: relative error against the number of layers")
	for k, name := range names {
		p := &picture.Panel{Canvas: c, X: gap + float64(k)*(side+gap), Y: 66, W: side, H: side, From: [2]float64{0.5, -17}, To: [2]float64{10.5, 1}}
		least, row := math.Inf(1), 0.0
		for _, f := range fits {
			for _, r := range f.References {
				if r.Target == name {
					least = min(least, float64(r.AtLeast))
				}
			}
		}
		edge := least - 0.5
		p.Area([][2]float64{{0.5, -17}, {edge, -17}, {edge, 1}, {0.5, 1}}, "#e4e4e4")
		for _, f := range fits {
			if f.References[0].Target != name {
				continue
			}
			colour := colours[int(row)%len(colours)]
			var points [][2]float64
			for layers := 1; layers <= 10; layers++ {
				var s sample
				for _, r := range f.Fitted {
					if r.Layers == layers && !r.Diverged {
						s = with(s, lg(r.Error))
					}
				}
				if len(s) > 0 {
					points = append(points, [2]float64{float64(layers), s.mean()})
				}
			}
			p.Line(points, colour, true)
			y := p.Y + side - 76 + 18*row
			c.Text(p.X+30, y, 13, picture.Start, fmt.Sprintf("n = %d", f.References[0].N))
			at := p.To[1] - (y-5-p.Y)/side*(p.To[1]-p.From[1])
			p.Dots([][2]float64{{1.1, at}}, 8, colour, 1)
			row++
		}
		p.Frame(name, "layers", "lg error", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []float64{-16, -12, -8, -4, 0})
	}
	c.Text(gap, side+130, 14, picture.Start, "grey: so few layers are proved not to suffice; the curves are measured (means over the seeds)")
	_, err := c.WriteTo(w)
	return err
}

// Picture draws the condition number of the Jacobian at held-out data, a panel a law,
// a column a padding: median and 90 %, means over the seeds of their logarithms, for
// the first depth of the records.
func (p Padding) Picture(w io.Writer) error {
	depth := p.Records[0].Depth
	sections := slices.DeleteFunc(p.sections(), func(s []*experiment.Record) bool { return s[0].Depth != depth })
	c := picture.New(float64(len(sections))*(side+gap)+gap, side+200)
	c.Text(gap, 28, 18, picture.Start, fmt.Sprintf("Padding and the condition number of the Jacobian, %d couplings", depth))
	for k, records := range sections {
		groups := groupsOf(records)
		panel := &picture.Panel{Canvas: c, X: gap + float64(k)*(side+gap), Y: 66, W: side, H: side, From: [2]float64{-0.5, 0}, To: [2]float64{float64(len(groups)) - 0.5, 6}}
		for i, g := range groups {
			x := float64(i)
			colour := colours[slices.Index(experiment.Kinds(), g.padding.Kind)]
			median, most := take(g.records, medianColumn.of), take(g.records, mostColumn.of)
			if len(median) == 0 || len(most) == 0 {
				continue
			}
			panel.Line([][2]float64{{x, median.mean()}, {x, most.mean()}}, colour, true)
			panel.Dots([][2]float64{{x, median.mean()}}, 10, colour, 1)
			c.Turned(panel.X+side*(x+0.5)/float64(len(groups))+4, panel.Y+side+44, 12, g.padding.String())
		}
		panel.Frame(records[0].Dataset, "", "lg condition number", nil, []float64{0, 1, 2, 3, 4, 5, 6})
	}
	c.Text(gap, side+184, 14, picture.Start, "large: median over held-out points, small: 90 %; means of logarithms over the seeds, measured")
	_, err := c.WriteTo(w)
	return err
}
