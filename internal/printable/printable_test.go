package printable

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, text, line string }{
		{"layer.0.weight", "layer.0.weight", "layer.0.weight"},
		{"Gewicht_äöü 重み \U0001f600", "Gewicht_äöü 重み \U0001f600", "Gewicht_äöü 重み \U0001f600"},
		{"a\nb\tc\rd", "a\nb\tc\\u000dd", "a\\u000ab\\u0009c\\u000dd"},
		{"\x1b[2J\u009b1m\x7f", "\\u001b[2J\\u009b1m\\u007f", "\\u001b[2J\\u009b1m\\u007f"},
		{"a\x9b1m\xff", "a\\x9b1m\\xff", "a\\x9b1m\\xff"}, // C1 as a single byte
		{"a\u202egpj.exe", "a\\u202egpj.exe", "a\\u202egpj.exe"},
		{"\U000e0041", "\\udb40\\udc41", "\\udb40\\udc41"}, // a tag letter
		{"a\u2028b\u2029", "a\\u2028b\\u2029", "a\\u2028b\\u2029"},
		{"\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := Text(c.in); got != c.text {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.text)
		}
		if got := Line(c.in); got != c.line {
			t.Errorf("Line(%q) = %q, want %q", c.in, got, c.line)
		}
	}
}

// TestHidden names the characters, one by one, that must not get through.
func TestHidden(t *testing.T) {
	ranges := [][2]rune{{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x180b, 0x180e},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2064}, {0x2066, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f}, {0xe0100, 0xe01ef}}
	for _, r := range ranges {
		for c := r[0]; c <= r[1]; c++ {
			if strings.ContainsRune(Line("x"+string(c)), c) {
				t.Errorf("%U gets through", c)
			}
		}
	}
	for _, c := range "aZ09 ~!äßéЖ中あ한ع𝔸→±" {
		if got := Line(string(c)); got != string(c) {
			t.Errorf("%U becomes %s", c, got)
		}
	}
}

// FuzzText: nothing hidden is left, nothing else is changed, a second pass finds
// nothing to do, and JSON keeps its meaning.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\x9b", "\u202e\n\t", "\U000e0041\xf0\x9f", "\ufeff{\"a\": 1}", `\u202e`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, line := Text(s), Line(s)
		if Text(text) != text || Line(line) != line || Line(text) != line || !utf8.ValidString(line) {
			t.Fatalf("%q: %q, %q", s, text, line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
				t.Fatalf("%q: %q has %U", s, line, r)
			}
		}
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(s); err != nil {
			t.Fatal(err)
		}
		var plain, escaped string
		if err := json.Unmarshal(b.Bytes(), &plain); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(Text(b.String())), &escaped); err != nil || escaped != plain {
			t.Fatalf("%q: JSON %q, %v; want %q", s, escaped, err, plain)
		}
	})
}
