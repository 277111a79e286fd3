package training

import (
	_ "embed"

	"flowproof/internal/torch"
)

//go:embed realnvp.py
var torchModule string

// TorchModule is the Python source of a PyTorch module that loads what Save and
// Export write; it is the same for every flow.
func TorchModule() string { return torch.Module(torchModule) }
