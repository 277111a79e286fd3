// Package printable escapes what a name must not say to a terminal.
package printable

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text escapes, as JSON does, every character of s that does not show as itself:
// control characters but tabs and ends of lines, marks of writing direction,
// characters without width or look, unassigned ones. Inside JSON the result
// stands for the same text. Bytes that are no UTF-8 become \x and two digits.
func Text(s string) string { return escape(s, "\n\t") }

// Line is Text, with tabs and ends of lines escaped too: no name forges a row.
func Line(s string) string { return escape(s, "") }

func escape(s, keep string) string {
	hidden := func(r rune) bool { return isHidden(r) && !strings.ContainsRune(keep, r) }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !hidden(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		}
		s = s[size:]
	}
	return b.String()
}

// isHidden reports whether r does not show as itself: all that is not printable
// by Unicode's categories, and of the rest what is shown as nothing.
func isHidden(r rune) bool {
	return !unicode.IsPrint(r) || r > unicode.MaxLatin1 && unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Writer passes text on through Text. Each write has to hold whole characters.
type Writer struct{ io.Writer }

// Write writes p, escaped.
func (w Writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
