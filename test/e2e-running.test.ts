/** The commands that end-to-end tests start: none hangs for ever, none outlives its test, and the log says why. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { processesNaming } from "../components/cluster/processes.ts";
import { beginTest, endTest, lastLines, outputOf, type Running, start } from "./e2e/support/running.ts";

/** Finding what a command has started needs /proc. */
const itOnLinux = process.platform === "linux" ? it : it.skip;

describe("a command of an end-to-end test", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "running-"));
  });
  afterEach(() => {
    endTest();
    rmSync(folder, { recursive: true });
  });

  const sh = (script: string): Running => start("npm run up", "sh", ["-c", script], { cwd: folder, env: process.env });
  /** Says something, and goes on with a child of another group: an engine's plugins have one each. */
  const hanging = (): string => `echo waiting for Cilium; setsid sh -c 'sleep 60 # ${folder}' & sleep 60 # ${folder}`;

  it("says what it said, on both its outputs", async () => {
    assert.deepEqual(await sh("echo made; echo warned >&2; exit 3").done, { code: 3, output: "made\nwarned\n" });
  });

  itOnLinux("is ended when the time of its test is over, with all it started, and says so", async () => {
    beginTest(16.5);
    const { code, output } = await sh(hanging()).done;
    assert.equal(code, -1);
    assert.match(output, /^waiting for Cilium\n\n\(`npm run up` did not end within [12] s: the test ended it\)\n$/);
    assert.deepEqual(await processesNaming(folder), []);
  });

  itOnLinux("is ended with its test, with all it started, and its last lines are told", async () => {
    const running = sh(hanging());
    for (;;) if ((await processesNaming(folder)).length >= 2) break;
    const [told = "", ...more] = endTest();
    assert.match(told, /^`npm run up` was still running after \d s; its last lines:\nwaiting for Cilium$/);
    assert.deepEqual(more, []);
    assert.equal((await running.done).code, -1);
    assert.deepEqual(await processesNaming(folder), []);
  });

  it("is not mentioned when it has ended by itself", async () => {
    await sh("true").done;
    assert.deepEqual(endTest(), []);
  });

  it("fails by its last lines, not by all it said", async () => {
    const said = await sh("seq 1000; exit 1").done;
    assert.throws(() => outputOf(said), /^AssertionError \[ERR_ASSERTION\]: 976\n977\n[\s\S]*\n1000\n/);
  });
});

describe("the last lines of a log", () => {
  it("are few and short", () => {
    assert.ok(lastLines(`${"x".repeat(1000)}\n`.repeat(1000)).length <= 2500);
    assert.equal(lastLines("one\ntwo\n"), "one\ntwo");
    assert.equal(lastLines(""), "");
  });
});
