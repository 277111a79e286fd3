package scan

import (
	"strconv"
	"strings"
)

// Origin reads where the content comes from: construction, theorem and seed, nil if
// there is none.
func (s *Scanner) Origin() (construction, theorem string, seed *uint64) {
	construction, theorem = s.Key("construction"), s.Key("theorem")
	s.Need(ValidText(construction) && ValidText(theorem), Invalid, "want 1 to 200 printable ASCII characters for construction and theorem")
	if text := s.Key("seed"); text != "none" {
		v, err := strconv.ParseUint(text, 10, 64)
		s.Need(err == nil, Malformed, "want seed none or a number below 2^64")
		s.Need(strconv.FormatUint(v, 10) == text, NotCanonical, "the seed is to be written %d", v)
		seed = &v
	}
	return construction, theorem, seed
}

// ValidText reports whether t may be said about where the layers come from: 1 to
// 200 printable ASCII characters.
func ValidText(t string) bool {
	return 1 <= len(t) && len(t) <= 200 && strings.IndexFunc(t, func(r rune) bool { return r < ' ' || '~' < r }) < 0
}
