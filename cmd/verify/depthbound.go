package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"flowproof/export"
	"flowproof/report"
	"flowproof/study"
	"flowproof/verify/flowdepth"
)

const depthBoundPage = `Usage: verify depth-bound -d D -eps E [target] [layers] [flags]

Proves how many layers a flow on R^D needs to bring the standard normal law to within E of a
target in the Wasserstein distance, and builds one that does with as few, or nearly: the
bounds are computed in balls, the flow's from its numbers as they are stored.

Targets: two points R and -R on an axis (-points 2 -radius R); 2^j points, the vertices of
a cube (-points 8 -radius R); any points at a distance of at least G from each other, of
equal masses (-points 5 -distance G); any law on curves of a total length (-segment L), or on
k points of which nothing else is known (-points k -distance 0).

Layers: couplings of any networks with log-scales of at least -S (-log-scale S; 0 are additive
ones, as in NICE); any layers with log |det| >= -V (-log-det V); bi-Lipschitz layers
(-lipschitz L); layers of bounded condition number (-layer-condition K). Without layers it
says what every map must pay: Lipschitz constant and condition number.

Exit codes: 0 proved, or nothing can be proved and the output says so; 2 usage; 130 interrupted

Examples:
  verify depth-bound -points 2 -radius 1 -d 2 -eps 0.1 -log-scale 1
  verify depth-bound -d 64 -eps 0.001 -log-scale 1 -json
  verify depth-bound -d 2 -eps 0.1
  verify depth-bound -d 2 -eps 0.1 -lipschitz 2
  verify depth-bound -segment 2 -d 8 -eps 0.1 -log-scale 1
  verify depth-bound -table -log-scale 1
`

// depthBoundOptions are the flags of verify depth-bound.
type depthBoundOptions struct {
	points               int64
	radius, distance     string
	segment              string
	d, updated, power    int
	eps                  string
	logScale, logDet     string
	lipschitz, condition string
	json                 bool
	table                bool
	out                  string
}

func depthBoundCommand() command {
	var o depthBoundOptions
	return command{
		name: "depth-bound", summary: "how deep a flow has to be, proved, and flows of that depth",
		page: depthBoundPage, flags: o.flags, run: o.run,
	}
}

func (o *depthBoundOptions) flags(fs *flag.FlagSet) {
	fs.Int64Var(&o.points, "points", 2, "`k`, the number of points, or of curves with -segment (then 1)")
	fs.StringVar(&o.radius, "radius", "1", "`R`: the points are R or -R in each of j coordinates, k = 2^j")
	fs.StringVar(&o.distance, "distance", "", "`G`: the points are at least this far apart, two exactly; 0: nothing is known")
	fs.StringVar(&o.segment, "segment", "", "total `length` of the curves that the target lives on")
	fs.IntVar(&o.d, "d", 0, "`dimension`")
	fs.StringVar(&o.eps, "eps", "", "the `distance` to come within")
	fs.IntVar(&o.power, "wasserstein", 1, "`p`: 1 for W1, 2 for W2")
	fs.StringVar(&o.logScale, "log-scale", "", "couplings with log-scales of at least -`S`")
	fs.IntVar(&o.updated, "updated", 0, "`coordinates` that one coupling scales, at most (default: half of them, rounded up)")
	fs.StringVar(&o.logDet, "log-det", "", "layers with log |det| of at least -`V`")
	fs.StringVar(&o.lipschitz, "lipschitz", "", "layers that change distances by a factor of at most `L`, either way")
	fs.StringVar(&o.condition, "layer-condition", "", "layers of condition number `K` at most")
	fs.StringVar(&o.out, "o", "", "write the flow to this `file`: .safetensors or .onnx")
	fs.BoolVar(&o.table, "table", false, "print a table over dimensions and distances for these layers, or for every map; -d and -eps are its own")
	fs.BoolVar(&o.json, "json", false, "print one JSON object")
}

// run is verify depth-bound.
func (o *depthBoundOptions) run(in *invocation) (int, error) {
	if o.table {
		return o.cells(in)
	}
	c, err := o.depth(in)
	if err != nil {
		return exitUsage, err
	}
	format, _ := export.FindNonlinear(o.out)
	if o.out != "" && (format.Name != "onnx" && format.Name != "safetensors") {
		return exitUsage, fmt.Errorf("-o: %q does not end in .safetensors or .onnx", o.out)
	}
	spin := newSpinner(in.stderr)
	defer spin.stop()
	c.Say = spin.say
	r, err := c.Run()
	if err != nil {
		return exitUsage, depthFlag(err)
	}
	spin.stop()
	if o.out != "" {
		if r.Flow == nil && r.Missing == "" {
			return exitUsage, errors.New("-o: there is no flow to write: want couplings, -log-scale or -log-det")
		}
		if r.Flow == nil {
			return exitUsage, fmt.Errorf("-o: there is no flow to write: %s", r.Missing)
		}
		err := writeFile("o", o.out, func(w io.Writer) error { return format.Write(w, r.Flow, nil, export.NonlinearOptions{}) })
		if err != nil {
			return exitUsage, err
		}
	}
	return exitOK, writeReport(report.NewDepth(r), o.json, in.stdout)
}

// The table's dimensions and distances.
var (
	tableDims = []int{2, 8, 64, 3072}
	tableEps  = []string{"0.3", "0.1", "0.01", "0.001"}
)

