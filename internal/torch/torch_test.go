package torch

import (
	"strings"
	"testing"
)

// The reader stands once where it was imported, and nothing else changes.
func TestModule(t *testing.T) {
	before, after := "import torch\n\n\n", "\n\nclass Flow:\n    pass\n"
	if got := Module(before + imported + after); got != before+reader+after || !strings.HasPrefix(reader, "def read_safetensors(path):\n") {
		t.Errorf("%s", got)
	}
}
