/**
 * `npm run pr-comment -- --stack <stack>`: what a change does to a stack, as the comment of a pull request, from manifests alone.
 *
 * Ends with 0 where nothing is wrong, with 1 where a promise is broken or `--fail-on` met, and with 2 where it cannot be said.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UserError } from "../policies/problems.ts";
import { exitCodes, type ExitCode } from "../reach/exit-codes.ts";
import type { Review } from "../reach/review.ts";
import { fails } from "../reach/verbs/diff.ts";
import { judge, type Judged } from "./pull-request/judged.ts";
import { told, type About } from "./pull-request/told.ts";
import { renderedSides } from "./pull-request/rendered.ts";
import { baseOf, fileAt } from "./pull-request/revisions.ts";
import { outputs, readWords, type Words } from "./pull-request/words.ts";
import { untilInterrupted } from "./tools/interruption.ts";

export async function prComment(args: readonly string[]): Promise<ExitCode> {
  try {
    const words = readWords(args);
    return await untilInterrupted(async (interruption) => await comment(words, interruption));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.unusable;
  }
}

const endings = { markdown: "md", json: "json", sarif: "sarif", html: "html" } as const;

async function comment(words: Words, interruption: AbortSignal): Promise<ExitCode> {
  const project = process.cwd();
  const { stacks, output, flows, out, whole, previews } = words;
  const base = await baseOf(project, words.base);
  const read = {
    base: async (file: string) => await fileAt(project, base.commit, file),
    head: async (file: string) => await readFile(join(project, file), "utf8").catch(() => undefined),
  };
  const folder = await mkdtemp(join(tmpdir(), "cilium-platform-comment-"));
  const removed = (): void => void rm(folder, { recursive: true, force: true });
  interruption.addEventListener("abort", removed);
  try {
    const sides = await renderedSides({ project, base, stacks, folder }, interruption, (line) => {
      process.stderr.write(`${line}\n`);
    });
    const codes: ExitCode[] = [];
    for (const [stack, both] of sides) {
      const judged = await judge({ sides: both, folder, read, ...(flows === undefined ? {} : { flows }) });
      const preview = previews === undefined ? undefined : await previewIn(previews, stack);
      const about: About = {
        stack,
        base,
        project,
        ...(whole === undefined ? {} : { whole }),
        ...(preview === undefined ? {} : { preview }),
      };
      process.stdout.write(await told(judged, about, output));
      if (out !== undefined) {
        await mkdir(out, { recursive: true });
        for (const format of outputs) {
          await writeFile(join(out, `${stack}.${endings[format]}`), await told(judged, about, format));
        }
      }
      codes.push(codeOf(judged, words));
    }
    return codes.reduce((worst, code) => (code > worst ? code : worst), exitCodes.fine);
  } finally {
    interruption.removeEventListener("abort", removed);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A change of which nothing is known passes no gate. */
function codeOf(judged: Judged, { failOn }: Words): ExitCode {
  if (judged.kind === "unusable") return exitCodes.unusable;
  if (judged.kind === "removed") return failOn === undefined ? exitCodes.fine : exitCodes.no;
  const broken = judged.review.promises.promises.some(({ kept }) => !kept);
  const gate = judged.kind === "alone" ? failOn !== undefined : isMet(judged.review, failOn);
  return broken || gate ? exitCodes.no : exitCodes.fine;
}

/** Somebody new opens something by being there; across environments that is as bad as an edge between the old. */
function isMet({ report, newcomers }: Review, failOn: Words["failOn"]): boolean {
  const opens = failOn === "allowed" || failOn === "any";
  return fails(report, failOn) || (opens && newcomers.some(({ crossing }) => crossing !== undefined));
}

/** Undefined where nobody previewed the stack. */
async function previewIn(folder: string, stack: string): Promise<About["preview"]> {
  const [text, code] = await Promise.all(
    ["txt", "code"].map(async (ending) =>
      readFile(join(folder, `${stack}.${ending}`), "utf8").catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }),
    ),
  );
  // One that was cut short before it could say its code has failed.
  return text === undefined ? undefined : { text, code: Number(code ?? 1) };
}
