/**
 * The engine is killed in the middle of `up`, at points spread from the first resource to the last; the next `up`
 * converges without hand-work.
 */
import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { processesNaming as find } from "../../components/cluster/processes.ts";
import { Cluster } from "./support/cluster.ts";
import { type Checkpoint, expectedReleases, Project } from "./support/project.ts";
import { hasProc, processesNaming } from "./support/remains.ts";
import { busyness, lastLines, outputOf, type Running, type Said } from "./support/running.ts";

const halfWritten = "while Cilium is being installed, with its state half written";

/** How far `up` has come when it is killed, in words, and how the checkpoint shows it. */
const points: readonly (readonly [string, (checkpoint: Checkpoint) => boolean])[] = [
  ["while the cluster is being made", (checkpoint) => isPending(checkpoint, "kwok:ControlPlane")],
  [halfWritten, (checkpoint) => isPending(checkpoint, "cilium-release")],
  ["when Cilium's operator has just been started", (checkpoint) => isMade(checkpoint, "cilium-operator-process")],
  ["while Kyverno is being installed", (checkpoint) => isPending(checkpoint, "kyverno-release")],
  ["while Argo CD is the only one missing", (checkpoint) => isMade(checkpoint, "kyverno-release")],
  ["when the last policy is being applied", (checkpoint) => isMade(checkpoint, "policies-uat-allow-dns")],
];

function isPending(checkpoint: Checkpoint, part: string): boolean {
  return (checkpoint.pending_operations ?? []).some(({ resource }) => resource.urn.includes(part));
}

function isMade(checkpoint: Checkpoint, part: string): boolean {
  return (checkpoint.resources ?? []).some(({ urn, id }) => urn.includes(part) && id !== undefined);
}

function isSidecar(file: string): boolean {
  return file.endsWith(".attrs");
}

/** `creating cilium-release, …`: whole operations hold all values of a chart. */
function pendingIn(checkpoint: Checkpoint | undefined): string {
  const pending = checkpoint?.pending_operations ?? [];
  if (pending.length === 0) return "nothing pending";
  return pending.map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1) ?? ""}`).join(", ");
}

describe("an up whose engine is killed", function () {
  const project = new Project();

  before(function () {
    if (hasProc) return;
    // Finding the engine among the processes of the machine needs Linux.
    if (process.env["CI"] !== undefined) throw new Error("this machine has no /proc");
    this.skip();
  });

  // A test that fails says nothing about the next one.
  afterEach(async function () {
    if (this.currentTest?.state === "failed") await project.clear();
  });

  after(async () => {
    await project.remove();
  });

  /** Wait until it has come this far; one that ends before tells what it said last. */
  async function comes(up: Running, reached: (checkpoint: Checkpoint) => boolean): Promise<void> {
    let said: Said | undefined;
    void up.done.then((all) => (said = all));
    const patience = 180 * busyness();
    const until = Date.now() + patience * 1000;
    for (;;) {
      const ended = said;
      const checkpoint = project.checkpoint("kwok");
      if (checkpoint !== undefined && reached(checkpoint)) return;
      const where = pendingIn(checkpoint);
      if (ended !== undefined) {
        assert.fail(`ended before it came to the point (${where}):\n${lastLines(ended.output)}`);
      }
      assert.ok(Date.now() < until, `did not come to the point within ${patience.toFixed(0)} s (${where})`);
      await sleep(20);
    }
  }

  async function engine(): Promise<number> {
    const candidates = (await find(" up --stack kwok")).filter(({ args }) => args.includes("--config-file"));
    // Another project's looks the same.
    const engines = candidates.filter(({ pid }) => readlinkSync(`/proc/${String(pid)}/cwd`) === project.dir);
    const [first] = engines;
    assert.ok(first !== undefined && engines.length === 1, `engines: ${JSON.stringify(engines)}`);
    return first.pid;
  }

  /** As an engine leaves it that is killed when it has just begun to describe the state it is writing. */
  function tearState(): void {
    project.write(".platform/state/.pulumi/stacks/platform/kwok.json.18ea2e31494c30c7.tmp", '{"version": 3, "chec');
    project.write(".platform/state/.pulumi/stacks/platform/kwok.json.attrs", "");
  }

  async function converges(): Promise<void> {
    const output = outputOf(await project.script("up"));
    const cluster = new Cluster(project.kubeconfig("kwok"));
    const releases = await cluster.releases();
    assert.deepEqual(
      Object.values(releases).filter((status) => status !== "deployed"),
      [],
      JSON.stringify(releases),
    );
    assert.deepEqual(Object.keys(releases).sort(), expectedReleases(output));
    assert.equal(await cluster.policyValidity("uat", "allow-dns"), "True");
    outputOf(await project.script("preview", "kwok", "--expect-no-changes"));

    outputOf(await project.script("down"));
    assert.deepEqual(await processesNaming(project.dir), []);
    assert.deepEqual(project.filesBesideState("kwok"), []);
  }

  for (const [point, reached] of points) {
    it(`converges with the next up when killed ${point}`, async () => {
      const killed = project.start("up");
      await comes(killed, reached);
      process.kill(await engine(), "SIGKILL");
      assert.notEqual((await killed.done).code, 0);
      // What a kill could tear, as it once did, is not there.
      assert.deepEqual(project.filesBesideState("kwok").filter(isSidecar), []);
      if (point === halfWritten) tearState();
      await converges();
    });
  }

  it("is not taken up beside a living engine", async () => {
    const first = project.start("up");
    await comes(first, () => project.locks("kwok").length > 0);
    const second = await project.script("up");
    assert.notEqual(second.code, 0);
    assert.match(
      second.output,
      /stack kwok is being updated by process \d+ of \S+ on \S+\n {2}fix: wait for it to end/,
    );
    outputOf(await first.done);
    outputOf(await project.script("down"));
  });
});
