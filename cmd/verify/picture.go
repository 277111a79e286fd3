package main

import (
	"fmt"
	"io"
	"strings"
)

// checkPicture refuses a value of -picture that cannot be drawn to; "" is none.
func checkPicture(path string) error {
	switch {
	case path == "":
		return nil
	case !strings.HasSuffix(path, ".svg"):
		return fmt.Errorf("-picture: %q does not end in .svg", path)
	}
	return writable("picture", path)
}

// drawTo writes the picture, if there is to be one, completely or not at all.
func drawTo(path string, draw func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	return writeFile("picture", path, draw)
}
