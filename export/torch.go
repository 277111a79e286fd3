package export

import (
	_ "embed"
	"io"

	"flowproof/coupling"
	"flowproof/exactmath"
	"flowproof/internal/torch"
)

//go:embed flow.py
var torchSource string

// torchModule writes the Python source of a PyTorch module that loads the
// safetensors file; it is the same for every flow.
func torchModule(w io.Writer, _ *coupling.Flow, _ exactmath.Matrix, _ Options) error {
	_, err := io.WriteString(w, torch.Module(torchSource))
	return err
}
