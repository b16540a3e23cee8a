/** Our documents as text, and what can be held against the rest of the project in them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** Every document, relative to the project. */
export const documents: readonly string[] = [
  ...markdownIn("."),
  ...markdownIn("docs"),
  ...markdownIn("components"),
  ...markdownBelow("policies"),
].sort();

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((file) => (file.endsWith(".md") ? [join(folder, file)] : []));
}

function markdownBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && entry.name.endsWith(".md") ? [relative(root, join(entry.parentPath, entry.name))] : [],
  );
}

export function textOf(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

/** Content of every fence with a tag. */
export function fencesIn(text: string, tag: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, found, block = ""]) =>
    found === tag ? [block] : [],
  );
}

/** What a reader is told to type: every line of the fences tagged `sh`, without comments. */
export function commandsIn(text: string): readonly string[] {
  return fencesIn(text, "sh").flatMap((block) =>
    block
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
}

/** Targets of the links that do not leave the project, without their anchors. */
export function linksIn(text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^(https?:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ""));
}

/** Text between single backticks. */
export function codesIn(text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** One section, from its heading to the next of the same or a higher level. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split("\n");
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`no section ${heading}`);
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const rest = lines.slice(start + 1);
  // A comment inside a fence begins like a heading.
  const inFence = rest.map((_, at) => rest.slice(0, at).filter((line) => line.startsWith("```")).length % 2 === 1);
  const end = rest.findIndex((line, at) => inFence[at] !== true && headingLevel(line) <= level);
  return rest.slice(0, end === -1 ? undefined : end).join("\n");
}

function headingLevel(line: string): number {
  return /^(#+) /.exec(line)?.[1]?.length ?? Infinity;
}

/** Cells of every row of the tables in a text, heads and rules left out. */
export function tableRowsIn(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  return lines
    .filter((line, at) => line.startsWith("|") && !isRule(line) && !isRule(lines[at + 1] ?? ""))
    .map((line) =>
      line
        .replace(/^\||\|$/g, "")
        .split("|")
        .map((cell) => cell.trim()),
    );
}

function isRule(line: string): boolean {
  return /^\|[\s|:-]+\|$/.test(line);
}

function withoutFences(text: string): string {
  return text.replace(/^```.*?^```$/gms, "");
}
