package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"flowproof/picture"
	"flowproof/study"
)

// Sizes of pictures, in pixels.
const (
	side     = 300.0 // of a panel
	gap      = 70.0
	dots     = 6000 // samples drawn
	mapCells = 240  // of the map of condition numbers, along a side
	mapReach = 3.2  // of the noise
)

// Picture draws target, samples of the flow, and the condition number of its Jacobian
// over the noise; below, what is proved and what is measured. In more than two
// dimensions there is a row for each pair of coordinates.
func Picture(w io.Writer, r *study.UniversalityRecord) error {
	u := NewUniversality(r)
	h := r.Case.Histogram
	samples, err := r.Sample(dots)
	if err != nil {
		return err
	}
	var pairs [][2]int
	for i := range h.Dim() {
		for j := i + 1; j < h.Dim(); j++ {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	rows := float64(len(pairs))
	c := picture.New(3*side+4*gap+20, rows*(side+gap)+160)
	c.Text(gap, 28, 18, picture.Start, fmt.Sprintf("%s: two couplings on %s, %d + %d ReLU units", u.Target, u.Partition, u.Units[0], u.Units[1]))
	for k, p := range pairs {
		y := 66 + float64(k)*(side+gap)
		lo, hi := [2]float64{h.Lo[p[0]], h.Lo[p[1]]}, [2]float64{h.Hi[p[0]], h.Hi[p[1]]}
		target := pairPanel(c, gap, y, lo, hi)
		mass := study.Marginal(h, p[0], p[1])
		most := slices.Max(mass)
		for i := range mass {
			mass[i] /= most
		}
		target.Image(lo, hi, h.Cells[p[0]], h.Cells[p[1]], mass, picture.Mass)
		names := [2]string{fmt.Sprintf("x%d", p[0]), fmt.Sprintf("x%d", p[1])}
		xs, ys := ticks(lo[0], hi[0]), ticks(lo[1], hi[1])
		target.Frame("target", names[0], names[1], xs, ys)
		flow := pairPanel(c, 2*gap+side, y, lo, hi)
		var points [][2]float64
		for _, x := range samples {
			points = append(points, [2]float64{x[p[0]], x[p[1]]})
		}
		flow.Dots(points, 1.6, "#08519c", 0.55)
		flow.Frame(fmt.Sprintf("%d samples of the flow", dots), names[0], names[1], xs, ys)
	}
	if err := conditionPanel(c, r); err != nil {
		return err
	}
	y := 66 + rows*(side+gap) + 2
	c.Text(gap, y, 14, picture.Start, fmt.Sprintf("proved: W2(flow, target) <= %s; no map within %s has a Lipschitz constant below %s; mean log det of any such map <= %s",
		u.W2Bound, u.Delta, shortDown(u.Limits.Lipschitz), placesUp(u.Limits.LogDet)))
	line := fmt.Sprintf("computed from the slopes, in float64: condition number at most %.3g on plateaus of the selector, %.3g anywhere; log det %.4f",
		float64(u.Condition.Plateau), float64(u.Condition.Sup), float64(u.LogDet))
	c.Text(gap, y+22, 14, picture.Start, line)
	line = "measured: nothing"
	if u.Points > 0 {
		line = fmt.Sprintf("measured: W2 %.4f between %d points each (%.4f between two samples of the target); median condition number %.4g",
			float64(u.W2Measured), u.Points, float64(u.W2Floor), float64(u.Condition.Median))
	}
	c.Text(gap, y+44, 14, picture.Start, line)
	c.Text(gap, y+66, 14, picture.Start, "Between its plateaus the selector runs through zones too thin to see in the map, where the condition number is far larger.")
	_, err = c.WriteTo(w)
	return err
}

// pairPanel is a panel of two coordinates of the data: the box and a margin.
func pairPanel(c *picture.Canvas, x, y float64, lo, hi [2]float64) *picture.Panel {
	p := &picture.Panel{Canvas: c, X: x, Y: y, W: side, H: side}
	for k := range 2 {
		margin := 0.12 * (hi[k] - lo[k])
		p.From[k], p.To[k] = lo[k]-margin, hi[k]+margin
	}
	return p
}

// ticks are the ends and the middle.
func ticks(lo, hi float64) []float64 { return []float64{lo, lo/2 + hi/2, hi} }

// conditionPanel maps the condition number over the noise.
func conditionPanel(c *picture.Canvas, r *study.UniversalityRecord) error {
	values, err := r.Conditions(mapCells, mapReach)
	if err != nil {
		return err
	}
	lo, hi := math.Floor(slices.Min(values)), math.Ceil(slices.Max(values))
	hi = max(hi, lo+1)
	for k := range values {
		values[k] = (values[k] - lo) / (hi - lo)
	}
	runs, selects := r.Noise()
	p := &picture.Panel{Canvas: c, X: 3*gap + 2*side, Y: 66, W: side, H: side, From: [2]float64{-mapReach, -mapReach}, To: [2]float64{mapReach, mapReach}}
	p.Image(p.From, p.To, mapCells, mapCells, values, picture.Heat)
	axis := []float64{-3, -2, -1, 0, 1, 2, 3}
	title := "condition number over the noise"
	if r.Flow.Dim() > 2 {
		title += ", other coordinates 0"
	}
	p.Frame(title, fmt.Sprintf("z%d (runs through a cell)", runs), fmt.Sprintf("z%d (selects a cell)", selects), axis, axis)
	var marks []float64
	for _, t := range picture.Decades(math.Pow(10, lo), math.Pow(10, hi), 8) {
		marks = append(marks, math.Log10(t))
	}
	p.Bar(picture.Heat, lo, hi, marks, func(t float64) string { return fmt.Sprintf("1e%d", int(math.Round(t))) })
	return nil
}

// CurvePicture draws W2 against condition number for flows of one target, on
// logarithmic axes, and where no map can be.
func CurvePicture(w io.Writer, points []CurvePoint) error {
	const width, height = 760.0, 420.0
	c := picture.New(width+110, height+218)
	first := points[0]
	c.Text(66, 28, 18, picture.Start, fmt.Sprintf("%s on %s: W2 against condition number", first.Target, first.Partition))
	var median, plateau, sup, measured, limit [][2]float64
	top, bottom, right := 0.0, math.Inf(1), 10.0
	for _, p := range points {
		bound, err := p.W2Bound.Float64()
		if err != nil {
			return err
		}
		delta, err := p.Delta.Float64()
		if err != nil {
			return err
		}
		median = append(median, [2]float64{float64(p.Condition.Median), bound})
		measured = append(measured, [2]float64{float64(p.Condition.Median), float64(p.W2Measured)})
		plateau = append(plateau, [2]float64{float64(p.Condition.Plateau), bound})
		sup = append(sup, [2]float64{float64(p.Condition.Sup), bound})
		limit = append(limit, [2]float64{max(float64(p.Limits.Condition), 1), delta})
		top, bottom = max(top, bound, delta, float64(p.W2Measured)), min(bottom, bound, float64(p.W2Measured))
		right = max(right, float64(p.Condition.Sup))
	}
	p := &picture.Panel{Canvas: c, X: 66, Y: 56, W: width, H: height, Log: true,
		From: [2]float64{0.5, bottom / 1.4}, To: [2]float64{math.Pow(10, math.Ceil(math.Log10(right))), top * 1.4}}
	// To the left of the limits, which belong to all distances up to their delta.
	region := [][2]float64{{p.From[0], p.From[1]}}
	low := limit[len(limit)-1]
	region = append(region, [2]float64{low[0], p.From[1]})
	for k := len(limit) - 1; k >= 0; k-- {
		region = append(region, limit[k], [2]float64{limit[max(k-1, 0)][0], limit[k][1]})
	}
	region = append(region, [2]float64{1, p.To[1]}, [2]float64{p.From[0], p.To[1]})
	p.Area(region, "#e5e5e5")
	p.Line(sup, "#fdae6b", true)
	p.Line(plateau, "#d94801", true)
	p.Line(measured, "#08519c", false)
	p.Line(median, "#08519c", true)
	p.Frame("", "condition number", "W2", picture.Decades(1, p.To[0], 12), []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5}[skip(p.From[1]):])
	y := p.Y + height + 58
	for k, l := range []struct {
		colour string
		filled bool
		text   string
	}{
		{"#08519c", true, "W2 proved, against the median condition number, measured"},
		{"#08519c", false, "W2 measured, against the same"},
		{"#d94801", true, "W2 proved, against the largest condition number on the selector's plateaus, computed"},
		{"#fdae6b", true, "W2 proved, against what the condition number is anywhere at most, computed"},
	} {
		row := y + 20*float64(k)
		mark := &picture.Panel{Canvas: c, X: 70, Y: row - 10, W: 30, H: 10, To: [2]float64{1, 1}}
		mark.Line([][2]float64{{0, 0.5}, {1, 0.5}}, l.colour, l.filled)
		c.Text(112, row, 13, picture.Start, l.text)
	}
	grey := &picture.Panel{Canvas: c, X: 70, Y: y + 70, W: 30, H: 12, To: [2]float64{1, 1}}
	grey.Area([][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}}, "#e5e5e5")
	c.Text(112, y+80, 13, picture.Start, "no map at all is there: proved")
	_, err := c.WriteTo(w)
	return err
}

// skip counts the ticks of W2 below the panel.
func skip(from float64) (n int) {
	for _, t := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5} {
		if t < from {
			n++
		}
	}
	return n
}
