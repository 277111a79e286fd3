package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

const completionPage = `Usage: verify completion bash|zsh|fish

Prints a script that completes the commands, the flags, and the names that flags
take: put it where the shell looks, or evaluate it.

Examples:
  verify completion bash
  verify completion zsh
  verify completion fish

Flags:
`

// completionCommand is verify completion.
func completionCommand(args []string, stdout, _ io.Writer) (int, error) {
	fs := flag.NewFlagSet("verify completion", flag.ContinueOnError)
	if err := parse(fs, completionPage, args, true, stdout); err != nil {
		return exitUsage, err
	}
	scripts := map[string]func(*strings.Builder){"bash": bash, "zsh": zsh, "fish": fish}
	if fs.NArg() != 1 || scripts[fs.Arg(0)] == nil {
		return exitUsage, fmt.Errorf("completion: %q, want bash, zsh or fish", strings.Join(fs.Args(), " "))
	}
	var b strings.Builder
	scripts[fs.Arg(0)](&b)
	_, err := io.WriteString(stdout, b.String())
	return exitOK, err
}

// words returns what can follow: commands, flags by command ("" for the main
// job), and the names that a flag takes.
func words() (cmds []string, flags map[string][]string, values map[string][]string) {
	flags = map[string][]string{"": flagNames()}
	for name := range commands() {
		cmds = append(cmds, name)
		flags[name] = flagNames(name)
	}
	slices.Sort(cmds)
	names := func(items []item) (out []string) {
		for _, i := range items {
			out = append(out, i.Name)
		}
		return out
	}
	c := newCatalog()
	values = map[string][]string{
		"-target": names(c.Targets), "-construction": names(c.Constructions), "-format": names(c.Formats),
		"-partition": {"half", "checkerboard"}, "-det": {"error", "flip", "pad"}, "-dtype": {"float32", "float64"},
	}
	return cmds, flags, values
}

// flagNames reads the flags of a command off its help page, the one source.
func flagNames(command ...string) (out []string) {
	var page strings.Builder
	run(append(command, "-h"), &page, io.Discard)
	_, list, _ := strings.Cut(page.String(), "Flags:\n")
	for _, line := range strings.Split(list, "\n") {
		if f, ok := strings.CutPrefix(line, "  -"); ok {
			out = append(out, "-"+strings.Fields(f)[0])
		}
	}
	return out
}

func bash(b *strings.Builder) {
	cmds, flags, values := words()
	b.WriteString("_verify() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words\n  case $prev in\n")
	for _, f := range sorted(values) {
		fmt.Fprintf(b, "    %s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return;;\n", f, strings.Join(values[f], " "))
	}
	b.WriteString("  esac\n  case ${COMP_WORDS[1]} in\n")
	for _, c := range cmds {
		fmt.Fprintf(b, "    %s) words=%q;;\n", c, strings.Join(flags[c], " "))
	}
	fmt.Fprintf(b, "    *) words=%q; [ $COMP_CWORD = 1 ] && words+=%q;;\n  esac\n", strings.Join(flags[""], " "), " "+strings.Join(cmds, " "))
	b.WriteString("  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _verify verify\n")
}

// zsh runs the bash script through zsh's own emulation of it.
func zsh(b *strings.Builder) {
	b.WriteString("#compdef verify\nautoload -U +X bashcompinit && bashcompinit\n")
	bash(b)
}

func fish(b *strings.Builder) {
	cmds, flags, values := words()
	fmt.Fprintf(b, "complete -c verify -n __fish_use_subcommand -a %q\n", strings.Join(cmds, " "))
	seen := map[string]bool{}
	for _, c := range append([]string{""}, cmds...) {
		for _, f := range flags[c] {
			if seen[f] {
				continue
			}
			seen[f] = true
			fmt.Fprintf(b, "complete -c verify -o %s", strings.TrimPrefix(f, "-"))
			if v := values[f]; v != nil {
				fmt.Fprintf(b, " -x -a %q", strings.Join(v, " "))
			}
			b.WriteString("\n")
		}
	}
}

func sorted(m map[string][]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
