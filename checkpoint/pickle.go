package checkpoint

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	maxPickle = 64 << 20  // bytes of a pickle: it holds names and shapes
	maxMemory = 256 << 20 // bytes that its values take, about
	maxLine   = 4096      // bytes of an argument that ends with its line
)

// pickles cuts the pickles out of a stream, one after the other, so that what
// reaches the decoder is whole, claims no more bytes than are there, and fits in
// memory. A global becomes a persistent identity, the pair of its module and its
// name: of globals, the decoder would make some itself.
type pickles struct {
	r      *bufio.Reader
	at     int64 // bytes read
	limit  int   // bytes that the pickle may still take
	memory int   // bytes that its values may still take, about
	out    bytes.Buffer
}

func newPickles(r io.Reader) *pickles { return &pickles{r: bufio.NewReader(r)} }

// next returns the next pickle, of at most limit bytes, for the decoder.
func (p *pickles) next(limit int) ([]byte, error) {
	p.limit, p.memory, p.out = limit, maxMemory, bytes.Buffer{}
	start := p.at
	for op := byte(0); op != '.'; {
		raw, err := p.take(1)
		if err == nil {
			op = raw[0]
			err = p.instruction(op)
		}
		switch {
		case errors.Is(err, errTooLong):
			return nil, fmt.Errorf("has a pickle of more than %d bytes", limit)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("is truncated: its pickle does not end")
		case err != nil:
			return nil, fmt.Errorf("has a damaged pickle: %w at byte %d of it", err, p.at-start-1)
		case p.memory < 0:
			return nil, fmt.Errorf("has a pickle whose values take more than %d MiB", maxMemory>>20)
		}
	}
	return p.out.Bytes(), nil
}

var errTooLong = errors.New("too long")

// take reads n bytes; they are valid until the next read.
func (p *pickles) take(n int) ([]byte, error) {
	if n > p.limit {
		return nil, errTooLong
	}
	raw, err := p.r.Peek(n) // n is at most 8
	if err != nil {
		return nil, err
	}
	p.limit -= n
	p.at += int64(n)
	_, err = p.r.Discard(n)
	return raw, err
}

// instruction copies one instruction whose opcode has been read.
func (p *pickles) instruction(op byte) error {
	p.memory -= 64 // a place on the stack and one in a container
	switch op {
	case '(', ')', ']', '}', 'l', 'd', 't', '\x85', '\x86', '\x87', 'R', 'Q':
		p.memory -= 256 // something new
	case 'c':
		return p.global()
	case '\x93': // a global whose module and name are on the stack
		p.memory -= 256
		p.out.WriteString("\x86Q")
		return nil
	case '\x95': // a frame is a hint to whoever reads ahead
		_, err := p.take(8)
		return err
	}
	p.out.WriteByte(op)
	switch op {
	case '(', '.', '0', '1', '2', 'N', 'Q', 'R', 'a', 'b', 'd', '}', 'e', 'l', ']', 's', 't', ')', 'u',
		'\x81', '\x85', '\x86', '\x87', '\x88', '\x89', '\x94':
		return nil
	case 'K', 'h', 'q', '\x80':
		return p.fixed(1)
	case 'M':
		return p.fixed(2)
	case 'J', 'j', 'r':
		return p.fixed(4)
	case 'G':
		return p.fixed(8)
	case 'U', 'C', '\x8a', '\x8c':
		return p.counted(1)
	case 'T', 'X', 'B':
		return p.counted(4)
	case '\x8d', '\x8e', '\x96':
		return p.counted(8)
	case 'F', 'I', 'L', 'S', 'V', 'g', 'p':
		line, err := p.line()
		p.out.Write(line)
		return err
	}
	return fmt.Errorf("unknown instruction %#x", op)
}

// fixed copies an argument of n bytes.
func (p *pickles) fixed(n int) error {
	raw, err := p.take(n)
	p.out.Write(raw)
	return err
}

// counted copies an argument that starts with its length in n bytes.
func (p *pickles) counted(n int) error {
	raw, err := p.take(n)
	if err != nil {
		return err
	}
	p.out.Write(raw)
	var wide [8]byte
	copy(wide[:], raw)
	length := binary.LittleEndian.Uint64(wide[:])
	if length > uint64(p.limit) {
		return errTooLong
	}
	p.limit -= int(length)
	p.memory -= int(length)
	p.at += int64(length)
	_, err = io.CopyN(&p.out, p.r, int64(length))
	return err
}

// global copies a global as the persistent identity (module, name).
func (p *pickles) global() error {
	for range 2 {
		line, err := p.line()
		if err != nil {
			return err
		}
		name := line[:len(line)-1]
		p.out.WriteByte('X')
		p.out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(name))))
		p.out.Write(name)
	}
	p.memory -= 256
	p.out.WriteString("\x86Q")
	return nil
}

// line reads an argument that ends with its line, and the end.
func (p *pickles) line() ([]byte, error) {
	var line []byte
	for len(line) < maxLine {
		raw, err := p.take(1)
		if err != nil {
			return nil, err
		}
		line = append(line, raw[0])
		if raw[0] == '\n' {
			p.memory -= len(line)
			return line, nil
		}
	}
	return nil, fmt.Errorf("line of more than %d bytes", maxLine)
}
