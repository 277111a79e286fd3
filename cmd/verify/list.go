package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"flowproof/constructions"
	"flowproof/export"
	"flowproof/report"
	"flowproof/targets"
	"flowproof/theorem"
)

const listPage = `Usage: verify list [-json] [targets | densities | constructions | formats | theorems]

Lists what can be asked for by name, one line each: everything, or one kind. verify
inspect lists what a checkpoint holds.

Examples:
  verify list
  verify list targets
  verify list constructions -json
`

// listOptions are the flags of verify list.
type listOptions struct{ json bool }

func listCommand() command {
	var o listOptions
	return command{
		name: "list", summary: "list targets, densities, constructions and formats", page: listPage, flags: o.flags, run: o.run, args: true,
		words: func() map[string][]string { return map[string][]string{"": kinds()} },
	}
}

func (o *listOptions) flags(fs *flag.FlagSet) {
	fs.BoolVar(&o.json, "json", false, "print one JSON object, of a kind one array")
}

// item is one line of the list.
type item struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// kind is a list of things that can be asked for by name.
type kind struct {
	name, title string
	items       func() []item
}

// catalog is everything that can be asked for by name.
func catalog() []kind {
	return []kind{
		{"targets", "Targets", targetItems},
		{"densities", "Densities (verify universal)", densityItems},
		{"constructions", "Constructions", constructionItems},
		{"formats", "Formats", formatItems},
		{"theorems", "Theorems, lemmas and propositions of PROOFS.md", theoremItems},
	}
}

// kinds returns the names of the lists.
func kinds() (names []string) {
	for _, k := range catalog() {
		names = append(names, k.name)
	}
	return names
}

func targetItems() (items []item) {
	for _, t := range targets.List() {
		line := t.Summary
		if t.Constraint != "" {
			line += " (n: " + t.Constraint + ")"
		}
		if len(t.Options) > 0 {
			line += " [-" + strings.Join(t.Options, ", -") + "]"
		}
		items = append(items, item{t.Name, line})
	}
	return items
}

func densityItems() (items []item) {
	for _, d := range targets.Densities() {
		items = append(items, item{d.Name, d.Summary})
	}
	return items
}

func constructionItems() []item {
	items := []item{{"auto", "the one that suits the target"}}
	for _, k := range constructions.List() {
		items = append(items, item{k.Name, k.Summary})
	}
	return items
}

func formatItems() (items []item) {
	for _, f := range export.Formats() {
		items = append(items, item{f.Name, f.Summary})
	}
	return items
}

func theoremItems() (items []item) {
	for _, s := range theorem.All() {
		items = append(items, item{s.ID, fmt.Sprintf("%s (%s)", s.Title, s.Chapter)})
	}
	return items
}

// run is verify list.
func (o *listOptions) run(in *invocation) (int, error) {
	chosen := catalog()
	if in.NArg() > 0 {
		k := slices.IndexFunc(chosen, func(k kind) bool { return k.name == in.Arg(0) })
		if k < 0 || in.NArg() > 1 {
			return exitUsage, fmt.Errorf("list: %q, want one of %s", strings.Join(in.Args(), " "), strings.Join(kinds(), ", "))
		}
		chosen = chosen[k : k+1]
	}
	switch {
	case o.json && in.NArg() > 0:
		return exitOK, report.WriteJSON(in.stdout, chosen[0].items())
	case o.json:
		all := map[string][]item{}
		for _, k := range chosen {
			all[k.name] = k.items()
		}
		return exitOK, report.WriteJSON(in.stdout, all)
	}
	var b strings.Builder
	for n, k := range chosen {
		if n > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:\n", k.title)
		for _, i := range k.items() {
			fmt.Fprintf(&b, "  %-19s %s\n", i.Name, i.Summary)
		}
	}
	_, err := io.WriteString(in.stdout, b.String())
	return exitOK, err
}
