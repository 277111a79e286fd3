package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"flowproof/report"
	"flowproof/study"
	"flowproof/verify/wasserstein"
)

// noises are the scales s of the flows of -table layers.
var noises = []float64{0.1, 0.03, 0.01, 0.003, 0.001}

// likelihoodTargets are the targets of -table likelihood.
var likelihoodTargets = []string{"square", "checkerboard", "eight-gaussians", "ring", "two-moons"}

// several is verify universal -deltas and -table.
func (o *universalOptions) several(fs *flag.FlagSet, spin *spinner, stdout io.Writer) (int, error) {
	var given []string
	fs.Visit(func(f *flag.Flag) { given = append(given, f.Name) })
	if o.table == "" {
		return o.curve(given, spin, stdout)
	}
	allowed := map[string][]string{"layers": {"table", "json", "points", "seed"}, "likelihood": {"table", "json", "points", "seed"}, "constants": {"table", "json"}}[o.table]
	if allowed == nil {
		return exitUsage, fmt.Errorf("-table: %q, want layers, likelihood or constants", o.table)
	}
	for _, name := range given {
		if !slices.Contains(allowed, name) {
			return exitUsage, fmt.Errorf("-%s: does nothing with -table %s, which takes -%s", name, o.table, strings.Join(allowed[1:], ", -"))
		}
	}
	if o.table == "constants" {
		cs, err := wasserstein.Constants()
		if err != nil {
			return exitUsage, err
		}
		spin.stop()
		return exitOK, writeReport(report.NewConstants(cs), o.json, stdout)
	}
	const least = 128 // fewer say nothing about the 99th percentile
	if o.points < least || o.points > 1<<17 {
		return exitUsage, fmt.Errorf("-points: %d, want %d to %d for -table %s", o.points, least, 1<<17, o.table)
	}
	if o.table == "likelihood" {
		l := study.Likelihoods{Targets: likelihoodTargets, Deltas: []string{"0.5", "0.2", "0.1", "0.05"}, Points: o.points, Seed: o.seed, Say: spin.say}
		entries, err := l.Run()
		if err != nil {
			return exitUsage, err
		}
		spin.stop()
		return exitOK, writeReport(report.NewLikelihood(entries), o.json, stdout)
	}
	l := study.Layers{Noises: noises, Points: o.points, Seed: o.seed, Say: spin.say}
	entries, err := l.Run()
	if err != nil {
		return exitUsage, err
	}
	spin.stop()
	return exitOK, writeReport(report.NewLayers(entries), o.json, stdout)
}

// writeReport prints a report in one of its two forms.
func writeReport(r interface {
	JSON(io.Writer) error
	Text(io.Writer) error
}, json bool, w io.Writer) error {
	if json {
		return r.JSON(w)
	}
	return r.Text(w)
}

// curve prints a point for each of -deltas, as it is found.
func (o *universalOptions) curve(given []string, spin *spinner, stdout io.Writer) (int, error) {
	if slices.Contains(given, "delta") {
		return exitUsage, fmt.Errorf("-delta and -deltas: want one of them")
	}
	deltas := strings.Split(o.deltas, ",")
	for i, d := range deltas {
		deltas[i] = strings.TrimSpace(d)
		if _, err := positive("deltas", deltas[i]); err != nil {
			return exitUsage, err
		}
	}
	o.delta = deltas[0]
	c, err := o.universality(spin)
	if err != nil {
		return exitUsage, err
	}
	if c.Points < 1 {
		return exitUsage, fmt.Errorf("-points: 0, want at least 1 for -deltas: the median condition number is measured")
	}
	if !o.json {
		spin.stop()
		fmt.Fprintf(stdout, "%s on %s\n%s\n", c.Target, c.Split, report.CurveHead)
	}
	var points []report.CurvePoint
	err = study.Curve(*c, deltas, func(p *study.CurvePoint) error {
		points = append(points, report.NewCurvePoint(p))
		if o.json {
			return points[len(points)-1].Line(stdout)
		}
		return points[len(points)-1].Text(stdout)
	})
	if err != nil {
		return exitUsage, fmt.Errorf("%s: %w", c.Target, err)
	}
	if err := drawTo(o.picture, func(w io.Writer) error { return report.CurvePicture(w, points) }); err != nil {
		return exitUsage, err
	}
	return exitOK, nil
}
