/** Drawings as texts: what stands in them, whatever the names hold, and how they stay small. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { instance } from "@viz-js/viz";

import * as dot from "../../reach/output/dot.ts";
import { drawn } from "../../reach/output/drawn.ts";
import * as html from "../../reach/output/html.ts";
import { layOut } from "../../reach/output/layout.ts";
import { byBox, pictureOfMatrix, shortened } from "../../reach/output/picture.ts";
import * as svg from "../../reach/output/svg.ts";
import type { FlowsReport, Group, MatrixReport } from "../../policies/reachability/report/report.ts";
import {
  change,
  changedWorldOf,
  diffOf,
  edge,
  external,
  getFlights,
  matrixOf,
  pod,
  tcp,
  worldOf,
} from "./drawn-reports.ts";

const shop = [pod("shop/web"), pod("shop/db", ["shop/db-replica"]), external("world"), pod("ops/probe")];

const nasty: readonly Group[] = [
  pod(`shop/"quoted"`),
  pod("shop/back\\slash\\"),
  pod("shop/two\nlines"),
  pod("shop/</script><b>&amp;"),
  pod("shop/<!--<script "),
  pod("shop/Überseehafen-港-🚢"),
  external("nul\u0000 and \ud800 alone"),
];
const nastyReport = matrixOf(
  nasty,
  nasty.map((_, at) => edge(at, (at + 1) % nasty.length, tcp(443))),
);

/** Graphviz writes a hyphen as an entity. */
const drawnOf = (text: string, kind: "node" | "arrow"): number =>
  [...text.matchAll(new RegExp(`<g id="${kind}&#45;`, "g"))].length;

/** A whole drawing is too long for a message. */
function shows(text: string, part: string): void {
  assert.ok(text.replaceAll("&#45;", "-").includes(part), `no ${part}`);
}

const lineOf = (text: string, part: string): string => text.split("\n").find((line) => line.includes(part)) ?? "";

