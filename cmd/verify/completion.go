package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
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
`

func completionCommand() command {
	return command{
		name: "completion", summary: "print a script that completes commands in a shell", page: completionPage, args: true, run: completion,
		words: func() map[string][]string { return map[string][]string{"": {"bash", "zsh", "fish"}} },
	}
}

// completion is verify completion.
func completion(in *invocation) (int, error) {
	scripts := map[string]func(*strings.Builder){"bash": bash, "zsh": zsh, "fish": fish}
	if in.NArg() != 1 || scripts[in.Arg(0)] == nil {
		return exitUsage, fmt.Errorf("completion: %q, want bash, zsh or fish", strings.Join(in.Args(), " "))
	}
	var b strings.Builder
	scripts[in.Arg(0)](&b)
	_, err := io.WriteString(in.stdout, b.String())
	return exitOK, err
}

// completionsOf is what can follow a command: its flags, and the words for its
// arguments and for the values of its flags.
type completionsOf struct {
	name  string
	flags []string
	words map[string][]string
}

// table lists the commands, the first one for what is no command.
func table() (out []completionsOf) {
	for _, c := range commands() {
		z := completionsOf{name: c.name}
		c.set().VisitAll(func(f *flag.Flag) { z.flags = append(z.flags, "-"+f.Name) })
		if c.words != nil {
			z.words = c.words()
		}
		out = append(out, z)
	}
	return out
}

func bash(b *strings.Builder) {
	all := table()
	b.WriteString("_verify() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words\n  case ${COMP_WORDS[1]} in\n")
	for k, c := range append(all[1:], all[0]) {
		label, first := c.name, ""
		if k == len(all)-1 {
			label, first = "*", "    [ $COMP_CWORD = 1 ] && words+=\" "+strings.Join(commandNames(), " ")+"\"\n"
		}
		fmt.Fprintf(b, "  %s)\n    case $prev in\n", label)
		for _, f := range slices.Sorted(maps.Keys(c.words)) {
			if f != "" {
				fmt.Fprintf(b, "    %s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return;;\n", f, strings.Join(c.words[f], " "))
			}
		}
		fmt.Fprintf(b, "    esac\n    words=%q\n%s    ;;\n", strings.Join(append(c.flags, c.words[""]...), " "), first)
	}
	b.WriteString("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _verify verify\n")
}

// zsh runs the bash script through zsh's own emulation of it.
func zsh(b *strings.Builder) {
	b.WriteString("#compdef verify\nautoload -U +X bashcompinit && bashcompinit\n")
	bash(b)
}

func fish(b *strings.Builder) {
	all := table()
	var others []string
	for _, c := range all {
		fmt.Fprintf(b, "complete -c verify -n __fish_is_first_arg -a %s -d %q\n", c.name, summaryOf(c.name))
		others = append(others, c.name)
	}
	for k, c := range all {
		when := "__fish_seen_subcommand_from " + c.name
		if k == 0 {
			when = "not __fish_seen_subcommand_from " + strings.Join(others[1:], " ")
		}
		if w := c.words[""]; w != nil {
			fmt.Fprintf(b, "complete -c verify -n %q -a %q\n", when, strings.Join(w, " "))
		}
		for _, f := range c.flags {
			fmt.Fprintf(b, "complete -c verify -n %q -o %s", when, strings.TrimPrefix(f, "-"))
			if v := c.words[f]; v != nil {
				fmt.Fprintf(b, " -x -a %q", strings.Join(v, " "))
			}
			b.WriteString("\n")
		}
	}
}

func summaryOf(name string) string {
	c, _ := findCommand(name) // one of the table
	return c.summary
}
