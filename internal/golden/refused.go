package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// refused writes damaged copies of accepted certificates: the first match of a
// pattern is replaced. Where the damage is not meant to show in the SHA-256 of
// the file, that is made right.
func refused(from, to string) error {
	for _, d := range []struct {
		name, of, pattern, replacement string
		rehash                         bool
	}{
		{"claim-false--weight-changed", "quarter-turn", `L\nweight text\n1`, "L\nweight text\n2", true},
		{"claim-false--kind-changed", "quarter-turn", `layer 2 L`, "layer 2 U", true},
		{"claim-false--partition-changed", "quarter-turn", `half`, "checkerboard", true},
		{"claim-false--bound-too-small", "orthogonal-random-orthogonal-3", `claim .*`, "claim residual 0x1p-60", true},
		{"claim-false--not-exact", "orthogonal-random-orthogonal-3", `claim .*`, "claim exact", true},
		{"claim-false--scale-changed", "scaled", `exact 7/9`, "exact 8/9", true},
		{"claim-false--logarithm-changed", "log-scales", `-7/3`, "-8/3", true},
		{"claim-false--exponentials-are-not-exact", "log-scales", `claim .*`, "claim exact", true},
		{"not-proved--depth-too-large", "depth-block-diag-j-4", `claim depth 6`, "claim depth 7", true},
		{"not-proved--reason-does-not-hold", "depth-block-diag-j-4", `reason U coefficient order 1`, "reason U coefficient order 2", true},
		{"malformed--reason-unknown-field", "depth-block-diag-j-4", `reason U coefficient`, "reason U coefficient rows 1", true},
		{"malformed--reason-missing", "depth-block-diag-j-4", `reason U .*\n`, "", true},
		{"digest--target-changed", "quarter-turn", `target text\n0 -1`, "target text\n0 1", true},
		{"digest--target-of-another", "hyperbolic", `target-sha256 .*`, "target-sha256 ecce6e913eef13709ea90e329176ec25255d07aa16d4990b83906829f14b514a", true},
		{"digest--file-changed", "quarter-turn", `by hand`, "by foot", false},
		{"truncated--in-layer-3", "quarter-turn", `(?s)layer 3 U\nwei.*`, "layer 3 U\nwei", false},
		{"truncated--in-float64s", "orthogonal-dct-17", `(?s)(target float64\n.{100}).*`, "$1", false},
		{"truncated--no-last-line", "hyperbolic", `\nsha256 .*\n`, "\n", false},
		{"trailing-data--line", "quarter-turn", `\z`, "\n", false},
		{"trailing-data--twice", "quarter-turn", `(?s)\A(.*)\z`, "$1$1", false},
		{"version--2", "quarter-turn", `certificate 1`, "certificate 2", true},
		{"malformed--layer-missing", "quarter-turn", `layers 3`, "layers 4", true},
		{"malformed--outside-file", "quarter-turn", `weight text`, "weight ../../../etc/passwd", true},
		{"malformed--compressed", "quarter-turn", `weight text`, "weight gzip", true},
		{"malformed--number", "quarter-turn", `weight text\n-1`, "weight text\none", true},
		{"malformed--seed-missing", "quarter-turn", `seed none\n`, "", true},
		{"not-canonical--leading-zero", "quarter-turn", `weight text\n-1`, "weight text\n-01", true},
		{"not-canonical--not-reduced", "scaled", `1/3`, "2/6", true},
		{"not-canonical--partition-has-a-name", "quarter-turn", `partition half`, "partition 0", true},
		{"not-canonical--layers-reordered", "quarter-turn", `layer 1 U`, "layer 2 U", true},
		{"not-canonical--layer-duplicated", "quarter-turn", `(?s)(layer 2.*)(layer 3)`, "$1$1$2", true},
		{"not-canonical--dense-as-sparse", "quarter-turn", `weight text\n`, "weight sparse 1\n0 0 ", true},
		{"not-canonical--negative-zero", "orthogonal-dct-17", `(?s)(target float64\n).{8}`, "${1}\x00\x00\x00\x00\x00\x00\x00\x80", true},
		{"too-large--dimension", "quarter-turn", `dimension 2`, "dimension 1000000000", true},
		{"too-large--layers", "quarter-turn", `layers 3`, "layers 1000000000", true},
		{"too-large--exponent", "quarter-turn", `weight text\n-1`, "weight text\n-0x1p-400000", true},
		{"too-large--entries", "quarter-turn", `weight text\n`, "weight sparse 2000000000\n0 0 ", true},
		{"invalid--scale-negative", "scaled", `exact 3/2`, "exact -3/2", true},
		{"invalid--partition", "quarter-turn", `partition half`, "partition 0,7", true},
		{"invalid--bound-zero", "quarter-turn", `claim exact`, "claim residual 0", true},
		{"invalid--not-a-number", "orthogonal-dct-17", `(?s)(target float64\n).{8}`, "${1}\x00\x00\x00\x00\x00\x00\xf8\x7f", true},
	} {
		data, err := os.ReadFile(filepath.Join(from, d.of+".cert"))
		if err != nil {
			return err
		}
		pattern, err := regexp.Compile(d.pattern)
		if err != nil {
			return err
		}
		at := pattern.FindSubmatchIndex(data)
		if at == nil {
			return fmt.Errorf("%s: %s does not match %s", d.name, d.of, d.pattern)
		}
		bad := pattern.Expand(bytes.Clone(data[:at[0]]), []byte(d.replacement), data, at)
		bad = append(bad, data[at[1]:]...)
		if body := bytes.LastIndex(bad, []byte("\nsha256 ")) + 1; d.rehash {
			bad = fmt.Appendf(bad[:body:body], "sha256 %x\n", sha256.Sum256(bad[:body]))
		}
		if err := os.WriteFile(filepath.Join(to, d.name+".cert"), bad, 0o644); err != nil {
			return err
		}
	}
	return nil
}