describe("a drawing as dot", () => {
  it("holds namespaces as clusters, a node for each group, and what is outside apart", () => {
    const text = dot.drawMatrix(matrixOf(shop, []));
    assert.deepEqual(
      [...text.matchAll(/label = <<TABLE.*?<B>(.*?)<\/B>.*|^ +("[^"]+") \[/gm)].map(([, box, node]) => box ?? node),
      [
        "Who may talk to whom",
        "ops",
        `"ops/probe"`,
        "shop",
        `"shop/web"`,
        `"shop/db and 1 more"`,
        "outside the cluster",
        `"world"`,
      ],
    );
  });

  it("tells verdict, ports and restriction on one arrow for each pair and look", () => {
    const text = dot.drawMatrix(
      matrixOf(shop, [
        edge(0, 1, tcp(5432)),
        edge(0, 1, tcp(9187)),
        edge(0, 1, tcp(8080), { ingress: getFlights }),
        edge(0, 2, tcp(443), { outcome: "unknown" }),
        edge(3, 0, tcp(80), { egress: { l7: [], authentication: "required" } }),
      ]),
    );
    assert.deepEqual(
      text.split("\n").filter((line) => line.includes(" -> ")),
      [
        `  "shop/web" -> "shop/db and 1 more" [id="arrow-0", class="arrow allowed", color="#0072B2", penwidth="1.2", label="TCP 5432\\nTCP 9187", fontcolor="#0072B2"];`,
        `  "shop/web" -> "shop/db and 1 more" [id="arrow-1", class="arrow restricted", color="#B35A00", penwidth="1.4", style="dashed", label="TCP 8080\\nhttp GET /flights", fontcolor="#B35A00"];`,
        `  "shop/web" -> "world" [id="arrow-2", class="arrow unknown", color="#8A3F72", penwidth="1.8", style="dotted", label="TCP 443", fontcolor="#8A3F72"];`,
        `  "ops/probe" -> "shop/web" [id="arrow-3", class="arrow restricted", color="#B35A00", penwidth="1.4", style="dashed", label="TCP 80\\nauthentication required", fontcolor="#B35A00"];`,
      ],
    );
  });

  it("summarises ports that are too many for an arrow", () => {
    const ports = tcp(80, 443, 8080, 8443, 9090, 9091, 9092);
    const one = dot.drawMatrix(matrixOf(shop, [edge(0, 1, ports)]));
    assert.match(lineOf(one, " -> "), /label="TCP 80, 443, 8080, 8443, 9090…"/);
    const many = dot.drawMatrix(matrixOf(shop, [edge(0, 1, tcp(1)), edge(0, 1, tcp(2)), edge(0, 1, tcp(3))]));
    assert.match(lineOf(many, " -> "), /label="TCP 1\\nand 2 more lines"/);
    assert.equal(shortened("👩‍🚀".repeat(31)), `${"👩‍🚀".repeat(29)}…`);
  });

  it("shows in a diff what opened, closed, changed and is unknown, and faintly what did not", () => {
    const kinds = ["ALLOWED", "DENIED", "L7-CHANGED", "UNKNOWN"] as const;
    const changes = kinds.map((kind, at) => change(0, 1, tcp(at + 1), { kind }));
    const text = dot.drawDiff(diffOf(shop, changes, [edge(3, 1, tcp(9))]));
    assert.deepEqual(
      [...text.matchAll(/class="arrow (\w+)", color="([^"]+)", penwidth="([^"]+)"(.*)\]/g)].map((found) =>
        found.slice(1).join(" "),
      ),
      [
        `opened #C84E00 2.2 , label="TCP 1", fontcolor="#C84E00"`,
        `closed #0072B2 2 , style="dashed", label="TCP 2", fontcolor="#0072B2"`,
        `changed #8A3F72 1.6 , label="TCP 3", fontcolor="#8A3F72"`,
        `unclear #6B6B00 1.8 , style="dotted", label="TCP 4", fontcolor="#6B6B00"`,
        `unchanged #B8BEC6 0.8 , weight="0"`,
      ],
    );
    shows(
      text,
      "Connectivity: 2 pairs become ALLOWED, 2 pairs become DENIED; 40 pairs unchanged, 2 unknown (Cilium 1.20)",
    );
  });

  it("tells what only one side of a diff knows", () => {
    const report = {
      ...diffOf(shop, []),
      appeared: ["shop/new"],
      disappeared: ["a/1", "a/2", "a/3", "a/4", "a/5", "a/6"],
    };
    const text = dot.drawDiff(report);
    shows(text, "<I>new, not compared: shop/new</I>");
    shows(text, "<I>gone, not compared: a/1, a/2, a/3, a/4, a/5, a/6</I>");
  });

  it("tells what recorded flows say of a diff", () => {
    const flows: FlowsReport = {
      recorded: 40,
      requests: 12,
      replies: 28,
      undecided: 0,
      closed: { pairs: 1, flows: 12 },
      opened: { pairs: 0, flows: 0 },
      restricted: { pairs: 0, flows: 0 },
      strangers: [{ name: "shop/<old>", flows: 3 }],
      addresses: [],
      malformed: { lines: 0, examples: [] },
    };
    const text = dot.drawDiff({ ...diffOf(shop, [change(0, 1, tcp(1), { kind: "DENIED" })]), flows });
    shows(
      text,
      "<I>Flows: closes 1 edge that was used 12 times; 12 requests of 40 recorded flows (and 28 replies)</I>",
    );
    shows(text, "<I>not among the manifests: shop/&lt;old&gt; (3)</I>");
  });

  it("is accepted by Graphviz and shown as written, whatever a name holds", async () => {
    const text = dot.drawMatrix(nastyReport);
    const shown = (await instance()).renderString(text, { format: "svg" });
    const texts = [...shown.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, each = ""]) => each);
    for (const expected of [
      "&quot;quoted&quot;",
      "back\\slash\\",
      "two",
      "lines",
      "&lt;/script&gt;&lt;b&gt;&amp;amp;",
      "Überseehafen&#45;港&#45;🚢",
      "nul� and � alone",
    ]) {
      assert.ok(texts.includes(expected), `${expected} is not among ${texts.join(" | ")}`);
    }
    assert.equal(drawnOf(shown, "arrow"), 7);
  });

  it("is the same text each time, in the order of the report", () => {
    for (const [first, second] of [
      [dot.drawMatrix(worldOf(60)), dot.drawMatrix(worldOf(60))],
      [dot.drawDiff(changedWorldOf(60)), dot.drawDiff(changedWorldOf(60))],
    ]) {
      assert.equal(first, second);
    }
  });

  it("names the engine that can draw it", () => {
    assert.match(dot.drawMatrix(worldOf(50)), /layout="dot"/);
    assert.match(dot.drawMatrix(worldOf(400)), /layout="osage"/);
  });
});

