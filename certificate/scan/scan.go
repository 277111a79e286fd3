// Package scan reads the lines of certificates: it refuses at once what is not
// written as docs/certificate.md wants it, and never takes memory for what is not
// there.
package scan

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"flowproof/exactmath"
)

const maxLine = 1 << 24 // bytes of a line, its end included

// Limits bounds what reading may cost.
type Limits struct {
	Bytes int64 // length of the file
	Bits  int   // of a numerator or denominator

	exactmath.Limits // what is left of memory and work
}

// Scanner reads a certificate. Its methods end by a panic when they fail, so that
// what they return is always good; Run recovers it.
type Scanner struct {
	src     io.LimitedReader
	in      *bufio.Reader // of src
	at      int64         // bytes taken from in
	file    hash.Hash     // of them
	Canon   io.Writer     // wants them as well
	Limits  Limits
	Section string // what is being read, for refusals
}

// failure is what the methods of a scanner panic with.
type failure struct{ error }

// New returns a scanner of r.
func New(r io.Reader, limits Limits) *Scanner {
	s := &Scanner{src: io.LimitedReader{R: r, N: limits.Bytes + 1}, file: sha256.New(), Canon: io.Discard, Limits: limits}
	s.in = bufio.NewReader(&s.src)
	return s
}

// Run runs read, which calls methods of the scanner, and returns what the first of
// them that failed found: a *RejectError, or an error of reading.
func (s *Scanner) Run(read func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p.error
		default:
			panic(p)
		}
	}()
	read()
	return nil
}

// write takes note that p was read.
func (s *Scanner) write(p []byte) {
	s.at += int64(len(p))
	s.file.Write(p)
	s.Canon.Write(p)
}

// Peek returns the next n bytes.
func (s *Scanner) Peek(n int) []byte {
	head, err := s.in.Peek(n)
	s.IO(err)
	return head
}

// Skip passes over bytes that Peek has returned: they are read, and Canon does not
// get them.
func (s *Scanner) Skip(p []byte) {
	s.at += int64(len(p))
	s.file.Write(p)
	s.in.Discard(len(p))
}

// Read reads into p and takes note of it.
func (s *Scanner) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.write(p[:n])
	return n, err
}

// Sum is the SHA-256 of what was read.
func (s *Scanner) Sum() []byte { return s.file.Sum(nil) }

// End reads the last line, the SHA-256 of all before it, and sees that nothing
// follows.
func (s *Scanner) End() {
	s.Section = "trailer"
	want := fmt.Sprintf("%x", s.Sum())
	s.Need(s.Key("sha256") == want, Digest, "the SHA-256 of what comes before is %s", want)
	_, err := s.in.ReadByte()
	s.Need(err != nil, Trailing, "something follows the last line")
	if !errors.Is(err, io.EOF) || s.src.N == 0 {
		s.IO(err)
	}
}

// Fail refuses the file.
func (s *Scanner) Fail(reason Reason, format string, args ...any) {
	panic(failure{&RejectError{reason, s.Section, s.at, fmt.Sprintf(format, args...)}})
}

// Need fails unless ok.
func (s *Scanner) Need(ok bool, reason Reason, format string, args ...any) {
	if !ok {
		s.Fail(reason, format, args...)
	}
}

// Check refuses values that were read, if there is an error about them.
func (s *Scanner) Check(err error) {
	if errors.Is(err, exactmath.ErrTooLarge) || errors.Is(err, exactmath.ErrStopped) {
		s.Fail(Undecided, "%v", err)
	}
	s.Need(err == nil, Invalid, "%v", err)
}

// IO fails if there is an error of reading.
func (s *Scanner) IO(err error) {
	ends := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	s.Need(!ends || s.src.N > 0, TooLarge, "more than %d bytes", s.Limits.Bytes)
	s.Need(!ends, Truncated, "the file ends here")
	if err != nil {
		panic(failure{fmt.Errorf("certificate: %w", err)})
	}
}

// Spend takes memory, in bytes, and work from what is left of them.
func (s *Scanner) Spend(memory, work int64) {
	err := s.Limits.Spend(memory, work)
	s.Need(err == nil, Undecided, "%v", err)
}

// Line reads up to the end of the line.
func (s *Scanner) Line() string {
	var b []byte
	for {
		part, err := s.in.ReadSlice('\n')
		s.write(part)
		b = append(b, part...)
		s.Need(len(b) <= maxLine, TooLarge, "a line of more than %d bytes", maxLine)
		if err == nil {
			return string(b[:len(b)-1])
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			s.IO(err)
		}
	}
}

// Key reads a line that begins with the given word, and returns the rest of it.
func (s *Scanner) Key(word string) string {
	rest, ok := strings.CutPrefix(s.Line(), word+" ")
	s.Need(ok, Malformed, "want a line that begins with %q", word)
	return rest
}

// Integer returns the integer from 0 to limit that text is.
func (s *Scanner) Integer(text string, limit int) int { return int(s.Natural(text, uint64(limit))) }

// Natural is Integer for larger ones.
func (s *Scanner) Natural(text string, limit uint64) uint64 {
	v, err := strconv.ParseUint(text, 10, 63)
	s.Need(err == nil, Malformed, "want an integer, not %.40q", text)
	s.Need(v <= limit, TooLarge, "%d is more than the limit, %d", v, limit)
	s.Need(strconv.FormatUint(v, 10) == text, NotCanonical, "%.40q is to be written %d", text, v)
	return v
}
