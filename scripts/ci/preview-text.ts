/**
 * What `npm run preview` printed, as a part of a comment on a pull request: the counts first, what is replaced and deleted
 * before everything else, then the difference itself.
 */

/** GitHub takes 65536 characters for the whole comment. */
const longest = 50_000;

/** Gravest first; in Pulumi's own words. */
const order = ["replace", "delete", "update", "create"] as const;

/** `most` characters of the output at the most. */
export function previewText(stack: string, exitCode: number, output: string, most = longest): string {
  const headline = exitCode === 0 ? counts(output) : "the preview failed";
  return [
    `- **${stack}**, previewed against the cluster: ${headline}`,
    "",
    "  <details><summary>the difference</summary>",
    "",
    "  ```",
    // A fence inside would end ours.
    ...shortened(output, Math.min(most, longest))
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

function shortened(output: string, most: number): string {
  if (output.length <= most) return output;
  const left = output.length - most;
  return `${String(left)} characters are left out here: see the log of the run\n${output.slice(left)}`;
}