describe("a drawing as svg", () => {
  it("is one element with every node and arrow, a legend, and nothing to fetch", async () => {
    const report = worldOf(30);
    const text = await svg.drawMatrix(report);
    assert.match(text, /^<svg /);
    assert.equal(drawnOf(text, "node"), report.groups.length);
    assert.equal(drawnOf(text, "arrow"), report.edges.length);
    shows(text, "allowed, restricted at L7 or authenticated");
    assert.deepEqual(
      [...new Set(text.match(/(https?:|href|url\()[^" ]*/g))],
      ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"],
    );
    assert.equal(await svg.drawMatrix(report), text);
  });

  it("shows a thousand groups one by one within seconds", async function () {
    this.timeout(30_000);
    const report = worldOf(1_000);
    const text = await svg.drawMatrix(report);
    assert.equal(drawnOf(text, "node"), report.groups.length);
    assert.ok(text.length < 3_000_000, `${String(text.length)} letters`);
  });

  it("shows namespaces only where there is more, and says so", async function () {
    this.timeout(30_000);
    const text = await svg.drawMatrix(worldOf(2_000));
    shows(
      text,
      "namespaces only: 2,005 groups and 3,566 arrows are too many to be drawn one by one; narrow the view with --focus",
    );
    shows(text, ">data-19<");
    assert.equal(drawnOf(text, "node"), 202);
  });

  it("joins the arrows between namespaces where there are many, and leaves them out where there are too many", async function () {
    this.timeout(30_000);
    const dense = (spaces: number, each: number): MatrixReport => {
      const groups = Array.from({ length: spaces * each }, (_, at) =>
        pod(`ns-${String(at % spaces)}/pod-${String(at)}`),
      );
      const some = groups.flatMap((_, from) =>
        groups.map((__, to) => edge(from, to, tcp(80))).filter(({ to }) => (from + to) % 2 === 0),
      );
      return matrixOf(groups, some);
    };
    const joined = await svg.drawMatrix(dense(11, 10));
    shows(joined, "one arrow for each two namespaces, with the first look of the legend that its edges have");
    assert.equal(drawnOf(joined, "arrow"), 66);
    const none = await svg.drawMatrix(dense(121, 2));
    shows(none, "14,641 arrows between namespaces left out as well: the table holds what they tell");
    assert.deepEqual([drawnOf(none, "node"), drawnOf(none, "arrow")], [121, 0]);
  });

  it("gives up on a layout that takes too long", async () => {
    const complete = Array.from({ length: 150 }, (_, from) =>
      Array.from({ length: 150 }, (_, to) => `${String(from)}->${String(to)};`).join(""),
    );
    const started = performance.now();
    assert.deepEqual(await layOut({ dot: `digraph {${complete.join("")}}`, engine: "dot" }, 300), { kind: "too slow" });
    assert.ok(performance.now() - started < 3_000);
  });

  it("tells what Graphviz refuses", async () => {
    assert.deepEqual(await layOut({ dot: "digraph {", engine: "dot" }, 5_000), {
      kind: "failed",
      because: "syntax error in line 1",
    });
  });

  it("is there for a report without anything", async () => {
    shows(await svg.drawMatrix(matrixOf([], [])), "no workloads: nobody to talk, and nothing for a policy to select");
    shows(
      await svg.drawDiff(diffOf([], [])),
      "Connectivity: nothing changes; 40 pairs unchanged, 2 unknown (Cilium 1.20)",
    );
  });
});

describe("a picture by namespaces", () => {
  it("counts the edges between each two of them", () => {
    const { nodes, arrows } = byBox(
      pictureOfMatrix(matrixOf(shop, [edge(0, 1, tcp(1)), edge(1, 0, tcp(1)), edge(3, 0, tcp(2)), edge(0, 2, tcp(3))])),
    );
    assert.deepEqual(
      nodes.map(({ label }) => label),
      ["ops\n1 endpoint", "shop\n3 endpoints", "outside the cluster\n1 endpoint"],
    );
    assert.deepEqual(
      arrows.map(({ from, to, label }) => `${String(from)} ${String(to)} ${label}`),
      ["0 1 1 edge", "1 1 2 edges", "1 2 1 edge"],
    );
  });
});

describe("a drawing as html", () => {
  it("holds no name as markup", async () => {
    const text = await html.drawMatrix(nastyReport);
    // Ours are the data and the page's own.
    assert.equal(text.match(/<\/script>/g)?.length, 2);
    assert.ok(!text.includes("<b>&amp;"), "a name became markup");
    const [, json = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text) ?? [];
    assert.deepEqual((JSON.parse(json) as { nodes: string[] }).nodes.slice(3, 5), [
      "shop/</script><b>&amp;",
      "shop/<!--<script ",
    ]);
    assert.ok(!json.includes("<"), "a name may open a comment");
  });

  it("names no address that a browser would ask", async () => {
    const text = await html.drawDiff(changedWorldOf(60));
    const addresses = text.match(/https?:\/\/[^"' )]+/g) ?? [];
    assert.deepEqual([...new Set(addresses)], ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"]);
    assert.match(
      text,
      /content="default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; form-action 'none'"/,
    );
  });

  it("tells title, counts and findings", async () => {
    const finding = {
      code: "cilium/unknown-field",
      where: "cnp shop/<db>",
      what: "`fromEndpoint` is no field",
      expected: "`fromEndpoints`",
      fix: "rename it",
    };
    const text = await html.drawMatrix(matrixOf(shop, [edge(0, 1, tcp(5432))], { findings: [finding] }));
    shows(
      text,
      "<title>Who may talk to whom: 4 workloads, 1 outside: 2 pairs may talk, 7 may not (Cilium 1.20)</title>",
    );
    shows(
      text,
      "<summary>1 finding in the manifests</summary><ul><li><b>cnp shop/&lt;db&gt;</b>: `fromEndpoint` is no field<br>expected `fromEndpoints`<br>fix: rename it <code>cilium/unknown-field</code></li></ul>",
    );
  });

  it("is the same page each time, and below two megabytes for 400 workloads", async function () {
    this.timeout(30_000);
    const text = await html.drawMatrix(worldOf(400));
    assert.ok(text.length < 2_000_000, `${String(text.length)} letters`);
    assert.equal(await html.drawMatrix(worldOf(400)), text);
  });

  it("explains as many edges as a page can hold, and says how many", async function () {
    this.timeout(30_000);
    const groups = Array.from({ length: 120 }, (_, at) => pod(`all/pod-${String(at)}`));
    const edges = groups.flatMap((_, from) => groups.map((__, to) => edge(from, to, tcp(80))));
    const text = await html.drawMatrix(matrixOf(groups, edges));
    shows(text, "explanations of the first 10,000 lines only: ask reach explain for others");
  });
});

describe("the page's own script", () => {
  it("has no error of types, which the project's own check does not see", async function () {
    this.timeout(60_000);
    const root = join(import.meta.dirname, "..", "..");
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", join(root, "reach", "output", "html")]);
    assert.equal(stdout, "");
  });
});

describe("drawn", () => {
  it("draws either report as what was asked for", async () => {
    assert.match(await drawn("dot", matrixOf(shop, [])), /^digraph reach \{/);
    assert.match(await drawn("svg", diffOf(shop, [])), /^<svg .*/);
    assert.match(await drawn("html", diffOf(shop, [])), /^<!doctype html>/);
  });
});
