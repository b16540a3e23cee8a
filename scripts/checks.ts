/** The project's own checks: `npm test` for all that needs no cluster, `npm run test:e2e` for the story on kwok. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { ProblemsError } from "../policies/problems.ts";
import { prepare } from "./setup.ts";
import { obtainTools } from "./tools/obtain.ts";
import { workplace } from "./tools/tool-paths.ts";

const bin = (name: string): string => join("node_modules", name);

interface Check {
  readonly name: string;
  /** Script of a package and its arguments, run on the Node we run on. */
  readonly command: readonly [string, ...string[]];
}

const prettier = bin("prettier/bin/prettier.cjs");
const mocha = bin("mocha/bin/mocha.js");

const checks: readonly Check[] = [
  { name: "lint", command: [bin("eslint/bin/eslint.js"), "--cache", "--cache-location", ".platform/eslintcache", "."] },
  { name: "types", command: [bin("typescript/bin/tsc"), "-p", "."] },
  { name: "unit tests and goldens", command: [mocha] },
  { name: "format", command: [prettier, "--check", "--log-level", "warn", "."] },
];

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

/** Longer than any check takes; what hangs for ever tells nobody where. */
const longestMinutes = 45;

async function runCheck({ name, command }: Check, show: "show" | "keep", env: NodeJS.ProcessEnv): Promise<Outcome> {
  const started = Date.now();
  return await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      stdio: ["ignore", "pipe", "pipe"],
      env,
      timeout: longestMinutes * 60_000,
      killSignal: "SIGKILL",
    });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (show === "show") process.stdout.write(chunk);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("exit", () => {
      if (!child.killed) return;
      take(Buffer.from(`\n${name}: ended after ${String(longestMinutes)} minutes\n`));
      // What it started may hold them for as long as it likes.
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.on("close", (code) => {
      resolve({ code: code ?? 1, output, seconds: (Date.now() - started) / 1000 });
    });
  });
}

const summary = /^ {2}(\d+) passing \(.*\)$(?:\n {2}(\d+) pending$)?(?:\n {2}(\d+) failing$)?/m;

/** What mocha counted. The first summary is its own: behind it stands what failing tests had to say. Pure. */
export function countTests(output: string): { passed: number; failed: number; skipped: number } {
  const [, passed, skipped, failed] = summary.exec(stripVTControlCharacters(output)) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) };
}

export interface FailedTest {
  /** With the suites it stands in, as in `a stack › goes down`. */
  readonly title: string;
  /** What mocha tells of it: message, difference, stack. */
  readonly said: string;
}

/** The tests that failed, in their order, as told behind mocha's summary. Pure. */
export function failedTests(output: string): FailedTest[] {
  const plain = stripVTControlCharacters(output);
  const listed = plain.slice(summary.exec(plain)?.index ?? plain.length);
  return listed
    .split(/^ {2}\d+\) /m)
    .slice(1)
    .map((block) => {
      const lines = block.split("\n");
      const titleLines = lines.findIndex((line) => line.endsWith(":")) + 1;
      const title = lines.slice(0, titleLines).map((line) => line.trim());
      return { title: title.join(" › ").replace(/:$/, ""), said: lines.slice(titleLines).join("\n").trim() };
    });
}

/**
 * What a reader of the last screen must see: every failed test in a line, and what the first of them said, for those behind
 * it often follow from it. Pure.
 */
export function failureReport(failed: readonly FailedTest[]): string {
  const [first] = failed;
  if (first === undefined) return "";
  const oneLine = ({ title, said }: FailedTest): string =>
    `failed: ${title}: ${said.split("\n")[0] ?? ""}`.slice(0, 300);
  const said = first.said.split("\n").map((line) => `  ${line.slice(0, 300)}`);
  const shown = said.length <= 60 ? said : [...said.slice(0, 20), "  …", ...said.slice(-40)];
  return [`${first.title} said:`, shown.join("\n").slice(0, 5000), "", ...failed.slice(0, 20).map(oneLine), ""].join(
    "\n",
  );
}

/** Titles of the tests that mocha did not run. Pure. */
export function skippedTests(output: string): string[] {
  const [listed = ""] = stripVTControlCharacters(output).split(summary);
  return [...listed.matchAll(/^\s+- (.+)$/gm)].map(([, title = ""]) => title);
}

