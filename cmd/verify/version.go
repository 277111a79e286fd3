package main

import (
	"fmt"
	"runtime/debug"
	"strings"
)

const versionPage = `Usage: verify version

Prints the version of flowproof and of Go.

Examples:
  verify version
`

func versionCommand() command {
	return command{name: "version", summary: "print the version", page: versionPage, run: version}
}

// version is verify version.
func version(in *invocation) (int, error) {
	v, goVersion := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		if info.Main.Version != "" {
			v = info.Main.Version
		}
	}
	_, err := fmt.Fprintln(in.stdout, strings.TrimSpace("flowproof "+v+" "+goVersion))
	return exitOK, err
}
