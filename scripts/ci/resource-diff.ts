/**
 * The resource diff of a pull request from the committed goldens: what each stack would register, before and after,
 * without a cluster and without a credential.
 */
import { execFileSync } from "node:child_process";

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

/** What a stack does with what differs. */
const words = { registers: "resources", applies: "objects" } as const;

/** Whether anything differs. */
export function differs({ created, deleted, changed }: ResourceDiff): boolean {
  return created.length + deleted.length + changed.length > 0;
}

/** One line, and the names behind it; deletions first, because they hurt. */
export function resourceDiffText(
  stack: string,
  { created, deleted, changed }: ResourceDiff,
  does: keyof typeof words = "registers",
): string {
  const parts = [
    ...(deleted.length > 0 ? [`${String(deleted.length)} deleted`] : []),
    ...(created.length > 0 ? [`${String(created.length)} created`] : []),
    ...(changed.length > 0 ? [`${String(changed.length)} changed`] : []),
  ];
  if (parts.length === 0) return `- **${stack}** ${does} the same ${words[does]}\n`;
  const lines = [
    ...deleted.map((name) => `- ${name}`),
    ...created.map((name) => `+ ${name}`),
    ...changed.map((name) => `! ${name}`),
  ];
  return [
    `- **${stack}** ${does} other ${words[does]}: ${parts.join(", ")}`,
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

/** The committed resources of a stack, from the project's folder. */
export function goldenFile(stack: string): string {
  return `${folder}/${stack}.json`;
}

/** Undefined where the commit has none. */
export function goldenAt(revision: string, stack: string, project = "."): Golden | undefined {
  try {
    const text = execFileSync("git", ["-C", project, "show", `${revision}:./${goldenFile(stack)}`], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return JSON.parse(text) as Golden;
  } catch {
    return undefined;
  }
}
