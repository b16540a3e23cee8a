/**
 * What `npm run preview` printed, as a part of a comment on a pull request: the counts first, what is replaced and deleted
 * before everything else, then the difference itself.
 *
 * Usage: node scripts/ci/preview-text.ts <stack> <exit code> <file>
 */
import { readFileSync } from "node:fs";

/** GitHub takes 65536 characters for the whole comment. */
const longest = 50_000;

/** Gravest first; in Pulumi's own words. */
const order = ["replace", "delete", "update", "create"] as const;

export function previewText(stack: string, exitCode: number, output: string): string {
  const headline = exitCode === 0 ? counts(output) : "the preview failed";
  return [
    `- **${stack}**, previewed against the cluster: ${headline}`,
    "",
    "  <details><summary>the difference</summary>",
    "",
    "  ```",
    // A fence inside would end ours.
    ...shortened(output)
      .replaceAll("```", "'''")
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`.trimEnd()),
    "  ```",
    "",
    "  </details>",
    "",
    "",
  ].join("\n");
}

/** From the table with which Pulumi ends a preview. */
function counts(output: string): string {
  const said = order.flatMap((word) => {
    const number = new RegExp(`^\\s+\\S+\\s*(\\d+) to ${word}$`, "m").exec(output)?.[1];
    return number === undefined ? [] : [`${number} to ${word}`];
  });
  return said.length === 0 ? "no changes" : said.join(", ");
}

function shortened(output: string): string {
  if (output.length <= longest) return output;
  const left = output.length - longest;
  return `${String(left)} characters are left out here: see the log of the run\n${output.slice(left)}`;
}

if (import.meta.main) {
  const [stack, exitCode, file] = process.argv.slice(2);
  if (stack === undefined || file === undefined) {
    throw new Error("usage: node scripts/ci/preview-text.ts <stack> <exit code> <file>");
  }
  process.stdout.write(previewText(stack, Number(exitCode), readFileSync(file, "utf8")));
}
