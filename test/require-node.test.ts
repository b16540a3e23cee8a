/** The guard in front of the program, as Pulumi's language host loads it, on the Nodes of this machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const guard = join(import.meta.dirname, "../scripts/require-node.mjs");

/** A Node on PATH that cannot strip types. */
function oldNode(): { readonly path: string; readonly version: string } | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "node");
    const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const [major = 0, minor = 0] = status === 0 ? stdout.slice(1).split(".").map(Number) : [99];
    if (major < 22 || (major === 22 && minor < 18)) return { path, version: stdout.trim() };
  }
  return undefined;
}

describe("the guard in front of the program", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "require-node-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const run = (node: string) =>
    spawnSync(node, ["--import", guard, "-e", "console.log('the program')"], { cwd: folder, encoding: "utf8" });

  /** This Node, made to believe that it is another. */
  const pretending = (version: string) => {
    const pretend = `Object.defineProperties(process, {
      version: { value: "v${version}" }, versions: { value: { ...process.versions, node: "${version}" } },
    });`;
    const args = ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, "--import", guard, "-e", ""];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  };
  for (const version of ["22.18.0", "23.0.0", "24.0.0", "100.1.0"]) {
    it(`lets Node ${version} pass`, () => {
      const { status, stderr } = pretending(version);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    });
  }
  for (const version of ["22.17.1", "20.19.0", "18.0.0"]) {
    it(`refuses Node ${version}`, () => {
      const { status, stderr } = pretending(version);
      assert.deepEqual(
        { status, stderr },
        {
          status: 1,
          stderr:
            `cilium-platform needs Node 22.18 or newer to run its TypeScript, and this is v${version}.\n` +
            "  fix: install Node 24, or use the npm scripts (npm run preview), which bring their own\n",
        },
      );
    });
  }

  it("says nothing on a Node that can run it", () => {
    const { status, stdout, stderr } = run(process.execPath);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "the program\n", stderr: "" });
  });

  it("refuses an older one before the program begins (needs a Node before 22.18 on PATH)", function () {
    const old = oldNode();
    if (old === undefined) this.skip();
    const { status, stdout, stderr } = run(old.path);
    assert.deepEqual(
      { status, stdout, stderr },
      {
        status: 1,
        stdout: "",
        stderr:
          `cilium-platform needs Node 22.18 or newer to run its TypeScript, and this is ${old.version}.\n` +
          "  fix: install Node 24, or use the npm scripts (npm run preview), which bring their own\n",
      },
    );
  });
});
