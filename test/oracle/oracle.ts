/**
 * Oracle: Cilium's own policy code, kept running, asked one scenario at a time.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";

import type { Scenario } from "./scenario.ts";

/** Source and destination (positions of endpoints), position of the probe, code of egress and of ingress. */
export type Cell = readonly [number, number, number, number, number];

export type L7Element =
  "*" | Readonly<Partial<Record<"http" | "dns" | "serverNames" | "listener", readonly unknown[]>>>;

export interface L7Entry {
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  readonly port: number;
  readonly egress: readonly L7Element[] | null;
  readonly ingress: readonly L7Element[] | null;
}

export interface AuthenticationEntry {
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  readonly port: number;
  readonly egress: string | null;
  readonly ingress: string | null;
}

/** What test/oracle/scenario.go calls Answer. */
export interface Answer {
  readonly endpoints: readonly string[];
  readonly expected: readonly Cell[];
  readonly expectedL7: readonly L7Entry[];
  readonly authentication: readonly AuthenticationEntry[];
  readonly policyErrors: readonly { readonly index: number; readonly message: string }[];
  readonly endpointErrors: Readonly<Record<string, string>>;
}

export interface Oracle {
  readonly ask: (scenario: Scenario) => Promise<Answer>;
  readonly close: () => void;
}

/** A scenario that Cilium's code could not use at all; a mistake of the scenario or of the Go program. */
export class OracleError extends Error {}

/**
 * Worlds per process: Cilium registers what it computes in places that a program without an end would never clear, and
 * a new process costs a tenth of a second.
 */
const worldsPerProcess = 2000;

/** Start the program on the first question. */
export function startOracle(program: string): Oracle {
  let running: Running | undefined;
  return {
    ask: async (scenario) => {
      if (running !== undefined && running.asked >= worldsPerProcess) {
        running.child.stdin.end();
        running = undefined;
      }
      running ??= start(program);
      running.asked += 1;
      const answer = await answerTo(running, scenario);
      if (answer.failure !== undefined) throw new OracleError(answer.failure);
      return answer;
    },
    close: () => running?.child.stdin.end(),
  };
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly waiting: ((line: string | undefined) => void)[];
  asked: number;
}

function start(program: string): Running {
  const child = spawn(program, [], { stdio: "pipe" });
  const waiting: Running["waiting"] = [];
  child.stderr.pipe(process.stderr);
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  child.once("close", () => {
    for (const each of waiting.splice(0)) each(undefined);
  });
  return { child, waiting, asked: 0 };
}

async function answerTo({ child, waiting }: Running, scenario: Scenario): Promise<Answer & { failure?: string }> {
  const line = await new Promise<string | undefined>((resolve) => {
    waiting.push(resolve);
    child.stdin.write(`${JSON.stringify(scenario)}\n`);
  });
  if (line === undefined) throw new OracleError(`${child.spawnfile} ended without an answer`);
  return JSON.parse(line) as Answer & { failure?: string };
}
