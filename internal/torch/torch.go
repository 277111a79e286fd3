// Package torch completes the PyTorch modules that the project writes: each is one
// file that needs nothing beside it.
package torch

import (
	_ "embed"
	"strings"
)

//go:embed safetensors.py
var reader string

// imported is the line by which a module's source stands for reader.
const imported = "from safetensors_reader import read_safetensors\n"

// Module returns the source of a module with the reader of safetensors files, which
// it imports, written out.
func Module(source string) string { return strings.Replace(source, imported, reader, 1) }
