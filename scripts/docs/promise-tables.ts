/**
 * Promise tables: in the README of every bundle, what it promises on one stack that stands in policies/README.md. Between two
 * marks that nobody edits by hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { format } from "prettier";
import { parse } from "yaml";

import { bundleContext, wantedCharts } from "../../components/candidate.ts";
import { clusterFacts } from "../../components/cluster/facts.ts";
import { readSettings } from "../../components/settings/read.ts";
import type { Bundle, BundleContext, BundlePromise } from "../../policies/bundle.ts";
import { bundles } from "../../policies/bundles.ts";
import type { GeneratedDoc } from "./settings-doc.ts";
import { row } from "./table.ts";

const root = join(import.meta.dirname, "../..");
const stackDocument = "policies/README.md";
const marks = ["<!-- promises: npm run docs -->", "<!-- end of promises -->"] as const;

/** Each README with its table as it must be. */
export async function promiseTables(): Promise<readonly GeneratedDoc[]> {
  const context = exampleContext(readFileSync(join(root, stackDocument), "utf8"));
  return await Promise.all(
    bundles.map(async (bundle) => {
      const path = `policies/${bundle.name}/README.md`;
      const text = withTable(readFileSync(join(root, path), "utf8"), tableOf(bundle, context), path);
      return { path, text: await format(text, { parser: "markdown", printWidth: 120 }) };
    }),
  );
}

/** What the example stack tells its bundles. It is the YAML block that begins with the stack's target. */
export function exampleContext(document: string): BundleContext {
  const [, block] = /```yaml\n(platform:target: kind\n.*?)```/s.exec(document) ?? [];
  if (block === undefined) throw new Error(`${stackDocument} holds no example stack`);
  const config = Object.entries(parse(block) as Record<string, unknown>).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const settings = readSettings({
    stack: "example",
    config: Object.fromEntries(config) as Record<string, string>,
    file: stackDocument,
  });
  return bundleContext(settings, clusterFacts(settings), wantedCharts(settings));
}

function tableOf(bundle: Bundle, context: BundleContext): readonly string[] {
  const promises = bundle.promises(context);
  if (promises.length === 0) return ["It opens and closes nothing, so there is no connection to promise."];
  const [must, never] = ["must", "never"].map((kind) => promises.filter((promise) => kind in promise).length);
  return [
    `On the [example stack](../README.md#the-example-stack): ${String(must)} connections that must be possible, ${String(never)} that must never be. \`world\``,
    "is everything outside the cluster.",
    "",
    "| | from | to | on | because |",
    "| --- | --- | --- | --- | --- |",
    ...merged(promises.map(lineOf)).map(({ kind, from, to, ports, because }) =>
      row([kind, listed(from), listed(to), ports, because]),
    ),
  ];
}

/** Promises of one reason, each about every client and every server. */
interface Line {
  readonly kind: "must" | "never";
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: string;
  readonly because: string;
}

function lineOf(promise: BundlePromise): Line {
  const [kind, text] = "must" in promise ? (["must", promise.must] as const) : (["never", promise.never] as const);
  const [, from = "", to = "", ports = "all ports"] = /^(\S+) -> (\S+)(?: (.+))?$/.exec(text) ?? [];
  return { kind, from: [from], to: [to], ports, because: promise.because };
}

/** First what one client may not or must reach, then the clients of which the same is said. */
function merged(lines: readonly Line[]): readonly Line[] {
  const byClient = grouped(lines, ({ from }) => from).map(([first, ...more]) => ({
    ...first,
    to: [...new Set([first, ...more].flatMap(({ to }) => to))],
  }));
  return grouped(byClient, ({ to }) => to).map(([first, ...more]) => ({
    ...first,
    from: [...new Set([first, ...more].flatMap(({ from }) => from))],
  }));
}

/** Lines that agree in all but one end, in the order of the first of each. */
function grouped(lines: readonly Line[], end: (line: Line) => readonly string[]): readonly [Line, ...Line[]][] {
  const groups = Map.groupBy(lines, (line) => JSON.stringify([line.kind, line.because, line.ports, end(line)]));
  return [...groups.values()].flatMap(([first, ...more]) => (first === undefined ? [] : [[first, ...more]]));
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function withTable(text: string, table: readonly string[], path: string): string {
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start) {
    throw new Error(`${path} lacks \`${marks[0]}\` and \`${marks[1]}\``);
  }
  return [text.slice(0, start + marks[0].length), "", ...table, "", text.slice(end)].join("\n");
}
