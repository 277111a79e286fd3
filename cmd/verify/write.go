package main

import (
	"fmt"
	"io"

	"flowproof/internal/atomicfile"
)

// writable says why the file that a flag names cannot be written, if it cannot.
func writable(flag, path string) error {
	if err := atomicfile.Check(path); err != nil {
		return fmt.Errorf("-%s: %w", flag, err)
	}
	return nil
}

// writeFile writes the file that a flag names, completely or not at all.
func writeFile(flag, path string, write func(io.Writer) error) error {
	if err := atomicfile.Write(path, write); err != nil {
		return fmt.Errorf("-%s: %s cannot be written: %w", flag, path, err)
	}
	return nil
}
