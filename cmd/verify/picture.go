package main

import (
	"fmt"
	"io"
	"strings"

	"flowproof/internal/atomicfile"
)

// checkPicture refuses a value of -picture that cannot be drawn to; "" is none.
func checkPicture(path string) error {
	switch {
	case path == "":
		return nil
	case !strings.HasSuffix(path, ".svg"):
		return fmt.Errorf("-picture: %q does not end in .svg", path)
	}
	if err := atomicfile.Check(path); err != nil {
		return fmt.Errorf("-picture: %w", err)
	}
	return nil
}

// drawTo writes the picture, if there is to be one, completely or not at all.
func drawTo(path string, draw func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	if err := atomicfile.Write(path, draw); err != nil {
		return fmt.Errorf("-picture: %s cannot be written: %w", path, err)
	}
	return nil
}
