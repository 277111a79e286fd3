package main

import (
	"fmt"
	"io"
	"strings"

	"flowproof/internal/nearest"
)

const helpPage = `Usage: verify help [COMMAND]

Prints what there is to do, or the page of a command: verify COMMAND -h is the same.

Examples:
  verify help
  verify help check
`

func helpCommand() command {
	return command{
		name: "help", summary: "print this, or the page of a command", page: helpPage, args: true, run: help,
		words: func() map[string][]string { return map[string][]string{"": commandNames()} },
	}
}

// help is verify help.
func help(in *invocation) (int, error) {
	text := overview()
	switch in.NArg() {
	case 0:
	case 1:
		c, err := findCommand(in.Arg(0))
		if err != nil {
			return exitUsage, fmt.Errorf("help: %w", err)
		}
		text = c.help()
	default:
		return exitUsage, fmt.Errorf("help: %q, want the name of one command", strings.Join(in.Args(), " "))
	}
	_, err := io.WriteString(in.stdout, text)
	return exitOK, err
}

// help is the page of the command: its text, and its flags.
func (c command) help() string {
	var b strings.Builder
	b.WriteString(c.page)
	if c.flags != nil {
		b.WriteString("\nFlags:\n")
		fs := c.set()
		fs.SetOutput(&b)
		fs.PrintDefaults()
	}
	return b.String()
}

// overview is the page of verify.
func overview() string {
	var b strings.Builder
	b.WriteString(`Coupling layers of linear maps, composed exactly.

Usage: verify [build] [flags] [FILE...]
       verify COMMAND [flags] [arguments]

Commands:
`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-11s %s\n", c.name, c.summary)
	}
	b.WriteString(`
verify help COMMAND has the flags of each; flags may follow arguments.

` + exitHelp + `
Examples:
  verify -d 64 -target random-orthogonal
  verify rotation.npy -json
  verify help build
`)
	return b.String()
}

func commandNames() (names []string) {
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func findCommand(name string) (command, error) {
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
	}
	if near := nearest.Of(name, commandNames()); near != "" {
		return command{}, fmt.Errorf("there is no command %q: did you mean %s?", name, near)
	}
	return command{}, fmt.Errorf("there is no command %q: want one of %s", name, strings.Join(commandNames(), ", "))
}
