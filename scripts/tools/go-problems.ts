/** What can go wrong with the Go command, told so that the reader can mend it. */
import type { Problem } from "../../policies/problems.ts";

/** The oldest Go that builds everything here. */
export const oldestGo = "1.26.8";

/** `go version` → `1.26.8`; undefined for output that is no version. */
export function parseGoVersion(output: string): string | undefined {
  return /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1];
}

/** Is the first version at least the second? Both dotted numbers; missing parts count as 0. */
export function atLeast(version: string, oldest: string): boolean {
  const [have, want] = [version, oldest].map((text) => text.split(".").map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (have?.[part] ?? 0) - (want?.[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The Go command that was looked for and not found, or is too old. `found` lists versions that are there. */
export function missingGo(found: readonly string[], tools: readonly string[]): Problem {
  return {
    code: "tools/go-missing",
    where: "this machine",
    what:
      found.length === 0
        ? `no Go, and ${tools.join(", ")} must be built from source because the official downloads do not answer`
        : `Go is too old to build ${tools.join(", ")}, got \`${found.join("`, `")}\``,
    expected: `Go ${oldestGo} or newer on PATH`,
    fix: "install it from your distribution or go.dev, or run where the official downloads answer (--tools=official)",
  };
}

/** A build that failed, from what the Go command said. `folder` holds the go.mod. */
export function buildProblem(tool: string, output: readonly string[], folder = `tools/${tool}`): Problem {
  const text = output.join("\n");
  const where = `${folder}/go.mod`;
  if (/no space left on device/.test(text)) {
    return {
      code: "tools/disk-full",
      where: "this machine",
      what: `the disk filled up while ${tool} was built`,
      expected: "room for modules and build cache",
      fix: "free some room (`go clean -cache -modcache` gives back what Go keeps) and run the same command again",
    };
  }
  if (/checksum mismatch|SECURITY ERROR/.test(text)) {
    return {
      code: "tools/module-checksum",
      where,
      what: `a module is not what go.sum says: ${firstLineWith(output, /checksum mismatch|SECURITY ERROR/)}`,
      expected: "the content that was committed to go.sum",
      fix: "do not go on: ask who answers for modules in your network; `go clean -modcache` if the cache is damaged",
    };
  }
  const refusal = /\b(403 Forbidden|404 Not Found|410 Gone|not available)\b/;
  if (refusal.test(text)) {
    return {
      code: "tools/module-refused",
      where,
      what: `a module is refused: ${firstLineWith(output, refusal)}`,
      expected: "a Go module proxy (`go env GOPROXY`) that serves every module of go.sum",
      fix: "use a proxy that serves it, or run where the official downloads answer (--tools=official)",
    };
  }
  const unreachable = /(dial tcp|no such host|i\/o timeout|connection refused|connection reset|TLS handshake)/;
  if (unreachable.test(text)) {
    return {
      code: "tools/module-unreachable",
      where,
      what: `modules cannot be downloaded: ${firstLineWith(output, unreachable)}`,
      expected: "a Go module proxy (`go env GOPROXY`) that answers",
      fix: "check the network and run the same command again: what was downloaded and compiled is kept",
    };
  }
  return {
    code: "tools/build-failed",
    where,
    what: `the build failed: ${output.slice(-8).join("; ")}`,
    expected: "a build without errors",
    fix: "run the same command again; if it fails again, `go clean -cache` and once more",
  };
}

/** Too little room for what must be built. */
export function diskProblem(folder: string, freeGigabytes: number, neededGigabytes: number): Problem {
  return {
    code: "tools/disk-space",
    where: folder,
    what: `${freeGigabytes.toFixed(1)} GB free`,
    expected: `at least ${neededGigabytes.toFixed(1)} GB for Go's modules and build cache`,
    fix: "free some room, or put the caches elsewhere with GOMODCACHE, GOCACHE and CILIUM_PLATFORM_CACHE",
  };
}

function firstLineWith(lines: readonly string[], pattern: RegExp): string {
  return lines.find((line) => pattern.test(line))?.trim() ?? "";
}
