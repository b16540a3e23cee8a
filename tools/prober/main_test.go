package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A prober on two ports of loopback that the system chose.
func listening(t *testing.T, s server) (tcp, udp int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go s.acceptFrom(listener)
	go s.answerPackets(conn)
	return listener.Addr().(*net.TCPAddr).Port, conn.LocalAddr().(*net.UDPAddr).Port
}

func closedPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func asked(t *testing.T, destinations ...destination) []result {
	t.Helper()
	for i := range destinations {
		destinations[i].ID, destinations[i].Tries, destinations[i].Wait = i, 1, 300
	}
	line, _ := json.Marshal(destinations)
	var out bytes.Buffer
	ask(bytes.NewReader(append(line, '\n')), &out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(destinations)+1 {
		t.Fatalf("%d lines for %d destinations", len(lines), len(destinations))
	}
	results := make([]result, len(destinations))
	for _, line := range lines[:len(destinations)] {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		results[r.ID] = r
	}
	return results
}

func TestAnswersWithItsNameOverTCPAndUDP(t *testing.T) {
	tcp, udp := listening(t, server{name: "dev/example on node-1"})
	for _, r := range asked(t,
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: tcp, Speaks: "dns", Question: "who.example"},
		destination{Protocol: "UDP", Address: "127.0.0.1", Port: udp, Speaks: "dns", Question: "who.example"},
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: tcp, Speaks: "http", Method: "GET", Path: "/"},
	) {
		if r.Outcome != allowed || r.By != "dev/example on node-1" {
			t.Errorf("%+v", r)
		}
	}
}

func TestTellsSilenceFromARefusal(t *testing.T) {
	quiet, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	closed := closedPort(t)
	got := asked(t,
		destination{Protocol: "UDP", Address: "127.0.0.1", Port: quiet.LocalAddr().(*net.UDPAddr).Port, Speaks: "dns", Question: "x"},
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: closed, Speaks: "dns", Question: "x"},
		destination{Protocol: "UDP", Address: "127.0.0.1", Port: closed, Speaks: "dns", Question: "x"},
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: closed, Speaks: "nothing"},
	)
	for i, want := range []string{denied, refusedTCP, refusedTCP, failed} {
		if got[i].Outcome != want {
			t.Errorf("%d: %+v, want %s", i, got[i], want)
		}
	}
}

func TestTellsAHandshakeWithoutAnAnswerFromADenial(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	got := asked(t,
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: port, Speaks: "dns", Question: "x"},
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: port, Speaks: "connect"},
	)
	if got[0].Outcome != silent || got[1].Outcome != allowed {
		t.Errorf("%+v", got)
	}
}

func TestResolvesANameByAServerOfOurs(t *testing.T) {
	tcp, udp := listening(t, server{name: "outside", names: map[string]string{"api.example.com": "127.0.0.1"}})
	resolver := net.JoinHostPort("127.0.0.1", strconv.Itoa(udp))
	got := asked(t,
		destination{Protocol: "TCP", Host: "api.example.com", Resolver: resolver, Port: tcp, Speaks: "dns", Question: "x"},
		destination{Protocol: "TCP", Host: "other.example.com", Resolver: resolver, Port: tcp, Speaks: "dns", Question: "x"},
		destination{Protocol: "TCP", Host: "other.example.com", Address: "127.0.0.1", Resolver: resolver, Port: tcp, Speaks: "dns", Question: "x"},
	)
	if got[0].Outcome != allowed || got[0].Address != "127.0.0.1" || got[1].Outcome != unresolved {
		t.Errorf("%+v", got)
	}
	if got[2].Outcome != allowed || got[2].Detail != "name not resolved: no such name" {
		t.Errorf("%+v", got[2])
	}
}

func TestTellsWhatAProxyTurnsAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }))
	}()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, longest)
		for {
			length, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			q, _ := readQuestion(buffer[:length])
			r := reply(q, nil)
			r[3] = r[3]&0xf0 | refused
			_, _ = conn.WriteTo(r, from)
		}
	}()
	for _, r := range asked(t,
		destination{Protocol: "TCP", Address: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Speaks: "http", Method: "GET", Path: "/"},
		destination{Protocol: "UDP", Address: "127.0.0.1", Port: conn.LocalAddr().(*net.UDPAddr).Port, Speaks: "dns", Question: "x"},
	) {
		if r.Outcome != turnedAway {
			t.Errorf("%+v", r)
		}
	}
}

func TestTriesAgainOnlyAfterSilence(t *testing.T) {
	quiet, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	d := destination{Protocol: "UDP", Address: "127.0.0.1", Port: quiet.LocalAddr().(*net.UDPAddr).Port, Tries: 3, Wait: 50, Speaks: "dns", Question: "x"}
	if r := d.ask(); r.Outcome != denied {
		t.Errorf("%+v", r)
	}
	_ = quiet.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	buffer, packets := make([]byte, longest), 0
	for {
		if _, _, err := quiet.ReadFrom(buffer); err != nil {
			break
		}
		packets++
	}
	if packets != 3 {
		t.Errorf("%d packets, want 3", packets)
	}
}
