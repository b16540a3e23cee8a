package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
)

// The few words of DNS (RFC 1035) that are needed: one question, one answer.
const (
	typeA   = 1
	typeTXT = 16
	classIN = 1

	noError  = 0
	noName   = 3
	refused  = 5
	header   = 12
	longest  = 512
	flagsAsk = 0x0100
	flagsAll = 0x8580
)

var errNoDNS = errors.New("is no DNS message that we understand")

type question struct {
	id   uint16
	name string
	kind uint16
}

type answer struct {
	id   uint16
	code int
	data []byte
}

func (q question) message() []byte {
	m := binary.BigEndian.AppendUint16(nil, q.id)
	m = append(m, flagsAsk>>8, flagsAsk&0xff, 0, 1, 0, 0, 0, 0, 0, 0)
	return appendQuestion(m, q)
}

func appendQuestion(m []byte, q question) []byte {
	for _, label := range strings.Split(strings.TrimSuffix(q.name, "."), ".") {
		m = append(m, byte(len(label)))
		m = append(m, label...)
	}
	m = append(m, 0)
	m = binary.BigEndian.AppendUint16(m, q.kind)
	return binary.BigEndian.AppendUint16(m, classIN)
}

// reply holds no data for a name that is not there.
func reply(q question, data []byte) []byte {
	code := noError
	count := byte(1)
	if data == nil {
		code, count = noName, 0
	}
	m := binary.BigEndian.AppendUint16(nil, q.id)
	m = append(m, flagsAll>>8, byte(flagsAll&0xf0|code), 0, 1, 0, count, 0, 0, 0, 0)
	m = appendQuestion(m, q)
	if data == nil {
		return m
	}
	// The name again, as a pointer to the question.
	m = append(m, 0xc0, header)
	m = binary.BigEndian.AppendUint16(m, q.kind)
	m = binary.BigEndian.AppendUint16(m, classIN)
	m = binary.BigEndian.AppendUint32(m, 60)
	m = binary.BigEndian.AppendUint16(m, uint16(len(data)))
	return append(m, data...)
}

func readQuestion(m []byte) (question, error) {
	if len(m) < header || binary.BigEndian.Uint16(m[4:]) != 1 {
		return question{}, errNoDNS
	}
	name, rest, err := readName(m[header:])
	if err != nil || len(rest) < 4 {
		return question{}, errNoDNS
	}
	return question{id: binary.BigEndian.Uint16(m), name: name, kind: binary.BigEndian.Uint16(rest)}, nil
}

func readName(m []byte) (string, []byte, error) {
	var labels []string
	for {
		if len(m) == 0 {
			return "", nil, errNoDNS
		}
		length := int(m[0])
		if length == 0 {
			return strings.ToLower(strings.Join(labels, ".")), m[1:], nil
		}
		if length >= 0xc0 {
			if len(m) < 2 {
				return "", nil, errNoDNS
			}
			return strings.ToLower(strings.Join(labels, ".")), m[2:], nil
		}
		if len(m) < 1+length {
			return "", nil, errNoDNS
		}
		labels = append(labels, string(m[1:1+length]))
		m = m[1+length:]
	}
}

// readAnswer returns the data of the first record of a kind.
func readAnswer(m []byte, kind uint16) (answer, error) {
	if len(m) < header {
		return answer{}, errNoDNS
	}
	found := answer{id: binary.BigEndian.Uint16(m), code: int(m[3] & 0x0f)}
	questions, records := binary.BigEndian.Uint16(m[4:]), binary.BigEndian.Uint16(m[6:])
	rest := m[header:]
	for ; questions > 0; questions-- {
		_, after, err := readName(rest)
		if err != nil || len(after) < 4 {
			return answer{}, errNoDNS
		}
		rest = after[4:]
	}
	for ; records > 0; records-- {
		_, after, err := readName(rest)
		if err != nil || len(after) < 10 {
			return answer{}, errNoDNS
		}
		length := int(binary.BigEndian.Uint16(after[8:]))
		if len(after) < 10+length {
			return answer{}, errNoDNS
		}
		if binary.BigEndian.Uint16(after) == kind {
			found.data = after[10 : 10+length]
			return found, nil
		}
		rest = after[10+length:]
	}
	return found, nil
}

func textData(text string) []byte {
	return append([]byte{byte(len(text))}, text...)
}

func readText(data []byte) string {
	if len(data) == 0 || len(data) < 1+int(data[0]) {
		return ""
	}
	return string(data[1 : 1+int(data[0])])
}

// Over TCP every message has its length before it.
func writeFramed(w io.Writer, m []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...))
	return err
}

func readFramed(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	m := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, m)
	return m, err
}

func addressData(address string) []byte {
	return net.ParseIP(address).To4()
}
