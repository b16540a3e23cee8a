/**
 * Html: a report as one page that needs no network: a map, a table to search, and the explanation of every edge.
 *
 * The page's style and script are files of their own beside this one, put into the page as they are. Its security policy
 * names them by their hashes and forbids every request.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Problem } from "../../policies/problems.ts";
import type { DiffReport, MatrixReport } from "../../policies/reachability/report/report.ts";
import { jsonForPage, pageData } from "./html/data.ts";
import { lines, looks, type Look } from "./look.ts";
import { counted, grouped } from "./counted.ts";
import { pictureOfDiff, pictureOfMatrix, type Picture } from "./picture.ts";
import { drawPicture } from "./svg.ts";

export async function drawMatrix(report: MatrixReport): Promise<string> {
  return await page(pictureOfMatrix(report));
}

export async function drawDiff(report: DiffReport): Promise<string> {
  return await page(pictureOfDiff(report));
}

async function page(fine: Picture): Promise<string> {
  const { svg, picture } = await drawPicture(fine, "none");
  const { data, notes } = pageData(picture);
  const style = `${colours()}\n${part("page.css")}`;
  const script = part("page.js");
  const { title, headline } = picture;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(style, script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(`${title}: ${headline}`)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body class="${picture.kind}">
<header>
<h1>${escaped(title)}</h1>
<p id="headline">${escaped(headline)}</p>
${[...picture.notes, ...notes].map((note) => `<p class="note">${escaped(note)}</p>`).join("\n")}
<div id="toggles" role="group" aria-label="Show">${toggles(picture)}</div>
</header>
<main>
<section id="map" aria-label="Map or matrix">
<div id="views" role="group" aria-label="View">
<button type="button" aria-pressed="true" data-view="viewport">Map</button>
<button type="button" aria-pressed="false" data-view="grid">Matrix</button>
</div>
<div id="tools">
<button type="button" id="zoom-in" title="Zoom in (+)" aria-label="Zoom in">+</button>
<button type="button" id="zoom-out" title="Zoom out (-)" aria-label="Zoom out">−</button>
<button type="button" id="zoom-fit" title="Show everything (0)">Fit</button>
</div>
<div id="viewport" tabindex="0" role="group" aria-label="Map: + and - zoom, arrow keys move, 0 shows everything. The table tells the same in words.">
${namedForReaders(svg, headline)}
</div>
<div id="grid" tabindex="0" role="group" aria-label="Matrix: who starts a connection beside, whom to above" hidden></div>
</section>
<section id="side" aria-label="Table and explanation">
<div id="search">
<input id="query" type="search" autocomplete="off" spellcheck="false" placeholder="Search: name, port, from:web to:db port:5432" aria-label="Search by name or port; from:, to: and port: narrow it" aria-controls="rows">
<output id="count" for="query"></output>
</div>
<div id="rows"><table role="grid" tabindex="0" aria-label="Every edge: arrow keys choose one">
<colgroup><col class="end"><col class="end"><col class="ports"><col></colgroup>
<thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Ports</th><th scope="col">${picture.kind === "matrix" ? "Answer" : "Change"}</th></tr></thead>
<tbody></tbody>
</table></div>
<section id="explanation" aria-live="polite" aria-label="Explanation" tabindex="0"><p class="hint">Choose an edge in the map or a line of the table to read which rules decide.</p></section>
</section>
</main>
${findingsPart(picture.findings)}<noscript><p>The map is drawn above; searching and explaining need scripts.</p></noscript>
<script type="application/json" id="data">${jsonForPage(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function part(name: string): string {
  return readFileSync(new URL(`html/${name}`, import.meta.url), "utf8");
}

/** Nothing may be loaded from anywhere, and nothing runs but what we wrote. */
function policy(style: string, script: string): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** One variable for each look, so that the style has no second spelling of a colour. */
function colours(): string {
  const all = Object.entries(lines);
  const light = all.map(([look, { colour }]) => `--${look}: ${colour};`).join(" ");
  const dark = all.map(([look, { onDark }]) => `--${look}: ${onDark};`).join(" ");
  const uses = all.map(([look, { style }]) => `.${look} { --look: var(--${look}); --line: ${style}; }`).join("\n");
  return `:root { ${light} }\n@media (prefers-color-scheme: dark) { :root { ${dark} } }\n${uses}`;
}

/** Legend and filter in one: a line as it is drawn, its word and how many there are. */
function toggles({ kind, rows }: Picture): string {
  return looks[kind]
    .map((look: Look) => {
      const count = grouped(rows.filter((row) => row.look === look).length);
      return `<button type="button" class="toggle ${look}" data-look="${look}" aria-pressed="true"><i></i>${lines[look].words} <b>${count}</b></button>`;
    })
    .join("");
}

/** Sized by the page, and one picture to a reader of the screen: the table says what it shows. */
function namedForReaders(svg: string, headline: string): string {
  return svg.replace(/^<svg [^>]*?viewBox="([^"]+)"[^>]*>/, (_, box: string) => {
    return `<svg viewBox="${box}" role="img" aria-label="${escaped(headline)}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">`;
  });
}

function findingsPart(findings: readonly Problem[]): string {
  if (findings.length === 0) return "";
  const items = findings.map(({ code, where, what, expected, fix }) => {
    const mend = fix === undefined ? "" : `<br>fix: ${escaped(fix)}`;
    return `<li><b>${escaped(where)}</b>: ${escaped(what)}<br>expected ${escaped(expected)}${mend} <code>${escaped(code)}</code></li>`;
  });
  return `<details id="findings"><summary>${counted(findings.length, "finding")} in the manifests</summary><ul>${items.join("\n")}</ul></details>\n`;
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (letter) => entities[letter] ?? letter);
}
