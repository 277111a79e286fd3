//go:build !amd64 || purego

package residue

// Kernels are the kernels that this machine runs, the slowest first.
func Kernels() []Kernel { return []Kernel{portable} }
