/**
 * Data: what the page's script knows of the report. Texts stand once, because rules explain many edges.
 */
import type { Look } from "../look.ts";
import { lines } from "../look.ts";
import { counted, grouped } from "../counted.ts";
import { type Picture, type Row } from "../picture.ts";

/** As `page.js` reads it. Rows and arrows are tuples, because there are many. */
export interface PageData {
  readonly kind: Picture["kind"];
  readonly words: Readonly<Partial<Record<Look, string>>>;
  readonly texts: readonly string[];
  /** Name, how many members there are, and as many of their names as there is room for. */
  readonly groups: readonly (readonly [name: string, count: number, members: readonly string[]])[];
  readonly nodes: readonly string[];
  /** Groups, look, and positions in `texts`. Without lines the explanation was left out. */
  readonly rows: readonly RowData[];
  readonly arrows: readonly (readonly [from: number, to: number, look: Look, rows: readonly number[], ways: 1 | 2])[];
}

type RowData = readonly [
  from: number,
  to: number,
  look: Look,
  ports: number,
  asks: number,
  notes: readonly number[],
  lines: readonly number[],
];

/** A page of some megabytes still opens at once; the command explains the rest. */
const limits = { rows: 50_000, explained: 10_000, explanationLetters: 4_000_000, members: 20_000 } as const;

export function pageData(picture: Picture): { readonly data: PageData; readonly notes: readonly string[] } {
  const texts = new Texts();
  const shown = picture.rows.slice(0, limits.rows);
  let explained = 0;
  const rows = shown.map((row, position) => {
    const told = position < limits.explained && texts.letters < limits.explanationLetters;
    if (told) explained += 1;
    return rowData(row, told ? row.explain() : [], texts);
  });
  const perGroup = Math.max(3, Math.floor(limits.members / Math.max(1, picture.groups.length)));
  const words = Object.fromEntries(Object.entries(lines).map(([look, line]) => [look, line.words]));
  const data: PageData = {
    kind: picture.kind,
    words,
    texts: texts.all,
    groups: picture.groups.map(({ name, members }) => [name, members.length, members.slice(0, perGroup)]),
    nodes: picture.nodes.map(({ name }) => name),
    rows,
    arrows: picture.arrows.map(({ from, to, look, rows: own, ways }) => {
      return [from, to, look, own.filter((row) => row < shown.length), ways === "one" ? 1 : 2];
    }),
  };
  return { data, notes: [...cut(picture.rows.length, shown.length), ...unexplained(shown.length, explained)] };
}

function cut(all: number, shown: number): string[] {
  if (shown === all) return [];
  return [`the table holds the first ${grouped(shown)} of ${counted(all, "line")}; narrow the view with --focus`];
}

function unexplained(shown: number, explained: number): string[] {
  if (explained === shown) return [];
  return [`explanations of the first ${counted(explained, "line")} only: ask reach explain for others`];
}

function rowData({ from, to, look, ports, asks, notes }: Row, explanation: readonly string[], texts: Texts): RowData {
  const at = (text: string): number => texts.at(text);
  return [from, to, look, at(ports), at(asks), notes.map(at), explanation.map(at)];
}

class Texts {
  readonly all: string[] = [];
  letters = 0;
  readonly #known = new Map<string, number>();

  at(text: string): number {
    let position = this.#known.get(text);
    if (position === undefined) {
      this.#known.set(text, (position = this.all.push(text) - 1));
      this.letters += text.length;
    }
    return position;
  }
}

/** JSON that ends neither its element nor opens a comment, whatever names it holds. */
export function jsonForPage(data: PageData): string {
  return JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
