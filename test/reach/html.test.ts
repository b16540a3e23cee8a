/** The page in a browser: what a person sees, does and reads there, without any network. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Browser, BrowserContext, Locator, Page } from "playwright-core";

import type { DiffReport, MatrixReport } from "../../policies/reachability/report/report.ts";
import { drawn } from "../../reach/output/drawn.ts";
import { browserOrSkip, launch } from "../support/browser.ts";
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

const shop = matrixOf(
  [pod("shop/web"), pod("shop/db", ["shop/db-replica"]), external("world"), pod(`ops/"probe" </script>`)],
  [
    edge(0, 1, tcp(5432)),
    edge(0, 1, [{ protocol: "TCP", first: 8000, last: 8100 }], { ingress: getFlights }),
    edge(0, 2, tcp(443), { outcome: "unknown" }),
    edge(3, 0, tcp(80)),
  ],
);

describe("the page that a report is drawn as", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "reach-page-"));
  let browser: Browser | undefined;
  let context: BrowserContext | undefined;
  /** Whatever a page said or asked for that it must not. */
  const complaints: string[] = [];

  before(async function () {
    // Once on a machine without a browser: 170 MB.
    this.timeout(600_000);
    browser = await launch(await browserOrSkip(this));
  });

  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    await context?.close();
    context = undefined;
    assert.deepEqual(complaints.splice(0), []);
  });

  async function open(report: MatrixReport | DiffReport, size = { width: 1400, height: 900 }): Promise<Page> {
    const file = join(folder, "page.html");
    writeFileSync(file, await drawn("html", report));
    assert.ok(browser !== undefined);
    context = await browser.newContext({ offline: true, viewport: size });
    const page = await context.newPage();
    const address = pathToFileURL(file).href;
    page.on("console", (message) => complaints.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== address) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    return page;
  }

  const lines = (page: Page): Locator => page.locator("tbody tr[data-row]");
  const texts = async (page: Page): Promise<string[]> =>
    (await lines(page).allInnerTexts()).map((line) => line.split("\t").join(" | "));
  const ids = async (elements: Locator): Promise<(string | null)[]> =>
    await Promise.all((await elements.all()).map(async (element) => await element.getAttribute("id")));
  const viewBox = async (page: Page): Promise<number[]> =>
    ((await page.locator("#viewport svg").getAttribute("viewBox")) ?? "").split(" ").map(Number);

  /** In the middle of the line, which may be as flat as a line can be. */
  async function clickArrow(page: Page, arrow: number): Promise<void> {
    const middle = `(() => {
      const line = document.querySelector("#arrow-${String(arrow)} path");
      const { x, y } = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM());
      return [x, y];
    })()`;
    const [x = 0, y = 0] = await page.evaluate<number[]>(middle);
    await page.mouse.click(x, y);
  }

  it("shows every group, namespace and edge of the report", async () => {
    const page = await open(shop);
    assert.equal(await page.locator("h1").textContent(), "Who may talk to whom");
    assert.equal(
      await page.locator("#headline").textContent(),
      "4 workloads, 1 outside: 3 pairs may talk, 7 may not, 1 unknown on some port (Cilium 1.20)",
    );
    assert.deepEqual(await page.locator("#viewport .box text").allTextContents(), [
      "ops",
      "shop",
      "outside the cluster",
    ]);
    assert.deepEqual((await page.locator("#viewport .group text").allTextContents()).sort(), [
      `"probe" </script>`,
      "db and 1 more",
      "web",
      "world",
    ]);
    assert.equal(await page.locator("#viewport .arrow").count(), 4);
    assert.deepEqual(await texts(page), [
      "shop/web | shop/db and 1 more | TCP 5432 | allowed",
      "shop/web | shop/db and 1 more | TCP 8000-8100 | http GET /flights",
      "shop/web | world | TCP 443 | unknown",
      `ops/"probe" </script> | shop/web | TCP 80 | allowed`,
    ]);
    assert.deepEqual(await page.locator("#toggles button").allTextContents(), [
      "allowed 2",
      "allowed, restricted at L7 or authenticated 1",
      "unknown 1",
    ]);
  });

  it("explains an edge that is clicked in the map, and shows its line", async () => {
    const page = await open(shop);
    await clickArrow(page, 1);
    assert.equal(await page.locator("#explanation h2").textContent(), "shop/web → shop/db and 1 more");
    assert.equal(
      await page.locator("#explanation h3").textContent(),
      "TCP 8000-8100 allowed, restricted at L7 or authenticated",
    );
    assert.equal(await page.locator("#explanation .asks").textContent(), "http GET /flights");
    assert.deepEqual(await page.locator("#explanation .walk p").allTextContents(), [
      "shop/web -> shop/db and 1 more TCP 8000: allowed",
      "egress: allowed by cnp shop/web spec.egress[0] (policies/web.yaml:12) (S6)",
      "ingress: allowed by cnp shop/db spec.ingress[0] (policies/db.yaml:9) (S6)",
    ]);
    assert.equal(await page.locator("tr[aria-selected=true]").getAttribute("id"), "row-1");
    assert.match((await page.locator("#arrow-1").getAttribute("class")) ?? "", /\bchosen\b/);
  });

  it("explains a line that is clicked in the table, and shows its edge", async () => {
    const page = await open(shop);
    await page.getByText("TCP 80", { exact: true }).last().click();
    assert.equal(
      await page.locator("#explanation .walk p").first().textContent(),
      `ops/"probe" </script> -> shop/web TCP 80: allowed`,
    );
    assert.match((await page.locator("#arrow-3").getAttribute("class")) ?? "", /\bchosen\b/);
    const before = await viewBox(page);
    await page.getByRole("button", { name: "Find in map" }).click();
    assert.notDeepEqual(await viewBox(page), before);
  });

  it("explains both ways of an arrow that stands for two edges", async () => {
    const page = await open(matrixOf(shop.groups, [edge(0, 2, tcp(80)), edge(2, 0, tcp(80))]));
    assert.equal(await page.locator("#viewport .arrow").count(), 1);
    await clickArrow(page, 0);
    assert.equal(await page.locator("#explanation h2").textContent(), "shop/web ↔ world");
    assert.deepEqual(await page.locator("#explanation h3").allTextContents(), [
      "TCP 80 allowed · shop/web → world",
      "TCP 80 allowed · world → shop/web",
    ]);
  });

  for (const [written, expected] of [
    ["replica", [0, 1]],
    ["8050", [1]],
    ["from:shop/web port:443", [2]],
    ["to:web", [3]],
    ["GET", [1]],
    ['"shop/web" unknown', [2]],
    ["</script>", [3]],
    ["(", []],
  ] as const) {
    it(`finds ${expected.length === 0 ? "nothing" : `line ${expected.join(" and ")}`} by ${written}`, async () => {
      const page = await open(shop);
      await page.locator("#query").fill(written);
      await page
        .locator("#count")
        .filter({ hasText: `${String(expected.length)} of 4` })
        .waitFor();
      assert.deepEqual(
        await ids(lines(page)),
        expected.map((row) => `row-${String(row)}`),
      );
      assert.deepEqual(
        await ids(page.locator("#viewport .arrow.match")),
        expected.map((row) => `arrow-${String(row)}`),
      );
      if (expected.length === 0) assert.equal(await page.locator("tbody").textContent(), "Nothing matches.");
    });
  }

  it("is used with the keyboard alone", async () => {
    const page = await open(shop);
    await page.locator("#query").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.locator("tr[aria-selected=true]").getAttribute("id"), "row-1");
    assert.equal(await page.locator("table").getAttribute("aria-activedescendant"), "row-1");
    assert.equal(await page.locator("#explanation .asks").textContent(), "http GET /flights");
    await page.keyboard.press("End");
    assert.equal(await page.locator("tr[aria-selected=true]").getAttribute("id"), "row-3");
    await page.locator("#query").fill("world");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#count").textContent(), "4 of 4");
  });

  it("zooms with buttons, wheel and keys, moves by dragging, and goes back to everything", async () => {
    const page = await open(shop);
    const whole = await viewBox(page);
    const [, , width = 0] = whole;
    await page.getByRole("button", { name: "Zoom in" }).click();
    assert.ok(((await viewBox(page))[2] ?? 0) < width);
    await page.getByRole("button", { name: "Fit" }).click();
    assert.deepEqual(await viewBox(page), whole);
    await page.locator("#viewport").hover();
    await page.mouse.wheel(0, -200);
    await page.waitForFunction(`document.querySelector("#viewport svg").viewBox.baseVal.width < ${String(width)}`);
    await page.locator("#viewport").focus();
    await page.keyboard.press("0");
    assert.deepEqual(await viewBox(page), whole);
    await page.keyboard.press("-");
    assert.ok(((await viewBox(page))[2] ?? 0) > width);
    await page.keyboard.press("0");
    await page.mouse.move(300, 300);
    await page.mouse.down();
    await page.mouse.move(360, 340, { steps: 4 });
    await page.mouse.up();
    const [x = 0, y = 0] = await viewBox(page);
    assert.ok(x < (whole[0] ?? 0) && y < (whole[1] ?? 0), `${String(x)} ${String(y)}`);
  });

  it("shows the connections of a group that is clicked, and its members", async () => {
    const page = await open(shop);
    await page.locator("#node-1").click();
    assert.deepEqual(await page.locator("#explanation li").allTextContents(), ["shop/db", "shop/db-replica"]);
    assert.equal(await page.locator("#count").textContent(), "2 of 4");
    await page.locator("#node-1").click();
    assert.equal(await page.locator("#count").textContent(), "4 of 4");
  });

  it("shows the same as a matrix, in which a cell explains and an empty one says that nothing is possible", async () => {
    const page = await open(shop);
    await page.getByRole("button", { name: "Matrix" }).click();
    assert.deepEqual(await page.locator("#grid thead th").allTextContents(), [
      "",
      "shop/web",
      "shop/db and 1 more",
      "world",
      `ops/"probe" </script>`,
    ]);
    const cells = page.locator("#grid td");
    assert.deepEqual(await Promise.all((await cells.all()).map(async (cell) => await cell.getAttribute("class"))), [
      ...[null, "allowed", "unknown", null],
      ...[null, null, null, null],
      ...[null, null, null, null],
      ...["allowed", null, null, null],
    ]);
    await cells.nth(1).click();
    assert.deepEqual(await page.locator("#explanation h3").allTextContents(), [
      "TCP 5432 allowed · shop/web → shop/db and 1 more",
      "TCP 8000-8100 allowed, restricted at L7 or authenticated · shop/web → shop/db and 1 more",
    ]);
    await cells.nth(4).click();
    assert.equal(
      await page.locator("#explanation").textContent(),
      "shop/db and 1 more → shop/webNo edge: denied on every port, or left out of this report.",
    );
    await page.locator("#query").fill("probe");
    await page.locator("#count").filter({ hasText: "1 of 4" }).waitFor();
    assert.deepEqual(await page.locator("#grid th").allTextContents(), ["", "shop/web", `ops/"probe" </script>`]);
    await page.getByRole("button", { name: "Map" }).click();
    assert.equal(await page.locator("#viewport").isVisible(), true);
    assert.equal(await page.locator("#grid").isVisible(), false);
  });

  it("shows a matrix of many in part, and says so", async () => {
    const page = await open(worldOf(100));
    await page.getByRole("button", { name: "Matrix" }).click();
    assert.equal(
      await page.locator("#grid .hint").textContent(),
      "The first 80 of 105 lines and 80 of 105 columns: search to narrow it.",
    );
    assert.equal(await page.locator("#grid td").count(), 6400);
  });

  it("shows in a diff what opened, closed, changed and stayed, each to be left out", async () => {
    const kinds = ["ALLOWED", "DENIED", "L7-CHANGED", "UNKNOWN"] as const;
    const changes = kinds.map((kind, at) => change(0, 1, tcp(at + 1), { kind }));
    const page = await open(diffOf(shop.groups, changes, [edge(3, 1, tcp(9))]));
    assert.deepEqual(await page.locator("#toggles button").allTextContents(), [
      "opened 1",
      "closed 1",
      "changed at L7 1",
      "unknown 1",
      "unchanged 1",
    ]);
    for (const [at, name] of ["opened", "closed", "changed", "unclear", "unchanged"].entries()) {
      const [button, arrow] = [page.locator(`button[data-look=${name}]`), page.locator(`.arrow.${name}`)];
      assert.equal(await arrow.isVisible(), true, name);
      await button.click();
      assert.equal(await arrow.isVisible(), false, name);
      assert.equal(await button.getAttribute("aria-pressed"), "false");
      assert.equal(await lines(page).count(), 4 - at);
    }
    assert.equal(await page.locator("#count").textContent(), "0 of 5");
    await page.locator("button[data-look=opened]").click();
    await lines(page).first().click();
    assert.equal(
      await page.locator("#explanation .asks").textContent(),
      "before: denied: cnp shop/db spec.ingress[0]\nafter: allowed",
    );
    assert.deepEqual(await page.locator("#explanation li").allTextContents(), [
      "risk: crosses namespaces",
      "because of cnp shop/db spec.ingress[1] (policies/db.yaml:12)",
    ]);
    assert.deepEqual(await page.locator("#explanation .walk p").allTextContents(), [
      "before: shop/web -> shop/db and 1 more: denied",
      "after: shop/web -> shop/db and 1 more: allowed",
    ]);
  });

  it("stays quick with many lines: only those that are seen exist", async () => {
    const report = worldOf(400);
    const page = await open(report);
    assert.equal(await page.locator("#viewport .group").count(), report.groups.length);
    assert.equal(await page.locator("#viewport .arrow").count(), report.edges.length);
    assert.ok((await lines(page).count()) < 80, "every line was made");
    await page.locator("table").focus();
    await page.keyboard.press("End");
    const last = report.edges.length - 1;
    assert.equal(await page.locator("tr[aria-selected=true]").getAttribute("id"), `row-${String(last)}`);
    assert.ok(await page.locator(`#row-${String(last)}`).isVisible());
  });

  it("fits a narrow screen without running over its edge", async () => {
    const page = await open(changedWorldOf(30), { width: 400, height: 800 });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 400);
  });
});
