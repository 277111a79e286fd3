package main

import (
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"flowproof/constructions"
	"flowproof/export"
	"flowproof/report"
	"flowproof/targets"
)

const listPage = `Usage: verify list [-json]

Lists the targets, the densities, the constructions and the export formats, one
line each.

Examples:
  verify list
  verify list -json

Flags:
`

// item is one line of the list.
type item struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// catalog is everything that can be asked for by name.
type catalog struct {
	Targets       []item `json:"targets"`
	Densities     []item `json:"densities"` // of verify universal
	Constructions []item `json:"constructions"`
	Formats       []item `json:"formats"`
}

func newCatalog() catalog {
	c := catalog{Constructions: []item{{"auto", "the one that suits the target"}}}
	for _, t := range targets.List() {
		line := t.Summary
		if t.Constraint != "" {
			line += " (n: " + t.Constraint + ")"
		}
		if len(t.Options) > 0 {
			line += " [-" + strings.Join(t.Options, ", -") + "]"
		}
		c.Targets = append(c.Targets, item{t.Name, line})
	}
	for _, d := range targets.Densities() {
		c.Densities = append(c.Densities, item{d.Name, d.Summary})
	}
	for _, k := range constructions.List() {
		c.Constructions = append(c.Constructions, item{k.Name, k.Summary})
	}
	for _, f := range export.Formats() {
		c.Formats = append(c.Formats, item{f.Name, f.Summary})
	}
	return c
}

// listCommand is verify list.
func listCommand(args []string, stdout, _ io.Writer) (int, error) {
	fs := flag.NewFlagSet("verify list", flag.ContinueOnError)
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, listPage, args, false, stdout); err != nil {
		return exitUsage, err
	}
	return exitOK, list(stdout, *asJSON)
}

func list(w io.Writer, asJSON bool) error {
	c := newCatalog()
	if asJSON {
		return report.WriteJSON(w, c)
	}
	var b strings.Builder
	for _, s := range []struct {
		title string
		items []item
	}{{"Targets", c.Targets}, {"\nDensities (verify universal)", c.Densities}, {"\nConstructions", c.Constructions}, {"\nFormats", c.Formats}} {
		fmt.Fprintf(&b, "%s:\n", s.title)
		for _, i := range s.items {
			fmt.Fprintf(&b, "  %-18s %s\n", i.Name, i.Summary)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// version prints the version of the module and of Go.
func version(w io.Writer) error {
	v, goVersion := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		if info.Main.Version != "" {
			v = info.Main.Version
		}
	}
	_, err := fmt.Fprintln(w, strings.TrimSpace("flowproof "+v+" "+goVersion))
	return err
}
