package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// server is told by its environment: PROBER_NAME, PROBER_TCP and PROBER_UDP with ports by commas, PROBER_ADDRESS for one
// address in place of all, PROBER_NAMES with addresses by name as JSON, and PROBER_TAKEN=skip where others may listen.
type server struct {
	name  string
	names map[string]string
}

func serve() {
	s := server{name: os.Getenv("PROBER_NAME"), names: map[string]string{}}
	if s.name == "" || len(s.name) > 255 {
		fail(exitUnusable, "PROBER_NAME: expected 1 to 255 characters")
	}
	if text := os.Getenv("PROBER_NAMES"); text != "" {
		if err := json.Unmarshal([]byte(text), &s.names); err != nil {
			fail(exitUnusable, "PROBER_NAMES: "+err.Error())
		}
	}
	address := os.Getenv("PROBER_ADDRESS")
	for _, port := range portsOf("PROBER_TCP") {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
		if err != nil {
			taken("TCP", port, err)
			continue
		}
		go s.acceptFrom(listener)
	}
	for _, port := range portsOf("PROBER_UDP") {
		conn, err := net.ListenPacket("udp", net.JoinHostPort(address, port))
		if err != nil {
			taken("UDP", port, err)
			continue
		}
		go s.answerPackets(conn)
	}
	fmt.Println("serving as " + s.name)
	select {}
}

func taken(protocol, port string, err error) {
	if os.Getenv("PROBER_TAKEN") != "skip" {
		fail(exitNoPort, fmt.Sprintf("%s %s: %v", protocol, port, err))
	}
	fmt.Printf("taken %s %s\n", protocol, port)
}

func portsOf(variable string) []string {
	var ports []string
	for _, port := range strings.Split(os.Getenv(variable), ",") {
		if port == "" {
			continue
		}
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			fail(exitUnusable, fmt.Sprintf("%s: %q is no port", variable, port))
		}
		ports = append(ports, port)
	}
	return ports
}

func (s server) acceptFrom(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		go s.answer(conn)
	}
}

func (s server) answer(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	reader := bufio.NewReader(conn)
	first, err := reader.Peek(1)
	if err != nil {
		return
	}
	// A DNS message of ours is shorter than 256 bytes, so its length begins with 0, and a request with a letter.
	if first[0] >= 'A' {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_ = request.Body.Close()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(s.name), s.name)
		return
	}
	m, err := readFramed(reader)
	if err != nil {
		return
	}
	if r := s.replyTo(m); r != nil {
		_ = writeFramed(conn, r)
	}
}

func (s server) answerPackets(conn net.PacketConn) {
	buffer := make([]byte, longest)
	for {
		length, from, err := conn.ReadFrom(buffer)
		if err != nil {
			continue
		}
		if r := s.replyTo(buffer[:length]); r != nil {
			_, _ = conn.WriteTo(r, from)
		}
	}
}

// replyTo says our own name to whoever asks for a text, and an address by its name.
func (s server) replyTo(m []byte) []byte {
	q, err := readQuestion(m)
	if err != nil {
		return nil
	}
	switch q.kind {
	case typeTXT:
		return reply(q, textData(s.name))
	case typeA:
		return reply(q, addressData(s.names[q.name]))
	default:
		return reply(q, nil)
	}
}
