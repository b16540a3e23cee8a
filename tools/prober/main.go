// Prober: what `npm run probe` runs in a cluster. As a server it answers with its own name on every port that it is given;
// as a client it asks many destinations at once and says of each what came of it.
//
// Both speak DNS, because that is what passes Cilium's DNS proxy as well as a plain port. Exit codes: 0 everything was
// asked, 2 the input cannot be used, 3 a port cannot be listened on.
package main

import (
	"fmt"
	"os"
)

const (
	exitUnusable = 2
	exitNoPort   = 3
)

func main() {
	if len(os.Args) != 2 {
		fail(exitUnusable, "expected one word: serve or ask")
	}
	switch os.Args[1] {
	case "serve":
		serve()
	case "ask":
		ask(os.Stdin, os.Stdout)
	default:
		fail(exitUnusable, fmt.Sprintf("unknown word %q: expected serve or ask", os.Args[1]))
	}
}

func fail(code int, what string) {
	fmt.Fprintln(os.Stderr, "prober: "+what)
	os.Exit(code)
}
