package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mutant is a change of one file: the text of from..to-1 becomes new.
type mutant struct {
	id       string // kind of the change, or the name in a list
	pkg      string // as go test takes it, relative to the root
	file     string // relative to the root
	line     int
	column   int // in bytes, as the compiler counts
	from, to int
	old, new string
	stale    bool // a list's text that the file does not have, or has twice
}

func (m mutant) String() string {
	short := func(s string) string {
		s = strings.Join(strings.Fields(s), " ")
		if len(s) > 60 {
			s = s[:57] + "..."
		}
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%s %s:%d:%d %s -> %s", m.id, m.file, m.line, m.column, short(m.old), short(m.new))
}

// readKnown reads a list of mutants, one JSON object a line.
func readKnown(name, root string) ([]mutant, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []mutant
	scan := bufio.NewScanner(f)
	for n := 1; scan.Scan(); n++ {
		var z struct{ ID, File, Old, New string }
		d := json.NewDecoder(bytes.NewReader(scan.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&z); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if z.ID == "" || z.Old == "" || z.Old == z.New || !filepath.IsLocal(z.File) {
			return nil, fmt.Errorf("%s:%d: want an id, a file of the module, and two texts that differ", name, n)
		}
		src, err := os.ReadFile(filepath.Join(root, z.File))
		m := mutant{id: z.ID, pkg: "./" + filepath.ToSlash(filepath.Dir(z.File)), file: z.File, old: z.Old, new: z.New}
		if text := string(src); err != nil || strings.Count(text, z.Old) != 1 {
			m.stale = true
		} else {
			m.from = strings.Index(text, z.Old)
			m.to = m.from + len(z.Old)
			m.line = strings.Count(text[:m.from], "\n") + 1
			m.column = m.from - strings.LastIndexByte(text[:m.from], '\n')
		}
		all = append(all, m)
	}
	return all, scan.Err()
}

// operators and names take each other's place.
var operators = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR}, token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL}, token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.SHL: {token.SHR}, token.SHR: {token.SHL},
	token.AND: {token.OR}, token.OR: {token.AND}, token.ADD_ASSIGN: {token.SUB_ASSIGN, token.ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN, token.ASSIGN},
	token.MUL_ASSIGN: {token.QUO_ASSIGN, token.ASSIGN}, token.INC: {token.DEC}, token.DEC: {token.INC},
}

var names = map[string]string{
	"true": "false", "false": "true", "min": "max", "max": "min",
	"up": "down", "down": "up", "Above": "Below", "Below": "Above", "Upper": "Lower", "Lower": "Upper",
	"ToPositiveInf": "ToNegativeInf", "ToNegativeInf": "ToPositiveInf", "AwayFromZero": "ToZero", "ToZero": "AwayFromZero",
	"Add": "Sub", "Sub": "Add", "Mul": "Quo", "Quo": "Mul", "Lsh": "Rsh", "Rsh": "Lsh",
}

// ofFile returns the mutants of a file by all rules, in the order of the text.
func ofFile(src []byte) ([]mutant, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []mutant
	at := func(p token.Pos) int { return set.Position(p).Offset }
	text := func(from, to token.Pos) string { return string(src[at(from):at(to)]) }
	change := func(kind string, from, to token.Pos, with string) {
		p := set.Position(from)
		all = append(all, mutant{id: kind, line: p.Line, column: p.Column, from: at(from), to: at(to), old: text(from, to), new: with})
	}
	swap := func(p token.Pos, op token.Token) {
		for _, other := range operators[op] {
			change("operator", p, p+token.Pos(len(op.String())), other.String())
		}
	}
	negate := func(e ast.Expr) {
		if e != nil {
			change("negate", e.Pos(), e.End(), "!("+text(e.Pos(), e.End())+")")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BinaryExpr:
			swap(n.OpPos, n.Op)
		case *ast.IncDecStmt:
			swap(n.TokPos, n.Tok)
		case *ast.UnaryExpr:
			if n.Op == token.SUB || n.Op == token.NOT {
				change("sign", n.Pos(), n.X.Pos(), " ")
			}
		case *ast.Ident:
			if other, ok := names[n.Name]; ok {
				change("name", n.Pos(), n.End(), other)
			}
		case *ast.BasicLit:
			for _, v := range constants(n) {
				change("constant", n.Pos(), n.End(), v)
			}
		case *ast.AssignStmt:
			swap(n.TokPos, n.Tok)
			if n.Tok != token.DEFINE {
				change("drop", n.Pos(), n.End(), "")
			}
		case *ast.ExprStmt:
			change("drop", n.Pos(), n.End(), "")
		case *ast.IfStmt:
			negate(n.Cond)
		case *ast.ForStmt:
			negate(n.Cond)
		case *ast.CallExpr: // up(x) becomes x
			if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "up" || name.Name == "down") && len(n.Args) == 1 {
				change("unrounded", n.Pos(), n.End(), "("+text(n.Args[0].Pos(), n.Args[0].End())+")")
			}
		}
		return true
	})
	return all, nil
}

// constants returns what takes the place of a number: its neighbours, or for a
// float64 its double and its half.
func constants(n *ast.BasicLit) []string {
	switch n.Kind {
	case token.INT:
		if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil && v > 0 {
			return []string{strconv.FormatInt(v+1, 10), strconv.FormatInt(v-1, 10)}
		}
		return []string{"1"}
	case token.FLOAT:
		return []string{"(2 * " + n.Value + ")", "(0.5 * " + n.Value + ")"}
	}
	return nil
}
