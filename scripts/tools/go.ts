/** The Go command: found, old enough, and run with nothing of the user's settings that would change the result. */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { ProblemsError } from "../../policies/problems.ts";
import { goEnvironment } from "./build-input.ts";
import { atLeast, missingGo, oldestGo, parseGoVersion } from "./go-problems.ts";
import type { Platform } from "./platform.ts";

/** A Go command that is new enough. */
export interface Go {
  readonly command: string;
  readonly version: string;
  /** Go's own caches, which stay where Go keeps them. */
  readonly moduleCache: string;
  readonly buildCache: string;
}

/** PATH first, then where the official archive and Debian put it: not every shell has those on PATH. */
const places = ["go", "/usr/local/go/bin/go", "/usr/lib/go-1.26/bin/go", "/opt/homebrew/bin/go"];

/** The first Go that is new enough; refuses when there is none. `tools` are named in the refusal. */
export function findGo(tools: readonly string[], candidates: readonly string[] = places): Go {
  const tooOld: string[] = [];
  for (const command of candidates) {
    const version = parseGoVersion(ask(command, "version"));
    if (version === undefined) continue;
    if (!atLeast(version, oldestGo)) {
      tooOld.push(version);
      continue;
    }
    const [moduleCache = "", buildCache = ""] = ask(command, "env", "GOMODCACHE", "GOCACHE").trim().split("\n");
    return { command, version, moduleCache, buildCache };
  }
  throw new ProblemsError([missingGo(tooOld, tools)]);
}

/** Output of a short Go command; empty when there is no such command. */
function ask(command: string, ...args: string[]): string {
  try {
    const env = { ...process.env, GOTOOLCHAIN: goEnvironment.GOTOOLCHAIN };
    return execFileSync(command, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

/** What a run of the Go command said on its error output, and whether it went well. */
export interface GoRun {
  readonly ok: boolean;
  readonly output: readonly string[];
  readonly stdout: string;
}

export interface GoRunOptions {
  readonly cwd: string;
  readonly platform?: Platform;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Run the Go command in a folder; every line of its error output is handed on as it comes. */
export async function runGo(go: Go, args: readonly string[], options: GoRunOptions): Promise<GoRun> {
  const target = options.platform === undefined ? {} : { GOOS: options.platform.os, GOARCH: options.platform.arch };
  const child = spawn(go.command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...goEnvironment, ...target },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const output: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    options.onLine?.(line);
    output.push(line);
    // The cause of a failure is at the end; thousands of package names are before it.
    if (output.length > 400) output.splice(0, 200);
  });
  const stdout: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  const ok = await new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code === 0);
    });
  });
  return { ok, output, stdout: Buffer.concat(stdout).toString("utf8") };
}
