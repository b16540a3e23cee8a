/**
 * Dot: a report as a graph in Graphviz's language, for Graphviz itself and for everything that reads it.
 *
 * Node names are the groups' names, so that the text can be read and searched without being drawn.
 */
import type { DiffReport, MatrixReport } from "../../policies/reachability/report/report.ts";
import { lines, looks, type Look } from "./look.ts";
import { pictureOfDiff, pictureOfMatrix, type Arrow, type Box, type Node, type Picture } from "./picture.ts";

/** Which of Graphviz's engines: layers, or boxes packed side by side, which takes no time however large the world is. */
export type Engine = "dot" | "osage";

export interface DotOptions {
  readonly engine: Engine;
  /** A page has a heading of its own. */
  readonly heading: "title and legend" | "none";
}

export function drawMatrix(report: MatrixReport): string {
  return drawn(pictureOfMatrix(report));
}

export function drawDiff(report: DiffReport): string {
  return drawn(pictureOfDiff(report));
}

function drawn(picture: Picture): string {
  return dotText(picture, { engine: isLayered(picture) ? "dot" : "osage", heading: "title and legend" });
}

/** Up to here layers take a second and can be followed by eye; a world of twice the size takes many seconds. */
export function isLayered({ nodes, arrows }: Picture): boolean {
  return nodes.length <= 150 && arrows.length <= 350;
}

/** So few that each can have its label, which takes room of its own. */
export function isSparse({ nodes, arrows }: Picture): boolean {
  return arrows.length <= Math.max(40, 2 * nodes.length);
}

/** The whole graph. Equal pictures are equal text. */
export function dotText(picture: Picture, { engine, heading }: DotOptions): string {
  const inBoxes = new Set(picture.boxes.flatMap(({ nodes }) => nodes));
  const hubs = hubsOf(picture);
  const labels = engine === "dot" && isSparse(picture) ? "ports" : "none";
  const loose = [...picture.nodes.keys()].filter((node) => !inBoxes.has(node));
  return [
    "digraph reach {",
    ...indented([
      `graph ${attributes({ ...graphAttributes(engine, picture), bgcolor: heading === "none" ? "transparent" : "#ffffff" })};`,
      `node ${attributes({ shape: "box", style: "rounded,filled", fillcolor: "#ffffff", color: "#5b6470", fontname, fontsize: "11", margin: "0.12,0.05", height: "0.3" })};`,
      `edge ${attributes({ fontname, fontsize: "9", arrowsize: "0.7" })};`,
      ...(heading === "none" ? [] : [`label = ${headingText(picture)};`]),
      ...picture.boxes.flatMap((box, position) => boxLines(box, position, picture)),
      ...loose.map((node) => nodeLine(node, picture)),
      ...picture.arrows.map((arrow, position) => arrowLine(arrow, position, picture, { engine, hubs, labels })),
    ]),
    "}",
    "",
  ].join("\n");
}

/** Graphviz knows by itself how wide its letters are. */
const fontname = "Helvetica";

function graphAttributes(engine: Engine, { boxes, nodes }: Picture): Record<string, string> {
  const common = { layout: engine, fontname, fontsize: "12", labelloc: "t", labeljust: "l", pad: "0.2" };
  switch (engine) {
    case "dot":
      return { ...common, rankdir: "LR", nodesep: "0.18", ranksep: "0.9" };
    case "osage":
      return {
        ...common,
        splines: "line",
        outputorder: "edgesfirst",
        pack: "28",
        packmode: `array_u${String(columns(boxes.length === 0 ? nodes.length : boxes.length))}`,
      };
  }
}

/** Boxes are about twice as wide as high, a screen a little wider than high. */
function columns(boxes: number): number {
  return Math.max(1, Math.round(Math.sqrt(boxes * 0.7)));
}

function boxLines({ label, kind, nodes }: Box, position: number, picture: Picture): string[] {
  const id = `box-${String(position)}`;
  const style = kind === "namespace" ? "rounded,filled" : "rounded,filled,dashed";
  return [
    `subgraph ${quoted(`cluster_${String(position)}`)} {`,
    ...indented([
      `graph ${attributes({ id, class: "box", style, color: "#9aa4b0", fillcolor: "#f2f5f8", margin: "14", pack: "10", packmode: "array_u", sortv: String(position + 1) })};`,
      // In a table the name keeps its distance from the corner.
      `label = <<TABLE BORDER="0" CELLPADDING="4"><TR><TD><B>${markup(label)}</B></TD></TR></TABLE>>;`,
      ...nodes.map((node) => nodeLine(node, picture)),
    ]),
    "}",
  ];
}

