package npy

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file is a header of version 1 with this text.
func file(text string) string {
	return Magic + "\x01\x00" + string([]byte{byte(len(text)), byte(len(text) >> 8)}) + text
}

func TestReadHeader(t *testing.T) {
	for _, c := range []struct {
		text string
		want Header
	}{
		{"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 3), }   \n", Header{Descr: "<f8", Shape: []int{3, 3}}},
		{`{"shape":(7,),"descr":"|u1","fortran_order":True}`, Header{Descr: "|u1", Shape: []int{7}, Fortran: true}},
		{"{ 'shape' : ( ) , 'fortran_order' : False , 'descr' : '<f4' , }", Header{Descr: "<f4"}},
		{"{'descr': '<i8', 'fortran_order': False, 'shape': (2L, 10L)}", Header{Descr: "<i8", Shape: []int{2, 10}}},
		{"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }", Header{Structured: true}},
	} {
		c.want.Size = int64(10 + len(c.text))
		r := strings.NewReader(file(c.text) + "data")
		got, err := ReadHeader(r)
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", c.text, err, d)
		}
		if rest, _ := io.ReadAll(r); string(rest) != "data" {
			t.Errorf("%s: left %q", c.text, rest)
		}
	}
}

func TestRefused(t *testing.T) {
	const f8, order, shape = "'descr': '<f8', ", "'fortran_order': False, ", "'shape': (3, 3), "
	for text, want := range map[string]string{
		"": "ends where it wants {", "{": "ends where it wants the keys", "{}": "has no descr, fortran_order and shape",
		"{" + f8 + order + "}": "has no descr", "{" + f8 + order + shape: "ends where it wants",
		"{" + f8 + "'descr': '>f8', " + order + shape + "}":                "has the key descr twice",
		"{" + f8 + order + shape + "'shape': (4, 4)}":                      "has the key shape twice",
		"{" + f8 + order + "'fortran_order': True, " + shape:               "has the key fortran_order twice",
		"{" + f8 + order + shape + "'x': 1}":                               `has the key "x"`,
		"{" + f8 + order + shape + "}{}":                                   "want blanks after the dictionary",
		"{" + f8 + order + shape + "} # comment":                           "want blanks after",
		"{" + f8 + "'fortran_order': 0, " + shape + "}":                    "want True or False",
		"{" + f8 + "'fortran_order': Falsey, " + shape + "}":               "want , or }",
		"{" + f8 + order + "'shape': (3)}":                                 "want a shape",
		"{" + f8 + order + "'shape': (3, -3)}":                             "want a shape",
		"{" + f8 + order + "'shape': (3, 3.0)}":                            "want a shape",
		"{" + f8 + order + "'shape': (03, 3)}":                             "want a shape",
		"{" + f8 + order + "'shape': (1_0, 3)}":                            "want a shape",
		"{" + f8 + order + "'shape': [3, 3]}":                              "want a shape",
		"{" + f8 + order + "'shape': (3,, 3)}":                             "want a shape",
		"{" + f8 + order + "'shape': (9223372036854775808, 3)}":            "has a length of 9223372036854775808",
		"{" + f8 + order + "'shape': (" + strings.Repeat("1, ", 65) + ")}": "more than 64 axes",
		`{'descr': '<\x668', ` + order + shape + "}":                       "want a type",
		"{'descr': <f8, " + order + shape + "}":                            "want a type",
		"{" + f8 + f8[:3]:                                                  "wants the keys",
	} {
		if h, err := ReadHeader(strings.NewReader(file(text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", text, h, err, want)
		}
	}
	for data, want := range map[string]string{
		"":                                 "is truncated",
		"PK\x03\x04 and more":              "is not a NumPy array",
		Magic + "\x01\x00":                 "is truncated",
		Magic + "\x04\x00\x00\x00":         "version 4.0",
		Magic + "\x01\x01\x02\x00{}":       "version 1.1",
		Magic + "\x01\x00\x11\x27{":        "declares a NumPy header of 10001 bytes, want 10000 or less",
		Magic + "\x02\x00\xff\xff\xff\xff": "declares a NumPy header of 4294967295 bytes",
		file("{")[:10]:                     "is truncated",
	} {
		if _, err := ReadHeader(strings.NewReader(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", data, err, want)
		}
	}
}

// FuzzHeader: what is read is written anew and read as the same; no more is read
// than the header; errors fit on a line.
func FuzzHeader(f *testing.F) {
	names, err := filepath.Glob("../../testdata/targets/numpy/*.npy")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 256)])
	}
	f.Add([]byte(file("{'descr': '<f8', 'descr': '>f8', 'fortran_order': False, 'shape': (3L, 3), }\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		h, err := ReadHeader(r)
		if err != nil {
			if s := err.Error(); len(s) > 300 || strings.ContainsAny(s, "\n\x1b") {
				t.Fatalf("%q", s)
			}
			return
		}
		if int64(len(data)-r.Len()) != h.Size {
			t.Fatalf("%d bytes read of a header of %d", len(data)-r.Len(), h.Size)
		}
		if h.Structured {
			return
		}
		order := map[bool]string{true: "True", false: "False"}[h.Fortran]
		shape := ""
		for _, n := range h.Shape {
			shape += fmt.Sprint(n, ", ")
		}
		quote := "'"
		if strings.Contains(h.Descr, quote) {
			quote = `"`
		}
		text := file("{'shape': (" + shape + "), 'fortran_order': " + order + ", 'descr': " + quote + h.Descr + quote + "}")
		again, err := ReadHeader(strings.NewReader(text))
		if h.Size, again.Size = 0, 0; err != nil || !cmp.Equal(h, again) {
			t.Fatalf("%+v, written and read %+v, %v", h, again, err)
		}
	})
}
