package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// destination is one thing to ask.
type destination struct {
	ID       int    `json:"id"`
	Protocol string `json:"protocol"`
	// Address: with a Host it is what is asked where the name cannot be resolved, if anything.
	Address string `json:"address"`
	Port    int    `json:"port"`
	Tries   int    `json:"tries"`
	// Milliseconds for each try.
	Wait int `json:"wait"`
	// Host is a name that is resolved first: by Resolver (address and port) or else as the pod resolves names.
	Host     string `json:"host"`
	Resolver string `json:"resolver"`
	// Speaks: dns (with Question), http (with Method, Path and Authority), or connect, which says nothing.
	Speaks    string `json:"speaks"`
	Question  string `json:"question"`
	Method    string `json:"method"`
	Path      string `json:"path"`
	Authority string `json:"authority"`
}

// result: allowed, denied (every try timed out), refused, reset, unresolved, turned-away (a proxy said no), silent
// (connected, and no answer) or error, which is nobody's verdict.
type result struct {
	ID      int    `json:"id"`
	Outcome string `json:"outcome"`
	// By: who answered.
	By      string `json:"by,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Address string `json:"address,omitempty"`
	Millis  int64  `json:"ms"`
}

const (
	allowed    = "allowed"
	denied     = "denied"
	refusedTCP = "refused"
	reset      = "reset"
	unresolved = "unresolved"
	turnedAway = "turned-away"
	silent     = "silent"
	failed     = "error"

	// More at once, from every pod of a small machine, time out for want of a processor.
	atOnce = 64
)

// ask reads one line, because whoever executes us in a container cannot always end our input.
func ask(in io.Reader, out io.Writer) {
	line, err := bufio.NewReaderSize(in, 1<<20).ReadBytes('\n')
	if err != nil && len(line) == 0 {
		fail(exitUnusable, "nothing was asked: "+err.Error())
	}
	var destinations []destination
	if err := json.Unmarshal(line, &destinations); err != nil {
		fail(exitUnusable, "the line that was asked: "+err.Error())
	}
	var writing sync.Mutex
	writer := json.NewEncoder(out)
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, d := range destinations {
		all.Add(1)
		go func() {
			defer all.Done()
			room <- struct{}{}
			defer func() { <-room }()
			started := time.Now()
			r := d.ask()
			r.ID, r.Millis = d.ID, time.Since(started).Milliseconds()
			writing.Lock()
			defer writing.Unlock()
			_ = writer.Encode(r)
		}()
	}
	all.Wait()
	// Whoever reads can tell the end from a connection that broke.
	fmt.Fprintf(out, "{\"asked\":%d}\n", len(destinations))
	_ = os.Stdout.Sync()
}

func (d destination) ask() result {
	last := result{Outcome: failed, Detail: "was to be tried 0 times"}
	for try := 0; try < d.Tries; try++ {
		last = d.try()
		// Silence may be a packet that was lost; everything else is an answer.
		if last.Outcome != denied && last.Outcome != silent {
			return last
		}
	}
	return last
}

func (d destination) try() result {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(d.Wait)*time.Millisecond)
	defer cancel()
	address := d.Address
	if d.Host != "" {
		found, why := d.resolve(ctx)
		if found == "" && address == "" {
			return result{Outcome: unresolved, Detail: why}
		}
		if found == "" {
			r := d.reach(ctx, net.JoinHostPort(address, strconv.Itoa(d.Port)))
			r.Detail = strings.TrimSuffix("name not resolved: "+why+"; "+r.Detail, "; ")
			return r
		}
		address = found
	}
	r := d.reach(ctx, net.JoinHostPort(address, strconv.Itoa(d.Port)))
	if d.Host != "" {
		r.Address = address
	}
	return r
}

func (d destination) resolve(ctx context.Context) (string, string) {
	if d.Resolver == "" {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", d.Host)
		if err != nil {
			return "", err.Error()
		}
		return found[0].String(), ""
	}
	a, err := exchange(ctx, "udp", d.Resolver, question{name: d.Host, kind: typeA})
	switch {
	case err != nil:
		return "", err.Error()
	case a.code == refused:
		return "", "the name was refused"
	case len(a.data) != net.IPv4len:
		return "", "no such name"
	}
	return net.IP(a.data).String(), ""
}

func (d destination) reach(ctx context.Context, place string) result {
	network := strings.ToLower(d.Protocol)
	switch d.Speaks {
	case "dns":
		a, err := exchange(ctx, network, place, question{name: d.Question, kind: typeTXT})
		if err != nil {
			return resultOf(err)
		}
		if a.code == refused {
			return result{Outcome: turnedAway, Detail: "the question was refused"}
		}
		return result{Outcome: allowed, By: readText(a.data)}
	case "http":
		return d.request(ctx, place)
	case "connect":
		conn, err := (&net.Dialer{}).DialContext(ctx, network, place)
		if err != nil {
			return resultOf(err)
		}
		_ = conn.Close()
		return result{Outcome: allowed}
	default:
		return result{Outcome: failed, Detail: fmt.Sprintf("speaks %q", d.Speaks)}
	}
}

// connected marks what went wrong behind the handshake.
type connected struct{ error }

func exchange(ctx context.Context, network, place string, q question) (answer, error) {
	q.id = uint16(rand.Uint32())
	conn, err := (&net.Dialer{}).DialContext(ctx, network, place)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	after := func(err error) error {
		if network == "tcp" {
			return connected{err}
		}
		return err
	}
	if network == "tcp" {
		err = writeFramed(conn, q.message())
	} else {
		_, err = conn.Write(q.message())
	}
	if err != nil {
		return answer{}, after(err)
	}
	for {
		m := make([]byte, longest)
		if network == "tcp" {
			m, err = readFramed(conn)
		} else {
			var length int
			length, err = conn.Read(m)
			m = m[:length]
		}
		if err != nil {
			return answer{}, after(err)
		}
		if a, err := readAnswer(m, q.kind); err == nil && a.id == q.id {
			return a, nil
		}
	}
}

func (d destination) request(ctx context.Context, place string) result {
	request, err := http.NewRequestWithContext(ctx, d.Method, "http://"+place+d.Path, nil)
	if err != nil {
		return result{Outcome: failed, Detail: err.Error()}
	}
	request.Host = d.Authority
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return resultOf(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, longest))
	if response.StatusCode == http.StatusForbidden {
		return result{Outcome: turnedAway, Detail: response.Status}
	}
	return result{Outcome: allowed, By: string(body), Detail: response.Status}
}

func resultOf(err error) result {
	detail := err.Error()
	var behind connected
	isConnected := errors.As(err, &behind)
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return result{Outcome: refusedTCP, Detail: detail}
	case errors.Is(err, syscall.ECONNRESET):
		return result{Outcome: reset, Detail: detail}
	case isConnected:
		return result{Outcome: silent, Detail: detail}
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return result{Outcome: denied}
	default:
		return result{Outcome: failed, Detail: detail}
	}
}
