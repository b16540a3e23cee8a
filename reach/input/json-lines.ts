/** JSON lines: one document per line, read as a stream, packed by gzip or not. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

import { ProblemsError } from "../../policies/problems.ts";

export interface Line {
  readonly value: unknown;
  /** `cases.jsonl:12`. */
  readonly where: string;
  /** From 0. */
  readonly line: number;
}

/** Empty lines are left out. Throws a ProblemsError where a file or a line cannot be read. */
export async function* jsonLines(file: string): AsyncGenerator<Line> {
  const packed = await isPacked(file);
  const raw = createReadStream(file);
  const input = packed ? raw.pipe(createGunzip()) : raw;
  const lines = createInterface({ input, crlfDelay: Infinity });
  let failure: Error | undefined;
  // Errors of a stream do not reach who reads its lines.
  for (const stream of [raw, input, lines as NodeJS.EventEmitter]) {
    stream.on("error", (error: Error) => {
      failure ??= error;
      lines.close();
    });
  }
  let line = -1;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === "") continue;
    const where = `${file}:${String(line + 1)}`;
    yield { value: parsed(text, where), where, line };
  }
  if (failure !== undefined) throw unreadable(file, failure.message);
}

async function isPacked(file: string): Promise<boolean> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new ProblemsError([
      { code: "input/bad-json", where, what: what.slice(0, 200), expected: "one JSON document per line" },
    ]);
  }
}

function unreadable(file: string, what: string): ProblemsError {
  return new ProblemsError([
    { code: "input/unreadable", where: file, what, expected: "a file of JSON lines, packed by gzip or not" },
  ]);
}
