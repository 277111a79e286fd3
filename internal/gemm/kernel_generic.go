//go:build !amd64 || purego

package gemm

func kernels32() []kernel[float32] { return []kernel[float32]{{8, portable[float32]}} }

func kernels64() []kernel[float64] { return []kernel[float64]{{8, portable[float64]}} }
