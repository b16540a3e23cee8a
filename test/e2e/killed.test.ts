/**
 * The engine is killed in the middle of `up`, at points spread from the first resource to the last; the next `up`
 * converges without hand-work.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { processesNaming as find } from "../../components/cluster/processes.ts";
import { Cluster } from "./support/cluster.ts";
import { type Checkpoint, expectedReleases, Project } from "./support/project.ts";
import { hasProc, processesNaming } from "./support/remains.ts";

/** How far `up` has come when it is killed, in words, and how the checkpoint shows it. */
const points: readonly (readonly [string, (checkpoint: Checkpoint) => boolean])[] = [
  ["while the cluster is being made", (checkpoint) => isPending(checkpoint, "kwok:ControlPlane")],
  ["while Cilium is being installed", (checkpoint) => isPending(checkpoint, "cilium-release")],
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

describe("an up whose engine is killed", function () {
  const project = new Project();

  before(function () {
    if (hasProc) return;
    // Finding the engine among the processes of the machine needs Linux.
    if (process.env["CI"] !== undefined) throw new Error("this machine has no /proc");
    this.skip();
  });

  after(async () => {
    await project.script("down", "kwok");
    project.remove();
  });

  for (const [point, reached] of points) {
    it(`converges with the next up when killed ${point}`, async () => {
      const killed = project.start("up");
      let last: Checkpoint | undefined;
      const until = Date.now() + 180_000;
      for (last = project.checkpoint("kwok"); last === undefined || !reached(last); last = project.checkpoint("kwok")) {
        assert.ok(Date.now() < until, `never came to the point: ${JSON.stringify(last?.pending_operations)}`);
        await sleep(20);
      }
      const engines = (await find(" up --stack kwok")).filter(({ args }) => args.includes("--config-file"));
      assert.equal(engines.length, 1, JSON.stringify(engines));
      for (const { pid } of engines) process.kill(pid, "SIGKILL");
      const said = await killed.done;
      assert.notEqual(said.code, 0, said.output);

      const { code, output } = await project.script("up");
      assert.equal(code, 0, output);
      const cluster = new Cluster(project.kubeconfig("kwok"));
      const releases = await cluster.releases();
      assert.deepEqual(
        Object.values(releases).filter((status) => status !== "deployed"),
        [],
        JSON.stringify(releases),
      );
      assert.deepEqual(Object.keys(releases).sort(), expectedReleases(output));
      assert.equal(await cluster.policyValidity("uat", "allow-dns"), "True");
      assert.equal((await project.script("preview", "kwok", "--expect-no-changes")).code, 0);

      const down = await project.script("down");
      assert.equal(down.code, 0, down.output);
      assert.deepEqual(await processesNaming(project.dir), []);
    });
  }

  it("is not taken up beside a living engine", async () => {
    const first = project.start("up");
    while (project.locks("kwok").length === 0) await sleep(50);
    const second = await project.script("up");
    assert.notEqual(second.code, 0);
    assert.match(
      second.output,
      /stack kwok is being updated by process \d+ of \S+ on \S+\n {2}fix: wait for it to end/,
    );
    assert.equal((await first.done).code, 0);
    await project.script("down");
  });
});
