/**
 * Svg: a report drawn by Graphviz. A world that is too large is drawn with less detail, and the drawing says so.
 */
import type { DiffReport, MatrixReport } from "../../policies/reachability/report/report.ts";
import { dotText, isLayered, isSparse, type DotOptions } from "./dot.ts";
import { layOut } from "./layout.ts";
import { counted } from "./counted.ts";
import { byBox, oneForEachPair, pictureOfDiff, pictureOfMatrix, type Picture } from "./picture.ts";

export async function drawMatrix(report: MatrixReport): Promise<string> {
  return (await drawPicture(pictureOfMatrix(report), "title and legend")).svg;
}

export async function drawDiff(report: DiffReport): Promise<string> {
  return (await drawPicture(pictureOfDiff(report), "title and legend")).svg;
}

export interface Drawing {
  readonly svg: string;
  /** What was drawn: the picture that was given, or a coarser one with the reason among its notes. */
  readonly picture: Picture;
}

/** One way to draw, and the size up to which it is tried. */
interface Level {
  readonly engine: DotOptions["engine"];
  readonly simplify: (picture: Picture) => Picture;
  readonly fits: (picture: Picture) => boolean;
}

const patienceMs = 10_000;

/** From everything to least. The last is empty, so that there is always a drawing. */
const levels: readonly Level[] = [
  { engine: "dot", simplify: (picture) => picture, fits: isLayered },
  { engine: "osage", simplify: (picture) => picture, fits: isPacked },
  { engine: "osage", simplify: withoutUnchanged, fits: isPacked },
  { engine: "dot", simplify: namespacesOnly, fits: (picture) => isLayered(picture) && isSparse(picture) },
  { engine: "osage", simplify: namespacesOnly, fits: (picture) => isPacked(picture) && isSparse(picture) },
  { engine: "dot", simplify: (fine) => oneForEachPair(namespacesOnly(fine)), fits: isLayered },
  { engine: "osage", simplify: (fine) => oneForEachPair(namespacesOnly(fine)), fits: isPacked },
  { engine: "osage", simplify: withoutArrows, fits: isPacked },
  { engine: "osage", simplify: countsOnly, fits: () => true },
];

/** Packing takes a second for this, and a person as much as can be searched by eye. */
function isPacked({ nodes, arrows }: Picture): boolean {
  return nodes.length <= 1_200 && arrows.length <= 3_000;
}

export async function drawPicture(fine: Picture, heading: DotOptions["heading"]): Promise<Drawing> {
  let because = "";
  for (const { engine, simplify, fits } of levels) {
    const picture = simplify(fine);
    if (!fits(picture)) continue;
    const laid = await layOut({ dot: dotText(picture, { engine, heading }), engine }, patienceMs);
    if (laid.kind === "svg") return { svg: withoutPreamble(laid.svg), picture };
    because = laid.kind === "failed" ? laid.because : `no layout within ${String(patienceMs / 1000)} s`;
  }
  throw new Error(`nothing could be drawn: ${because}`);
}

function withoutUnchanged(picture: Picture): Picture {
  const arrows = picture.arrows.filter(({ look }) => look !== "unchanged");
  const left = picture.arrows.length - arrows.length;
  if (left === 0) return picture;
  return {
    ...picture,
    arrows,
    notes: [...picture.notes, `${counted(left, "unchanged arrow")} left out of the map, because there are too many`],
  };
}

function namespacesOnly(fine: Picture): Picture {
  const picture = withoutUnchanged(byBox(fine));
  const note = `namespaces only: ${counted(fine.nodes.length, "group")} and ${counted(fine.arrows.length, "arrow")} are too many to be drawn one by one; narrow the view with --focus`;
  return { ...picture, notes: [...picture.notes, note] };
}

function withoutArrows(fine: Picture): Picture {
  const picture = namespacesOnly(fine);
  const note = `${counted(picture.arrows.length, "arrow")} between namespaces left out as well: the table holds what they tell`;
  return { ...picture, arrows: [], notes: [...picture.notes, note] };
}

function countsOnly(fine: Picture): Picture {
  const note = `not drawn: ${counted(fine.boxes.length, "namespace")} are too many; narrow the view with --focus`;
  return { ...fine, nodes: [], boxes: [], arrows: [], notes: [...fine.notes, note] };
}

/** The element alone: the document type names an address, and a page wants the element. */
function withoutPreamble(svg: string): string {
  const [, element = svg] = /(<svg[\s\S]*)$/.exec(svg) ?? [];
  return element;
}
