package certificate

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

// scanner reads a certificate, and refuses at once what is not written as the
// format wants it. Its methods end by a panic with a failure when they fail, so
// that what they return is always good; Check recovers it.
type scanner struct {
	src     io.LimitedReader
	in      *bufio.Reader // of src
	tee     io.Reader     // of in, tells Write
	at      int64         // bytes taken from in
	file    hash.Hash     // of them
	canon   io.Writer     // wants them as well, steps replaced by numbers
	limits  Limits        // of Entries, Memory and Work: what is left
	section string
	engine  func() bool // whether one is at work
	next    remedy      // of a refusal
}

// failure is what the methods of a scanner panic with.
type failure struct{ error }

func newScanner(r io.Reader, limits Limits) *scanner {
	s := &scanner{src: io.LimitedReader{R: r, N: limits.Bytes + 1}, file: sha256.New(), canon: io.Discard, limits: limits}
	s.in = bufio.NewReader(&s.src)
	s.tee = io.TeeReader(s.in, s)
	return s
}

// Write takes note that p was read.
func (s *scanner) Write(p []byte) (int, error) {
	s.at += int64(len(p))
	s.canon.Write(p)
	return s.file.Write(p)
}

func (s *scanner) fail(reason Reason, format string, args ...any) {
	panic(failure{&RejectError{reason, s.section, s.at, fmt.Sprintf(format, args...), s.next}})
}

// need fails unless ok.
func (s *scanner) need(ok bool, reason Reason, format string, args ...any) {
	if !ok {
		s.fail(reason, format, args...)
	}
}

// check refuses values that were read, if there is an error about them.
func (s *scanner) check(err error) {
	if tooLarge := errors.Is(err, exactmath.ErrTooLarge); tooLarge || errors.Is(err, exactmath.ErrStopped) {
		if tooLarge && s.engine != nil && s.engine() {
			s.next = plain
		}
		s.fail(Undecided, "%v", err)
	}
	s.need(err == nil, Invalid, "%v", err)
}

// io fails if there is an error of reading.
func (s *scanner) io(err error) {
	ends := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	s.need(!ends || s.src.N > 0, TooLarge, "more than %d bytes", s.limits.Bytes)
	s.need(!ends, Truncated, "the file ends here")
	if err != nil {
		panic(failure{fmt.Errorf("certificate: %w", err)})
	}
}

// spend takes memory, in bytes, and work from what is left of them.
func (s *scanner) spend(memory, work int64) {
	err := s.limits.Spend(memory, work)
	s.need(err == nil, Undecided, "%v", err)
}

// line reads up to the end of the line.
func (s *scanner) line() string {
	var b []byte
	for {
		part, err := s.in.ReadSlice('\n')
		s.Write(part)
		b = append(b, part...)
		s.need(len(b) <= maxLine, TooLarge, "a line of more than %d bytes", maxLine)
		if err == nil {
			return string(b[:len(b)-1])
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			s.io(err)
		}
	}
}

// key reads a line that begins with the given word, and returns the rest of it.
func (s *scanner) key(word string) string {
	rest, ok := strings.CutPrefix(s.line(), word+" ")
	s.need(ok, Malformed, "want a line that begins with %q", word)
	return rest
}

// integer returns the integer from 0 to limit that text is.
func (s *scanner) integer(text string, limit int) int {
	v, err := strconv.ParseUint(text, 10, 63)
	s.need(err == nil, Malformed, "want an integer, not %.40q", text)
	s.need(v <= uint64(limit), TooLarge, "%d is more than the limit, %d", v, limit)
	s.need(strconv.FormatUint(v, 10) == text, NotCanonical, "%.40q is to be written %d", text, v)
	return int(v)
}
