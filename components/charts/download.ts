/**
 * downloadFile: a file from upstream whose content is what its checksum says, or no file at all.
 *
 * An interrupted download goes on where it stopped; what arrives is put in place only when it is whole and right.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";

/** How long an upstream may take to begin its answer, and how long it may then fall silent. */
export const patience = { answerMs: 2_500, silenceMs: 30_000 };

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Hexadecimal, without prefix. Without one the content is taken as it comes. */
  readonly sha256?: string | undefined;
  readonly answerMs?: number;
}

/** The content is not what was promised. Not to be mended by another way of getting the same thing. */
export class ChecksumError extends Error {
  override readonly name = "ChecksumError";
}

/** `sha256:abc…` or `abc…` → `abc…`. */
export function bareDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").toLowerCase();
}

/** Download to `target`. Throws {@link ChecksumError} for wrong content, which is not kept. */
export async function downloadFile(url: string, target: string, options: DownloadOptions = {}): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  // The name holds what is expected, so that the beginning of another file is never continued.
  const partial = `${target}.${(options.sha256 ?? "any").slice(0, 12)}.partial`;
  const resumed = await receive(url, partial, options);
  if (options.sha256 !== undefined && (await sha256Of(partial)) !== options.sha256) {
    const actual = await sha256Of(partial);
    rmSync(partial, { force: true });
    // What was there from last time may have been the broken part.
    if (resumed) {
      await downloadFile(url, target, options);
      return;
    }
    throw new ChecksumError(`${url}: checksum mismatch, got \`${actual}\`, expected \`${options.sha256}\``);
  }
  renameSync(partial, target);
}

/** Small answers: an index, a manifest, a checksum file. */
export async function downloadText(url: string, options: Omit<DownloadOptions, "sha256"> = {}): Promise<string> {
  const { response } = await open(url, options, {});
  return await response.text();
}

/** Fetch into the partial file; true when it went on with what was there. */
async function receive(url: string, partial: string, options: DownloadOptions): Promise<boolean> {
  const have = options.sha256 === undefined ? 0 : (statSync(partial, { throwIfNoEntry: false })?.size ?? 0);
  const range = have === 0 ? {} : { Range: `bytes=${String(have)}-` };
  let opened: Opened;
  try {
    opened = await open(url, options, range);
  } catch (error) {
    // The whole file is there already, only its check is missing.
    if (error instanceof HttpError && error.status === 416) return true;
    throw error;
  }
  const { response, alive } = opened;
  const resumed = response.status === 206;
  await pipeline(
    response.body ?? new Blob([]).stream(),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        alive();
        yield chunk;
      }
    },
    createWriteStream(partial, { flags: resumed ? "a" : "w" }),
  );
  return resumed;
}

/** An answer that is no success. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Headers;

  constructor(url: string, response: Response) {
    super(`${url}: ${String(response.status)} ${response.statusText}`.trim());
    this.status = response.status;
    this.headers = response.headers;
  }
}

interface Opened {
  readonly response: Response;
  /** To be called for every piece that arrives. */
  readonly alive: () => void;
}

/** Start a request that is given up when nothing comes. */
async function open(url: string, options: DownloadOptions, range: Record<string, string>): Promise<Opened> {
  const giveUp = new AbortController();
  const answerMs = options.answerMs ?? patience.answerMs;
  let timer = setTimeout(() => {
    giveUp.abort(new Error(`${new URL(url).host} did not answer within ${String(answerMs / 1000)} s`));
  }, answerMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      giveUp.abort(new Error(`${new URL(url).host} fell silent`));
    }, patience.silenceMs);
    timer.unref();
  };
  const response = await fetch(url, { headers: { ...options.headers, ...range }, signal: giveUp.signal }).catch(
    (error: unknown) => {
      clearTimeout(timer);
      throw new Error(unreachable(url, error));
    },
  );
  alive();
  if (!response.ok) {
    clearTimeout(timer);
    await response.body?.cancel();
    throw new HttpError(url, response);
  }
  return { response, alive };
}

/** Why there was no answer: the cause that fetch hides behind "fetch failed". */
export function unreachable(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  const host = new URL(url).host;
  return text.startsWith(host) ? text : `${host} does not answer (${text})`;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