// cells is verify depth-bound -table: a line for each case, as it is proved.
func (o *depthBoundOptions) cells(in *invocation) (int, error) {
	if in.given("d") || in.given("eps") || o.json || o.out != "" {
		return exitUsage, errors.New("-table: goes with none of -d, -eps, -json and -o")
	}
	fmt.Fprintf(in.stdout, "%6s  %6s  %s\n", "d", "eps", "proved")
	for _, d := range tableDims {
		for _, text := range tableEps {
			o.d = d
			c := &study.Depth{Power: o.power}
			var err error
			if c.Eps, err = positive("eps", text); err == nil {
				err = o.target(in, c)
			}
			if err == nil {
				c.Layers, err = o.layers(in)
			}
			if err != nil {
				return exitUsage, err
			}
			r, err := c.Run()
			if err != nil {
				return exitUsage, depthFlag(err)
			}
			if _, err := fmt.Fprintf(in.stdout, "%6d  %6s  %s\n", d, text, report.NewDepth(r).Cell()); err != nil {
				return exitUsage, err
			}
		}
	}
	return exitOK, nil
}

// depth checks the flags and makes the case.
func (o *depthBoundOptions) depth(in *invocation) (*study.Depth, error) {
	for _, name := range []string{"d", "eps"} {
		if !in.given(name) {
			return nil, fmt.Errorf("-%s: not given, want a number, as in verify depth-bound -d 2 -eps 0.1 -log-scale 1", name)
		}
	}
	eps, err := positive("eps", o.eps)
	if err != nil {
		return nil, err
	}
	c := &study.Depth{Eps: eps, Power: o.power}
	if err := o.target(in, c); err != nil {
		return nil, err
	}
	c.Layers, err = o.layers(in)
	return c, err
}

// target reads what the target is.
func (o *depthBoundOptions) target(in *invocation, c *study.Depth) (err error) {
	t := flowdepth.Target{Dim: o.d, Pieces: o.points}
	switch {
	case in.given("segment"):
		if in.given("radius") || in.given("distance") {
			return errors.New("-segment: goes with neither -radius nor -distance")
		}
		if !in.given("points") {
			t.Pieces = 1
		}
		t.Length, err = positive("segment", o.segment)
	case in.given("distance"):
		if in.given("radius") {
			return errors.New("-radius and -distance: want one of them")
		}
		if x, ok := new(big.Rat).SetString(o.distance); ok && x.Sign() == 0 {
			break
		}
		if t.Gap, err = positive("distance", o.distance); err == nil && t.Pieces == 2 {
			c.Radius = new(big.Rat).Mul(t.Gap, big.NewRat(1, 2))
		}
	case t.Pieces > 1:
		if t.Pieces&(t.Pieces-1) != 0 {
			return fmt.Errorf("-points: %d is no power of two, the vertices of a cube: say how far the points are apart, -distance G (0: nothing is known)", t.Pieces)
		}
		if c.Radius, err = positive("radius", o.radius); err == nil {
			t.Gap = new(big.Rat).Mul(c.Radius, big.NewRat(2, 1))
		}
	case in.given("radius"):
		return errors.New("-radius: goes with two points or more")
	}
	c.Target = t
	return err
}

// layers reads which layers are meant; nil: none.
func (o *depthBoundOptions) layers(in *invocation) (*flowdepth.Layers, error) {
	var given []string
	var out *flowdepth.Layers
	for _, f := range []struct {
		name, text string
		kind       flowdepth.Kind
		least      string
	}{
		{"log-scale", o.logScale, flowdepth.LogScale, "0 or more"}, {"log-det", o.logDet, flowdepth.LogDet, "0 or more"},
		{"lipschitz", o.lipschitz, flowdepth.Lipschitz, "1 or more"}, {"layer-condition", o.condition, flowdepth.LayerCondition, "1 or more"},
	} {
		if !in.given(f.name) {
			continue
		}
		given = append(given, "-"+f.name)
		v, err := rational(f.text)
		if err != nil {
			return nil, fmt.Errorf("-%s: %q, want a number, %s", f.name, f.text, f.least)
		}
		out = &flowdepth.Layers{Kind: f.kind, Value: v}
	}
	if len(given) > 1 {
		return nil, fmt.Errorf("%s: want one kind of layers", strings.Join(given, ", "))
	}
	if in.given("updated") && !slices.Contains(given, "-log-scale") {
		return nil, errors.New("-updated: goes with -log-scale")
	}
	if out != nil && out.Kind == flowdepth.LogScale {
		if out.Updated = (o.d + 1) / 2; in.given("updated") {
			out.Updated = o.updated
		}
	}
	return out, nil
}

// rational reads a number exactly.
func rational(text string) (*big.Rat, error) {
	// The float is a guard: it refuses 1e-999999 before it becomes a fraction.
	f, err := strconv.ParseFloat(text, 64)
	r, ok := new(big.Rat).SetString(text)
	if err != nil || !ok || (f == 0) != (r.Sign() == 0) {
		return nil, fmt.Errorf("%q is not a number", text)
	}
	return r, nil
}

// depthFlag says which flag an error of flowdepth is about.
func depthFlag(err error) error {
	var a *flowdepth.ArgumentError
	if !errors.As(err, &a) {
		return err
	}
	name := map[string]string{
		"d": "d", "k": "points", "length": "segment", "distance": "distance", "eps": "eps", "p": "wasserstein",
		"S": "log-scale", "V": "log-det", "L": "lipschitz", "K": "layer-condition", "updated coordinates": "updated", "R": "radius",
	}[a.Name]
	if name == "" {
		return err
	}
	return fmt.Errorf("-%s: %s, want %s", name, a.Got, a.Want)
}
