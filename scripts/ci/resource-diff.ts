/**
 * The resource diff of a pull request from the committed goldens: what each stack would register, before and after,
 * without a cluster and without a credential.
 *
 * Usage: node scripts/ci/resource-diff.ts <git revision to compare with>
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A golden as far as it matters here: resources by `<type>::<name>`. */
export interface Golden {
  readonly resources: Readonly<Record<string, unknown>>;
}

export interface ResourceDiff {
  readonly created: readonly string[];
  readonly deleted: readonly string[];
  readonly changed: readonly string[];
}

/** A golden that is not there is a stack without resources. */
export function resourceDiff(before: Golden | undefined, after: Golden | undefined): ResourceDiff {
  const [old, now] = [before?.resources ?? {}, after?.resources ?? {}];
  return {
    created: Object.keys(now).filter((name) => !(name in old)),
    deleted: Object.keys(old).filter((name) => !(name in now)),
    changed: Object.keys(now).filter((name) => name in old && JSON.stringify(old[name]) !== JSON.stringify(now[name])),
  };
}

/** One line, and the names behind it; deletions first, because they hurt. */
export function resourceDiffText(stack: string, { created, deleted, changed }: ResourceDiff): string {
  const parts = [
    ...(deleted.length > 0 ? [`${String(deleted.length)} deleted`] : []),
    ...(created.length > 0 ? [`${String(created.length)} created`] : []),
    ...(changed.length > 0 ? [`${String(changed.length)} changed`] : []),
  ];
  if (parts.length === 0) return `- **${stack}** registers the same resources\n`;
  const lines = [
    ...deleted.map((name) => `- ${name}`),
    ...created.map((name) => `+ ${name}`),
    ...changed.map((name) => `! ${name}`),
  ];
  return [
    `- **${stack}** registers other resources: ${parts.join(", ")}`,
    "",
    "  <details><summary>which</summary>",
    "",
    "  ```diff",
    ...lines.map((line) => `  ${line}`),
    "  ```",
    "",
    "  </details>",
    "",
    "",
  ].join("\n");
}

const folder = "test/golden";

function goldenAt(revision: string, stack: string): Golden | undefined {
  try {
    const text = execFileSync("git", ["show", `${revision}:${folder}/${stack}.json`], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return JSON.parse(text) as Golden;
  } catch {
    return undefined;
  }
}

function stacksAt(revision: string): string[] {
  const files = execFileSync("git", ["ls-tree", "--name-only", revision, `${folder}/`], { encoding: "utf8" });
  return files.split("\n").flatMap((file) => (file.endsWith(".json") ? [basename(file, ".json")] : []));
}

if (import.meta.main) {
  const [revision] = process.argv.slice(2);
  if (revision === undefined) throw new Error("usage: node scripts/ci/resource-diff.ts <git revision to compare with>");
  const here = readdirSync(folder).flatMap((file) => (file.endsWith(".json") ? [basename(file, ".json")] : []));
  for (const stack of [...new Set([...stacksAt(revision), ...here])].sort()) {
    const after = here.includes(stack)
      ? (JSON.parse(readFileSync(join(folder, `${stack}.json`), "utf8")) as Golden)
      : undefined;
    process.stdout.write(resourceDiffText(stack, resourceDiff(goldenAt(revision, stack), after)));
  }
}
