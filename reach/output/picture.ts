/**
 * Picture: what every drawing shows of a report, before any format: boxes of nodes, and arrows between them.
 *
 * One arrow bundles all rows of one pair that look alike, so that a drawing stays readable.
 */
import type { Problem } from "../../policies/problems.ts";
import { portsText, remainsText } from "../../policies/reachability/report/report-text.ts";
import type { ChangeRow, DiffReport, Edge, Group, MatrixReport } from "../../policies/reachability/report/report.ts";
import { counted } from "./counted.ts";
import { headline, oneSided } from "./diff.ts";
import { flowsLines, useText } from "./flows.ts";
import { lookOfChange, lookOfEdge, looks, type Look } from "./look.ts";
import { summary } from "./matrix.ts";

/** What the node stands for decides its shape. */
export interface Node {
  /** Unique in its picture. */
  readonly name: string;
  /** Short: what its box says already is left out. */
  readonly label: string;
  readonly kind: "pod" | "external" | "box";
  /** Names of the endpoints. */
  readonly members: readonly string[];
}

export interface Box {
  readonly label: string;
  readonly kind: "namespace" | "outside" | "several namespaces";
  /** Positions in `nodes`. */
  readonly nodes: readonly number[];
}

/** One edge or one change of a report, in words. */
export interface Row {
  /** Positions in the report's groups. */
  readonly from: number;
  readonly to: number;
  readonly look: Look;
  readonly ports: string;
  /** What is still asked of a connection, or what was and is; empty if there is nothing to say. */
  readonly asks: string;
  /** Beside the explanation: risk, deciding entries, connections that were seen. */
  readonly notes: readonly string[];
  readonly explain: () => readonly string[];
}

export interface Arrow {
  /** Positions in `nodes`. */
  readonly from: number;
  readonly to: number;
  /** `both`: the way back is the same, and drawn by the same arrow. */
  readonly ways: "one" | "both";
  readonly look: Look;
  /** Positions in `rows`, the way back last. */
  readonly rows: readonly number[];
  readonly label: string;
}

export interface Picture {
  readonly kind: "matrix" | "diff";
  readonly title: string;
  /** The counts, one sentence. */
  readonly headline: string;
  readonly nodes: readonly Node[];
  /** Every node is in one. */
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  /** Of the report, whatever the arrows bundle. */
  readonly rows: readonly Row[];
  /** Names of the report's groups with their members: what `from` and `to` of a row mean. */
  readonly groups: readonly Group[];
  readonly findings: readonly Problem[];
  /** What the drawing leaves out. */
  readonly notes: readonly string[];
}

export function pictureOfMatrix(report: MatrixReport): Picture {
  const rows = report.edges.map((edge) => rowOfEdge(edge, () => report.explain(edge)));
  return picture(report, { kind: "matrix", title: "Who may talk to whom", headline: summary(report), rows, notes: [] });
}

export function pictureOfDiff(report: DiffReport): Picture {
  const changed = report.changes.map((change) => rowOfChange(change, () => report.explain(change)));
  const kept = report.kept().map((edge) => ({
    ...rowOfEdge(edge, () => report.explain(edge)),
    look: "unchanged" as const,
  }));
  return picture(report, {
    kind: "diff",
    title: "What the change opens and closes",
    headline: headline(report),
    rows: [...changed, ...kept],
    notes: [...(report.flows === undefined ? [] : flowsLines(report.flows)), ...oneSided(report)],
  });
}

function picture(
  { groups, findings }: MatrixReport | DiffReport,
  parts: Pick<Picture, "kind" | "title" | "headline" | "rows" | "notes">,
): Picture {
  const [boxes, nodes] = [boxesOf(groups), groups.map(nodeOf)];
  return {
    ...parts,
    groups,
    findings,
    nodes,
    boxes,
    arrows: merged(bundled(parts.rows, (group) => group, portsOfBundle)),
  };
}

/** The same rows with a node for each box: what remains of a world that is too large to be drawn in full. */
export function byBox(fine: Picture): Picture {
  const boxOf = new Map(fine.boxes.flatMap(({ nodes }, box) => nodes.map((node) => [node, box] as const)));
  const nodes = fine.boxes.map(({ label, kind, nodes: inside }): Node => {
    const members = inside.flatMap((node) => fine.nodes[node]?.members ?? []);
    const name = kind === "namespace" ? label : `(${label})`;
    return { name, label: `${label}\n${counted(members.length, "endpoint")}`, kind: "box", members };
  });
  const arrows = bundled(
    fine.rows,
    (group) => boxOf.get(group) ?? 0,
    (rows) => counted(rows.length, "edge"),
  );
  return { ...fine, nodes, boxes: [], arrows };
}

/** What is drawn where one pair has edges of several looks: the first in the order of the legend. */
export function oneForEachPair(picture: Picture): Picture {
  const order: readonly Look[] = looks[picture.kind];
  const pairs = new Map<string, Arrow>();
  for (const arrow of picture.arrows) {
    const key = [arrow.from, arrow.to].sort((a, b) => a - b).join(" ");
    const known = pairs.get(key);
    if (known === undefined) pairs.set(key, arrow);
    else pairs.set(key, joined(known, arrow, order));
  }
  const note = "one arrow for each two namespaces, with the first look of the legend that its edges have";
  return { ...picture, arrows: [...pairs.values()], notes: [...picture.notes, note] };
}

