/**
 * Files: from paths to texts. Folders are walked, `-` is standard input, and what cannot be read is told.
 */
import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

import type { Problem } from "../../policies/problems.ts";
import { Lines } from "./lines.ts";

/** A file as text. */
export interface Source {
  /** As it was named, or as found below a folder that was named; `stdin` for standard input. */
  readonly name: string;
  readonly text: string;
}

export interface Sources {
  readonly path: string;
  /** Whether the path itself holds manifests, or they are looked for in it. */
  readonly kind: "file" | "folder";
  readonly sources: readonly Source[];
  /** Files that could not be read, or that were read for a path before. */
  readonly others: number;
}

/** Of a file, or of standard input. 50 MB of YAML take 4 CPU seconds and 530 MB of memory, of JSON 2 and 390. */
const mostBytes = 64 * 1024 * 1024;

const extension = /\.(yaml|yml|json)$/i;
const pipeBytes = 64 * 1024;

/** The texts behind these paths: in the order of the paths, inside a folder by name. No file is read twice. */
export async function readSources(
  paths: readonly string[],
  stdin: () => AsyncIterable<Uint8Array>,
  problems: Problem[],
): Promise<readonly Sources[]> {
  const seen = new Set<string>();
  const found: Sources[] = [];
  for (const path of paths) {
    if (path !== "-") {
      found.push(...readPath(path, seen, problems));
    } else if (!seen.has(path)) {
      seen.add(path);
      const sources = textOf("stdin", await readStream(stdin()), problems);
      found.push({ path: "stdin", kind: "file", sources, others: 1 - sources.length });
    }
  }
  return found;
}

function readPath(path: string, seen: Set<string>, problems: Problem[]): Sources[] {
  const walk: Walk = { seen, problems, files: [], before: 0 };
  const kind = collect(path, "named", walk);
  if (kind === undefined) return [];
  const files = walk.files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const sources = files.flatMap((file) => readFile(file, problems));
  return [{ path, kind, sources, others: files.length - sources.length + walk.before }];
}

/** What has been met below a path. */
interface Walk {
  /** Real paths of files and folders, for all paths: links may lead in circles, and paths may overlap. */
  readonly seen: Set<string>;
  readonly problems: Problem[];
  readonly files: string[];
  /** Manifests that were met before. */
  before: number;
}

/** Adds the files behind a path. Undefined for one that does not exist. */
function collect(path: string, how: "named" | "found", walk: Walk): Sources["kind"] | undefined {
  try {
    const kind = statSync(path).isDirectory() ? "folder" : "file";
    const real = realpathSync(path);
    if (walk.seen.has(real)) walk.before++;
    else if (kind === "file") walk.files.push(path);
    else collectBelow(path, real, walk);
    walk.seen.add(real);
    return kind;
  } catch (error) {
    walk.problems.push(unreadable(path, how, error));
    return undefined;
  }
}

/** An ordinary entry of a folder is where the folder is: only links have to be followed. */
function collectBelow(folder: string, real: string, walk: Walk): void {
  walk.seen.add(real);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith(".") || name === "node_modules") continue;
    const path = join(folder, name);
    if (entry.isFile()) {
      if (!extension.test(name)) continue;
      const realFile = join(real, name);
      if (walk.seen.has(realFile)) walk.before++;
      else walk.files.push(path);
      walk.seen.add(realFile);
    } else if (entry.isDirectory() || (entry.isSymbolicLink() && (extension.test(name) || leadsToFolder(path)))) {
      collect(path, "found", walk);
    }
  }
}

function leadsToFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function unreadable(path: string, how: "named" | "found", error: unknown): Problem {
  // Only what the operating system says is the reader's business.
  if (!(error instanceof Error && "code" in error && "syscall" in error)) throw error;
  const code = String(error.code);
  const common = { where: path, expected: "a file or folder that can be read" };
  if (code === "ENOENT" && how === "named") {
    return { ...common, code: "input/no-such-path", what: "there is no such file or folder" };
  }
  const what: Record<string, string> = {
    ENOENT: "the link leads nowhere",
    EACCES: "permission denied",
    EPERM: "permission denied",
    ELOOP: "the link leads in a circle",
    EISDIR: "this is a folder",
  };
  return { ...common, code: "input/unreadable", what: what[code] ?? `it cannot be read (${code})` };
}

function readFile(path: string, problems: Problem[]): Source[] {
  try {
    return textOf(path, readBytes(path), problems);
  } catch (error) {
    problems.push(unreadable(path, "found", error));
    return [];
  }
}

type Bytes = Buffer | "too large";

/** Not more than the limit, whatever the file says of its size: a pipe says nothing. */
function readBytes(path: string): Bytes {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size > mostBytes) return "too large";
    // One byte more than there should be, so that the end is met without growing.
    let buffer = Buffer.allocUnsafe(size === 0 ? pipeBytes : size + 1);
    let filled = 0;
    for (;;) {
      const count = readSync(file, buffer, { offset: filled });
      if (count === 0) return buffer.subarray(0, filled);
      filled += count;
      if (filled > mostBytes) return "too large";
      if (filled === buffer.length) buffer = Buffer.concat([buffer], 2 * filled);
    }
  } finally {
    closeSync(file);
  }
}

async function readStream(stream: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream) {
    total += chunk.length;
    if (total > mostBytes) return "too large";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function textOf(name: string, bytes: Bytes, problems: Problem[]): Source[] {
  if (bytes === "too large") {
    const megabytes = String(mostBytes / 1024 / 1024);
    problems.push({
      code: "input/too-large",
      where: name,
      what: `more than ${megabytes} MiB`,
      expected: `at most ${megabytes} MiB`,
      fix: "leave out what is no policy, namespace or workload, or split the file",
    });
    return [];
  }
  const wide =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "little" : bytes[0] === 0xfe && bytes[1] === 0xff ? "big" : undefined;
  if (wide !== undefined || !isUtf8(bytes)) {
    problems.push({ ...encoding(name, bytes, wide), code: "input/encoding", expected: "UTF-8" });
    return [];
  }
  const text = bytes.toString("utf8");
  return [{ name, text: text.startsWith("\uFEFF") ? text.slice(1) : text }];
}

function encoding(
  name: string,
  bytes: Buffer,
  wide: "little" | "big" | undefined,
): Pick<Problem, "where" | "what" | "fix"> {
  if (wide !== undefined) {
    return {
      where: name,
      what: `UTF-16, ${wide} end first`,
      fix: `save it as UTF-8, for example with \`iconv -f UTF-16 -t UTF-8 ${name}\``,
    };
  }
  const text = bytes.toString("utf8");
  const offset = text.indexOf("\uFFFD");
  const lines = new Lines(text);
  const at = `${name}:${String(lines.line(offset))}:${String(lines.column(offset))}`;
  return { where: at, what: "bytes that are no UTF-8", fix: "save the file as UTF-8" };
}
