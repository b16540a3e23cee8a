/**
 * Read flows: recorded flows from a file, compressed or not, or from standard input, line by line in bounded memory.
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

import { ProblemsError } from "../../policies/problems.ts";
import { readFlow, type Flow } from "./flow.ts";
import type { QuickReader } from "./quick-flow.ts";

/** One recorded flow and the line it stands on. */
export interface FlowLine {
  readonly line: number;
  readonly flow: Flow;
}

/** What the lines of a file turned out to be. */
export interface Tally {
  readonly lines: number;
  readonly flows: number;
  /** Other things that Hubble prints: lost events, the status of nodes, agent and debug events. */
  readonly others: number;
  readonly malformed: number;
  /** The first few, told so that a person finds them. */
  readonly examples: readonly { readonly line: number; readonly what: string }[];
}

/** Longer than any flow: what is longer is not kept in memory. */
const longestLine = 1024 * 1024;

const examplesTold = 5;

/** The bytes of a file, unpacked if it is compressed, whatever its name; `-` is standard input. */
async function* bytesOf(path: string, stdin: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const stream = path === "-" ? stdin : createReadStream(path, { highWaterMark: 1024 * 1024 });
  const chunks = bufferedFrom(stream);
  let start = Buffer.alloc(0);
  while (start.length < packedBy.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const whole = all([start], chunks);
  if (packedBy.every((byte, index) => start[index] === byte)) yield* bufferedFrom(unpacked(whole));
  else yield* whole;
}

/** What every gzip file begins with. */
const packedBy = [0x1f, 0x8b] as const;

async function* bufferedFrom(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

async function* unpacked(packed: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1024 * 1024 });
  const fed = (async (): Promise<void> => {
    for await (const chunk of packed) {
      if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once("drain", resolve));
    }
    gunzip.end();
  })();
  fed.catch((error: unknown) => gunzip.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* gunzip as AsyncIterable<Uint8Array>;
  await fed;
}

/** Lines without their break. A line longer than the limit comes as undefined. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly (string | undefined)[]> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0) {
      length += chunk.length;
      if (length <= longestLine) rest.push(chunk);
      else rest = [];
      continue;
    }
    const lines: (string | undefined)[] = Buffer.concat([...rest, chunk.subarray(0, end)])
      .toString("utf8")
      .split("\n");
    if (length > longestLine) lines[0] = undefined;
    rest = [chunk.subarray(end + 1)];
    length = chunk.length - end - 1;
    yield lines;
  }
  if (length > longestLine) yield [undefined];
  else if (length > 0) yield Buffer.concat(rest).toString("utf8").split("\n");
}

export interface ReadOptions {
  /** What `-` stands for; the standard input of the process unless said otherwise. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Tried before a line is read as a whole. */
  readonly quick?: QuickReader;
}

/**
 * Hands every flow to `take`, in order, and says what else there was. Malformed lines are counted and passed over.
 *
 * Throws a ProblemsError if the file cannot be read or unpacked.
 */
export async function readFlows(
  path: string,
  take: (flow: FlowLine) => void,
  { stdin = process.stdin, quick = () => undefined }: ReadOptions = {},
): Promise<Tally> {
  const examples: Tally["examples"][number][] = [];
  let [line, flows, others, malformed] = [0, 0, 0, 0];
  const bad = (what: string): void => {
    malformed += 1;
    if (examples.length < examplesTold) examples.push({ line, what });
  };
  try {
    for await (const lines of linesOf(bytesOf(path, stdin))) {
      for (const text of lines) {
        line += 1;
        if (text === undefined) bad(`longer than ${String(longestLine)} bytes`);
        else if (text.trim() !== "") {
          let flow = quick(text);
          const value = flow === undefined ? parsed(text) : undefined;
          if (value !== undefined) flow = readFlow(value);
          if (flow !== undefined) {
            flows += flow.count;
            take({ line, flow });
          } else if (value !== undefined && isOther(value)) others += 1;
          else bad(value === undefined ? "no JSON" : "JSON, but no flow");
        }
      }
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return { lines: line, flows, others, malformed, examples };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The other answers of `GetFlows`, and of its neighbours. */
function isOther(value: unknown): boolean {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.some((key) =>
    /^(node_status|nodeStatus|lost_events|lostEvents|agent_event|agentEvent|debug_event|debugEvent)$/.test(key),
  );
}

function unreadable(path: string, error: unknown): ProblemsError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const what =
    {
      ENOENT: "there is no such file",
      EISDIR: "is a folder",
      EACCES: "may not be read",
    }[code] ??
    (code.startsWith("Z_")
      ? "is compressed and damaged"
      : `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  return new ProblemsError([
    {
      code: "flows/unreadable",
      where: path === "-" ? "stdin" : path,
      what,
      expected: "flows as `hubble observe -o jsonpb` prints them, plain or packed by gzip",
    },
  ]);
}

/** A file that a person made by hand, or by `jq`, is short. */
const mostWhole = 16 * 1024 * 1024;

/**
 * Hands over every flow of a file of whatever layout: one a line, or, if it is short, one object over many lines or a
 * list of them.
 *
 * Throws a ProblemsError if the file cannot be read or unpacked.
 */
export async function readAnyFlows(
  path: string,
  take: (flow: FlowLine) => void,
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Tally> {
  const start: Buffer[] = [];
  let length = 0;
  const chunks = bytesOf(path, stdin);
  try {
    while (length <= mostWhole) {
      const next = await chunks.next();
      if (next.done === true) break;
      start.push(next.value);
      length += next.value.length;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  const value = length > mostWhole ? undefined : parsed(Buffer.concat(start).toString("utf8"));
  if (value === undefined) return readFlows("-", take, { stdin: all(start, chunks) });
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  let flows = 0;
  for (const [index, each] of values.entries()) {
    const flow = readFlow(each);
    if (flow === undefined) continue;
    flows += 1;
    take({ line: index + 1, flow });
  }
  const malformed = values.length - flows;
  const examples = malformed === 0 ? [] : [{ line: 1, what: "JSON, but no flow" }];
  return { lines: values.length, flows, others: 0, malformed, examples };
}

async function* all(start: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* start;
  yield* rest;
}