function joined(known: Arrow, other: Arrow, order: readonly Look[]): Arrow {
  const rows = [...known.rows, ...other.rows];
  const look = order.indexOf(other.look) < order.indexOf(known.look) ? other.look : known.look;
  const ways = known.from === other.from && known.ways === "one" ? "one" : "both";
  return { ...known, rows, look, ways, label: counted(rows.length, "edge") };
}

function rowOfEdge(edge: Edge, explain: Row["explain"]): Row {
  const { from, to, ports } = edge;
  return { from, to, look: lookOfEdge(edge), ports: portsText(ports), asks: remainsText(edge), notes: [], explain };
}

function rowOfChange(change: ChangeRow, explain: Row["explain"]): Row {
  const { from, to, ports, before, after, risk, because, l7, used } = change;
  const ways = { narrowed: "narrowed at L7", widened: "widened at L7", otherwise: "changed at L7" };
  const notes = [
    `risk: ${risk}`,
    ...(l7 === undefined ? [] : [ways[l7]]),
    ...(used === undefined ? [] : [`used ${useText(used)}`]),
    ...because.map((entry) => `because of ${entry}`),
  ];
  return {
    from,
    to,
    look: lookOfChange(change),
    ports: portsText(ports),
    asks: `before: ${before}\nafter: ${after}`,
    notes,
    explain,
  };
}

const elsewhere: Record<Exclude<Box["kind"], "namespace">, string> = {
  "several namespaces": "several namespaces",
  outside: "outside the cluster",
};

/** Namespaces by name, then what has none. */
function boxesOf(groups: readonly Group[]): Box[] {
  const nodes = new Map<string, number[]>();
  const others: Record<Exclude<Box["kind"], "namespace">, number[]> = { "several namespaces": [], outside: [] };
  for (const [position, { kind, namespace }] of groups.entries()) {
    if (kind === "external") others.outside.push(position);
    else if (namespace === undefined) others["several namespaces"].push(position);
    else nodes.set(namespace, [...(nodes.get(namespace) ?? []), position]);
  }
  const named = [...nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...named.map(([label, inside]): Box => ({ label, kind: "namespace", nodes: inside })),
    ...(["several namespaces", "outside"] as const)
      .filter((kind) => others[kind].length > 0)
      .map((kind): Box => ({ label: elsewhere[kind], kind, nodes: others[kind] })),
  ];
}

function nodeOf({ name, kind, namespace, members }: Group): Node {
  const prefix = `${namespace ?? ""}/`;
  const label = namespace !== undefined && name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return { name, label, kind, members };
}

/** Arrows by position of the first end, then of the second, then in the order of the rows. */
function bundled(
  rows: readonly Row[],
  nodeOfGroup: (group: number) => number,
  label: (rows: readonly Row[]) => string,
): Arrow[] {
  const bundles = new Map<string, { from: number; to: number; look: Look; rows: number[] }>();
  for (const [position, row] of rows.entries()) {
    const [from, to] = [nodeOfGroup(row.from), nodeOfGroup(row.to)];
    const key = `${String(from)} ${String(to)} ${row.look}`;
    const bundle = bundles.get(key);
    if (bundle === undefined) bundles.set(key, { from, to, look: row.look, rows: [position] });
    else bundle.rows.push(position);
  }
  return [...bundles.values()]
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map((bundle) => ({
      ...bundle,
      ways: "one",
      label: label(bundle.rows.flatMap((position) => rows[position] ?? [])),
    }));
}

/** One arrow for two that differ only in their direction. */
function merged(arrows: readonly Arrow[]): Arrow[] {
  const key = ({ from, to, look, label }: Arrow): string => JSON.stringify([from, to, look, label]);
  const byKey = new Map(arrows.map((arrow) => [key(arrow), arrow]));
  return arrows.flatMap((arrow): Arrow[] => {
    const back = byKey.get(key({ ...arrow, from: arrow.to, to: arrow.from }));
    if (back === undefined || arrow.from === arrow.to) return [arrow];
    return arrow.from < arrow.to ? [{ ...arrow, ways: "both", rows: [...arrow.rows, ...back.rows] }] : [];
  });
}

/** As much as an arrow can carry; the rows hold the rest. */
const longestLabel = 30;

function portsOfBundle(rows: readonly Row[]): string {
  // What was and is asked is too long for an arrow: its colour says that something is.
  const lines = rows.map(({ ports, asks, look }) =>
    asks === "" || !isOfMatrix(look) ? shortened(ports) : `${shortened(ports)}\n${shortened(asks)}`,
  );
  return lines.length <= 2 ? lines.join("\n") : `${lines[0] ?? ""}\nand ${counted(lines.length - 1, "more line")}`;
}

function isOfMatrix(look: Look): boolean {
  return (looks.matrix as readonly Look[]).includes(look);
}

const letterCutter = new Intl.Segmenter("en");

export function shortened(text: string): string {
  if (text.length <= longestLabel) return text;
  const letters = Array.from(letterCutter.segment(text), ({ segment }) => segment);
  return letters.length <= longestLabel ? text : `${letters.slice(0, longestLabel - 1).join("")}…`;
}
