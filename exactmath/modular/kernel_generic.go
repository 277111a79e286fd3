//go:build !amd64 || purego

package modular

func fastest() kernel { return portable }
