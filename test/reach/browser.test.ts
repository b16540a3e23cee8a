/** How the tests come by a browser, with tools that only pretend. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { browserAtHand } from "../support/browser.ts";

const chromiumScript = "#!/bin/sh\\necho Chromium 1.2.3\\n";

describe("a browser for the tests", function () {
  let folder = "";

  before(function () {
    // Elsewhere there is no apt to ask.
    if (process.platform !== "linux") this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "browser-"));
    mkdirSync(join(folder, "bin"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const env = (more: Record<string, string> = {}): Record<string, string> => ({
    PATH: join(folder, "bin"),
    CILIUM_PLATFORM_CACHE: join(folder, "cache"),
    ...more,
  });

  function tool(name: string, ...script: readonly string[]): string {
    const file = join(folder, "bin", name);
    writeFileSync(file, ["#!/bin/sh", "PATH=/usr/bin:/bin", ...script, ""].join("\n"));
    chmodSync(file, 0o755);
    return file;
  }

  /** Downloads one package and the C library, and writes down what it was asked. */
  function apt(...install: readonly string[]): void {
    tool("apt-get", `echo "$@" >> ${folder}/asked`, `case "$*" in`, `*install*) ${install.join("; ")};;`, `esac`);
    // Its archive is the second argument, the folder the third.
    tool(
      "dpkg-deb",
      `[ "$1" = --version ] && exit`,
      `case "$2" in *libc6_*) echo "the C library is the system's own" >&2; exit 1;; esac`,
      `mkdir -p "$3/usr/lib/chromium"`,
      `printf '${chromiumScript}' > "$3/usr/lib/chromium/chromium-headless-shell"`,
      `chmod +x "$3/usr/lib/chromium/chromium-headless-shell"`,
    );
  }

  const downloads = `a="$(dirname "$2")/cache/archives"; touch "$a/chromium_1_amd64.deb" "$a/libc6_2_amd64.deb"`;

  async function lacking(given: Record<string, string>): Promise<string> {
    const found = await browserAtHand(given, () => undefined);
    return "lacking" in found ? found.lacking : `found ${found.executable}`;
  }

  it("is the one that CHROMIUM names, and none other", async () => {
    const own = tool("mine", "echo Chromium 9");
    tool("chromium", "echo Chromium 1");
    assert.deepEqual(await browserAtHand(env({ CHROMIUM: own })), { executable: own, version: "Chromium 9", env: {} });
    assert.equal(
      await lacking(env({ CHROMIUM: "/no/browser" })),
      "CHROMIUM names /no/browser, which does not tell its version",
    );
  });

  it("is the first on PATH that starts", async () => {
    tool("chromium", "exit 1");
    const chrome = tool("google-chrome", "echo Chrome 5");
    assert.deepEqual(await browserAtHand(env()), { executable: chrome, version: "Chrome 5", env: {} });
  });

  it("cannot be had without apt", async () => {
    assert.equal(
      await lacking(env()),
      "no chromium, chromium-browser, google-chrome, chromium-headless-shell on PATH, CHROMIUM is not set, and no apt-get to obtain one",
    );
  });

  it("is unpacked into the cache once, however many want it, and without the C library", async () => {
    apt(downloads);
    const lines: string[] = [];
    const log = (line: string): void =>
      void lines.push(line.replaceAll(folder, "").replace(/after .*/, "after a while"));
    const [first, second] = await Promise.all([browserAtHand(env(), log), browserAtHand(env(), log)]);
    assert.ok("executable" in first, JSON.stringify(first));
    assert.deepEqual(second, first);
    assert.equal(first.version, "Chromium 1.2.3");
    assert.ok(first.executable.startsWith(join(folder, "cache", "browser")));
    assert.ok(existsSync(first.env["FONTCONFIG_FILE"] ?? ""));
    assert.deepEqual(await browserAtHand(env(), log), first);
    const asked = readFileSync(join(folder, "asked"), "utf8")
      .replaceAll(/-c \S+ /g, "")
      .trim()
      .split("\n");
    assert.deepEqual(
      asked.filter((words) => words !== "--version"),
      [
        "-q -y update",
        "-q -y install --download-only --no-install-recommends chromium-headless-shell fonts-dejavu-core fonts-liberation",
      ],
    );
    assert.deepEqual(
      lines.filter((line) => line.startsWith("browser: none here")),
      ["browser: none here, obtaining Debian's chromium (170 MB, about 30 s)"],
    );
  });

  it("is the next package where there is no headless one", async () => {
    apt(`case "$*" in *headless*) exit 100;; esac`, downloads);
    const found = await browserAtHand(env(), () => undefined);
    assert.ok("executable" in found, JSON.stringify(found));
  });

  it("is refused with apt's own words where the packages cannot be had", async () => {
    apt(`echo "E: Unable to locate package chromium" >&2; exit 100`);
    assert.match(await lacking(env()), /, and Debian's packages cannot be had: E: Unable to locate package chromium$/);
    assert.equal(existsSync(join(folder, "cache", "browser")), false);
  });
});