function closingLine({ passed, failed, skipped }: ReturnType<typeof countTests>): string {
  return `${String(passed)} passed, ${String(failed)} failed${skipped === 0 ? "" : `, ${String(skipped)} skipped`}\n`;
}

/** Format, lint, types, unit tests and goldens, as many at once as there are processors. */
export async function test(args: readonly string[]): Promise<number> {
  const queue = [...checks];
  let failures = 0;
  let counted = { passed: 0, failed: 0, skipped: 0 };
  let failed: FailedTest[] = [];
  const worker = async (): Promise<void> => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const specs =
        args.length === 0 ? ["test/*.test.ts", "test/reachability/*.test.ts", "test/reach/*.test.ts"] : args;
      const extended = check.command[0] === mocha ? { ...check, command: [mocha, ...specs] as const } : check;
      const { code, output, seconds } = await runCheck(extended, "keep", process.env);
      const verdict = code === 0 ? "ok" : "FAILED";
      process.stdout.write(`${verdict.padEnd(7)} ${check.name} (${seconds.toFixed(1)} s)\n`);
      if (check.command[0] === mocha) {
        counted = countTests(output);
        failed = failedTests(output);
        // Named, so that a tier that did not run is not mistaken for one that passed.
        for (const title of skippedTests(output)) process.stdout.write(`skipped ${title}\n`);
      }
      if (code === 0) continue;
      failures++;
      process.stdout.write(`${output}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  process.stdout.write(failureReport(failed));
  process.stdout.write(closingLine(counted));
  return failures === 0 ? 0 : 1;
}

/** Obtain the tools, render the real charts, then live through the story on a kwok cluster. */
export async function testEndToEnd(args: readonly string[]): Promise<number> {
  await prepare("kwok", "auto", ["helm", "actionlint", "kyverno-cli", "kubectl"]);
  await obtainKyvernosControllers();
  const specs = args.length > 0 ? args : ["test/render/*.test.ts", "test/e2e/*.test.ts"];
  const { code, output } = await runCheck(
    { name: "end to end", command: [mocha, "--no-color", "--config", "test/e2e/mocharc.json", ...specs] },
    "show",
    process.env,
  );
  process.stdout.write(failureReport(failedTests(output)));
  process.stdout.write(closingLine(countTests(output)));
  return code;
}

/**
 * The tests on real nodes: images and a container engine where there are none, then the specs. What was started for them is
 * stopped. A machine that cannot is skipped by name, and in CI is a failure.
 */
export async function testLive(args: readonly string[]): Promise<number> {
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const { machineProblems } = await import("./kind-images/machine.ts");
  const lacking = machineProblems(workplace().platform);
  if (lacking.length > 0) {
    if ((process.env["CI"] ?? "") !== "") throw new ProblemsError(lacking);
    process.stdout.write(`skipped: the tests on real nodes: ${lacking.map(({ what }) => what).join("; ")}\n`);
    return 0;
  }
  const { obtainImages } = await import("./kind-images/obtain-images.ts");
  const { engineEnvironment, findEngine, startEngine, stopEngine } = await import("./kind-images/engine.ts");
  await prepare("kind", "auto", ["kubectl"]);
  await obtainImages(log);
  const found = await findEngine();
  const engine = found ?? (await startEngine(log));
  try {
    const specs = args.length > 0 ? args : ["test/live/*.test.ts"];
    const { code, output } = await runCheck(
      { name: "real nodes", command: [mocha, "--no-color", "--config", "test/live/mocharc.json", ...specs] },
      "show",
      { ...process.env, ...engineEnvironment(engine) },
    );
    process.stdout.write(failureReport(failedTests(output)));
    process.stdout.write(closingLine(countTests(output)));
    return code;
  } finally {
    if (found === undefined) for (const line of await stopEngine(log)) log(`not taken back: ${line}`);
  }
}

/** They are released as images alone, so they are always built; where there is no Go, their test is skipped by name. */
async function obtainKyvernosControllers(): Promise<void> {
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  try {
    await obtainTools(["kyverno", "background-controller"], { log });
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    log(`Kyverno's controllers are not obtained: ${error.message}`);
  }
}

/** Rewrite every file the way the format check wants it. */
export async function format(): Promise<number> {
  const { code } = await runCheck(
    { name: "format", command: [prettier, "--write", "--log-level", "warn", "."] },
    "show",
    process.env,
  );
  return code;
}
