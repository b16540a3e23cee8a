/** Told: the judgement of one stack in each of the formats. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { aloneMarkdown, markOf, reviewMarkdown, unusableMarkdown, type Frame } from "../../reach/output/comment.ts";
import { drawn } from "../../reach/output/drawn.ts";
import { reviewJson } from "../../reach/output/json.ts";
import { reviewSarif } from "../../reach/output/sarif.ts";
import { previewText } from "../ci/preview-text.ts";
import { differs, goldenAt, goldenFile, resourceDiff, resourceDiffText, type Golden } from "../ci/resource-diff.ts";
import { stackFileName } from "../pulumi/stack-file.ts";
import type { Judged } from "./judged.ts";
import type { Base } from "./revisions.ts";
import type { Output } from "./words.ts";

/** Whom a judgement is about, and what goes with it. */
export interface About {
  readonly stack: string;
  readonly project: string;
  readonly base: Base;
  /** Where the whole of it is, as Markdown. */
  readonly whole?: string;
  /** What a preview printed, with the code it ended with. */
  readonly preview?: { readonly text: string; readonly code: number };
}

export async function told(judged: Judged, about: About, output: Output): Promise<string> {
  switch (output) {
    case "markdown":
      return markdown(judged, about);
    case "json":
      return json(judged, about);
    case "sarif":
      return sarif(judged, about);
    case "html":
      return await html(judged, about);
  }
}

function markdown(judged: Judged, about: About): string {
  const { stack, base, whole } = about;
  const frame: Frame = {
    stack,
    ...(whole === undefined ? {} : { whole }),
    footer: [
      `Compared with \`${base.name}\`, from manifests that both sides render by themselves: no cluster and no credential was needed.`,
      ...(whole === undefined ? [] : [`The whole table, the map and JSON: ${whole}.`]),
    ],
    parts: [(room) => resources(judged, about, room)],
  };
  switch (judged.kind) {
    case "compared":
      return reviewMarkdown(judged.review, frame);
    case "alone":
      return aloneMarkdown(judged, judged.review, frame);
    case "removed":
      return `${markOf(stack)}changed -->\n### Connectivity of ${stack}: the stack is removed, and nothing of it is judged\n`;
    case "unusable":
      return unusableMarkdown(judged.why, judged.output, frame);
  }
}

/** By the committed resources where they differ, else by the objects that are applied; and what a preview says, if there is one. */
function resources(judged: Judged, { stack, project, base, preview }: About, room: number): string {
  const heading = "**Resources**\n\n";
  const golden = resourceDiff(goldenAt(base.commit, stack, project), goldenHere(project, stack));
  const objects = judged.kind === "compared" ? judged.objects : undefined;
  const registered = differs(golden)
    ? resourceDiffText(stack, golden)
    : objects !== undefined && differs(objects)
      ? resourceDiffText(stack, objects, "applies")
      : "";
  const left = room - heading.length - registered.length - 400;
  const previewed = preview === undefined ? "" : previewText(stack, preview.code, preview.text, Math.max(0, left));
  for (const text of [registered + previewed, registered, firstLine(registered)]) {
    if (text.trim() !== "" && heading.length + text.length <= room) return `${heading}${text.trimEnd()}`;
  }
  return "";
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function goldenHere(project: string, stack: string): Golden | undefined {
  try {
    return JSON.parse(readFileSync(join(project, goldenFile(stack)), "utf8")) as Golden;
  } catch {
    return undefined;
  }
}

function json(judged: Judged, { stack, base }: About): string {
  const more = { stack, base, state: judged.kind };
  const nothing = { promises: { promises: [], withdrawn: [] }, warnings: { added: [], stayed: 0, gone: 0 } };
  switch (judged.kind) {
    case "compared":
      return reviewJson(judged.review, judged.review, { ...more, objects: judged.objects });
    case "alone":
      return reviewJson(judged.review, undefined, { ...more, why: judged.why, output: judged.output });
    case "removed":
      return reviewJson(nothing, undefined, more);
    case "unusable":
      return reviewJson(nothing, undefined, { ...more, why: judged.why, output: judged.output });
  }
}

function sarif(judged: Judged, { stack }: About): string {
  const nothing = { promises: { promises: [], withdrawn: [] }, warnings: { added: [], stayed: 0, gone: 0 } };
  const review = judged.kind === "compared" || judged.kind === "alone" ? judged.review : nothing;
  const report = judged.kind === "compared" ? judged.review.report : undefined;
  return reviewSarif(review, report, stackFileName(stack));
}

/** A map of what changes. Where nothing is compared there is none, and the page says so. */
async function html(judged: Judged, { stack }: About): Promise<string> {
  if (judged.kind === "compared") return await drawn("html", judged.review.report);
  const why = judged.kind === "removed" ? "the stack is removed" : judged.why;
  const text = `Nothing to compare: ${why}`.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${stack}</title><p>${text}</p></html>\n`;
}
