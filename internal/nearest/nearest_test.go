package nearest

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"dct", "dct", 0}, {"flaw", "lawn", 2}} {
		if d := distance(c.a, c.b); d != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, d, c.want)
		}
	}
}

func TestOf(t *testing.T) {
	names := []string{"check", "export", "list", "lift"}
	for word, want := range map[string]string{"exprot": "export", "chekc": "check", "lst": "list", "lit": "list", "rotation": "", "": ""} {
		if got := Of(word, names); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
