package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// printable passes text on with control characters escaped: names that come from
// files cannot speak to the terminal, and JSON stays what it is.
type printable struct{ io.Writer }

// Write writes p, escaped.
func (w printable) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, clean(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// clean escapes control characters but tabs and ends of lines, as JSON does.
func clean(s string) string {
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
