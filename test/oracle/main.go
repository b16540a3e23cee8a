// Command oracle answers, with the policy code of the Cilium agent itself, who may talk to whom.
//
// It reads one scenario per line (JSON Lines) from standard input and prints one answer per line, in the same order.
// A scenario is what scenario.go says; nothing is kept from one line to the next.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
)

// No world is larger: the longest line of the fixtures is below 0.1 MB.
const longestLine = 64 << 20

func main() {
	if err := configureAgent(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), longestLine)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		text, err := json.Marshal(answer(lines.Bytes()))
		if err != nil {
			text = fmt.Appendf(nil, `{"failure":%q}`, err.Error())
		}
		out.Write(append(text, '\n'))
		out.Flush()
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// answer never ends the program: a scenario on which Cilium's code panics is worth as much as any other.
func answer(line []byte) (result any) {
	defer func() {
		if problem := recover(); problem != nil {
			result = Failure{Failure: fmt.Sprintf("panic: %v\n%s", problem, debug.Stack())}
		}
	}()
	var scenario Scenario
	if err := json.Unmarshal(line, &scenario); err != nil {
		return Failure{Failure: err.Error()}
	}
	verdicts, err := decide(slog.New(slog.DiscardHandler), &scenario)
	if err != nil {
		return Failure{Failure: err.Error()}
	}
	return verdicts
}