function nodeLine(position: number, { nodes }: Picture): string {
  const node = nodes[position];
  if (node === undefined) throw new RangeError(`no node at ${String(position)}`);
  const label = labelText(node.label);
  return `${quoted(nameText(node.name))} ${attributes({ id: `node-${String(position)}`, class: `group ${node.kind}`, label, sortv: String(position + 1), ...shapes[node.kind] })};`;
}

const shapes: Record<Node["kind"], Record<string, string>> = {
  pod: {},
  external: { shape: "ellipse", style: "filled" },
  box: { margin: "0.25,0.15" },
};

/** What a diff is drawn for is never faint. */
const news: ReadonlySet<Look> = new Set(["opened", "closed", "changed", "unclear"]);

type Labels = "ports" | "none";

/** Nodes to which half the world leads, DNS for one: as many lines, which would cover the rest. */
function hubsOf({ arrows, nodes }: Picture): ReadonlySet<number> {
  const count = new Map<number, number>();
  for (const { to } of arrows) count.set(to, (count.get(to) ?? 0) + 1);
  // In a crowd every line covers the rest.
  if (arrows.length > 8 * nodes.length) return new Set(nodes.keys());
  return new Set([...count].filter(([, arrowsTo]) => arrowsTo > 15).map(([node]) => node));
}

/** As Graphviz writes transparency. */
const faintly = "40";

function arrowLine(
  { from, to, ways, look, label }: Arrow,
  position: number,
  { nodes }: Picture,
  { engine, hubs, labels }: { readonly engine: Engine; readonly hubs: ReadonlySet<number>; readonly labels: Labels },
): string {
  const [tail, head] = [nodes[from]?.name ?? "", nodes[to]?.name ?? ""];
  const { colour, style, width } = lines[look];
  const penwidth = String(engine === "dot" ? width : width * 0.7);
  const faint = look === "unchanged";
  const hub = hubs.has(to) && !news.has(look);
  return `${quoted(nameText(tail))} -> ${quoted(nameText(head))} ${attributes({
    id: `arrow-${String(position)}`,
    class: `arrow ${look}${hub ? " hub" : ""}`,
    color: `${colour}${hub ? faintly : ""}`,
    penwidth,
    ...(style === "solid" ? {} : { style }),
    ...(labels === "none" || faint ? {} : { label: labelText(label), fontcolor: colour }),
    ...(ways === "both" ? { dir: "both" } : {}),
    // What did not change must not pull the rest out of place.
    ...(faint ? { weight: "0" } : {}),
  })};`;
}

/** Title, counts, notes and a legend, in the HTML that Graphviz understands. */
function headingText({ kind, title, headline, notes, arrows }: Picture): string {
  const present = looks[kind].filter((look) => arrows.some((arrow) => arrow.look === look));
  const samples = { solid: "━━▶", dashed: "╍╍▶", dotted: "┉┉▶" };
  const legend = present.map((look) => {
    const { colour, style, words } = lines[look];
    return `<FONT COLOR="${colour}">${samples[style]} ${words}</FONT>`;
  });
  const rows = [
    `<FONT POINT-SIZE="18"><B>${markup(title)}</B></FONT>`,
    markup(headline),
    ...notes.map((note) => `<I>${markup(note)}</I>`),
    ...(legend.length === 0 ? [] : [legend.join("&#160;".repeat(6))]),
  ];
  const cells = rows.map((row) => `<TR><TD ALIGN="LEFT">${row}</TD></TR>`).join("");
  return `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2">${cells}</TABLE>>`;
}

function attributes(values: Record<string, string>): string {
  return `[${Object.entries(values)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(", ")}]`;
}

function indented(text: readonly string[]): string[] {
  return text.map((line) => `  ${line}`);
}

/** Characters that no drawing can show and XML does not allow. */
const unprintable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFE\uFFFF]/g;

/** A string of the language, in which backslashes stand in pairs or before a letter. */
function quoted(text: string): string {
  const safe = text.replace(unprintable, "\uFFFD").toWellFormed();
  return `"${safe.replace(/"/g, '\\"')}"`;
}

/** What names a node: Graphviz keeps both backslashes of a pair there. */
function nameText(name: string): string {
  return name.replace(/\\/g, "\\\\");
}

/** What a label shows: Graphviz reads escapes and entities in it. */
function labelText(text: string): string {
  return text
    .replace(/\\/g, "\\\\")
    .replace(/&/g, "&amp;")
    .replace(/\r?\n|\r/g, "\\n");
}

function markup(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(unprintable, "\uFFFD").replace(/[&<>"]/g, (letter) => entities[letter] ?? letter);
}
