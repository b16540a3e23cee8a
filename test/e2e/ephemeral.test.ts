/** Ephemeral clusters: the command's exit code comes back, and whatever ends the run, nothing of the cluster is left. */
import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { processesNaming as find } from "../../components/cluster/processes.ts";
import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { Project } from "./support/project.ts";
import { hasProc } from "./support/remains.ts";
import { busyness, outputOf, type Running, type Said, start as startRunning } from "./support/running.ts";

describe("an ephemeral cluster", function () {
  const project = new Project();
  const { kubectl = "kubectl" } = toolPaths(["kubectl"]).path;
  const path = [dirname(kubectl), process.env["PATH"] ?? ""].join(delimiter);

  before(function () {
    // What is not ours to be found by its environment needs Linux.
    if (!hasProc && process.env["CI"] !== undefined) throw new Error("this machine has no /proc");
    if (!hasProc) this.skip();
    // Only quicker: what comes up is the story's business.
    const off = { enabled: false };
    project.configure("kwok", (config) =>
      Object.assign(config, { "platform:kyverno": off, "platform:argocd": off, "platform:gateway": off }),
    );
    project.writeStack("wrong", { "platform:target": "kwok", "platform:cilium": { routeing: "native" } });
  });

  // A test that fails says nothing about the next one.
  afterEach(async function () {
    if (this.currentTest?.state !== "failed") return;
    await project.clear();
    project.forget(".platform/ephemeral");
  });

  after(async () => {
    await project.remove();
  });

  const allGone = /removed in [\d.]+ s; nothing is left: looked for processes, state folders, kubeconfig contexts\n$/;

  /** As a person would, with their own kubectl. */
  function type(command: string): Running {
    return startRunning(command, "bash", ["-c", command], { cwd: project.dir, env: { ...process.env, PATH: path } });
  }

  function start(options: readonly string[], line: string): Running {
    return project.start("ephemeral", ...options, "--", "bash", "-c", line, { PATH: path });
  }

  async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + 120_000 * busyness();
    while (!(await isSo())) {
      assert.ok(Date.now() < end, `never came to be: ${what}`);
      await sleep(50);
    }
  }

  /** Neither a process nor a folder, whoever was to remove them. */
  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(
      (await find(project.dir)).map(({ args }) => args.slice(0, 200)),
      [],
    );
    assert.equal(project.exists(".platform/ephemeral"), false);
  }

  /** Names of the clusters that a run talks of. */
  function nameIn({ output }: Said): string {
    return /^(ephemeral-\w+): kwok, with the settings of kwok/m.exec(output)?.[1] ?? `no name in ${output}`;
  }

  async function etcdRuns(): Promise<boolean> {
    return (await find(project.dir)).some(({ args }) => args.includes("/bin/etcd"));
  }

  it("serves its command beside another one, and hands back the exit code", async () => {
    const typed = type("npm run ephemeral -- -- kubectl get nodes");
    const beside = start(
      [],
      `until [ -e go ]; do sleep 0.1; done; echo "context $CILIUM_PLATFORM_CONTEXT"; kubectl get nodes --output name; ` +
        "npm run --silent doctor -- $CILIUM_PLATFORM_STACK; " +
        "echo something > $CILIUM_PLATFORM_ARTIFACTS/own; sleep 600 & exit 3",
    );
    const alone = await typed.done;
    assert.match(alone.output, /^node-000002 +Ready /m);
    assert.equal(alone.code, 0, alone.output);
    assert.match(alone.output, allGone);
    assert.doesNotMatch(alone.output, /artifacts/);

    project.write("go", "");
    const failed = await beside.done;
    assert.equal(failed.code, 3, failed.output);
    const name = nameIn(failed);
    assert.ok(failed.output.includes(`context ${name}\nnode/node-000000\n`), failed.output);
    assert.match(failed.output, /^ok {3}DaemonSet cilium \d of \d$/m);
    assert.ok(failed.output.includes("the command ended with 3 after"), failed.output);
    assert.match(failed.output, allGone);
    const artifacts = `.platform/artifacts/${name}`;
    assert.ok(failed.output.includes(`artifacts: ${artifacts}\n`), failed.output);
    assert.equal(project.read(`${artifacts}/own`), "something\n");
    for (const file of ["up.log", "events.txt", "logs/etcd.log", "logs/cilium-operator.log", "objects/nodes.yaml"]) {
      assert.ok(project.exists(`${artifacts}/${file}`), file);
    }
    assert.doesNotMatch(project.read(`${artifacts}/objects/secrets.yaml`), /^ {2}data:/m);
    await nothingIsLeft();
  });

  it("is kept where that is asked for, says how to reach it, and is removed by its name", async () => {
    const kept = await type("npm run ephemeral -- --keep --ttl 30m -- kubectl get nodes").done;
    assert.equal(kept.code, 0, kept.output);
    const name = nameIn(kept);
    const kubeconfig = /^ {2}reach +export KUBECONFIG=(\S+)$/m.exec(kept.output)?.[1] ?? "";
    const nodes = await type(`kubectl --kubeconfig ${kubeconfig} get nodes --output name`).done;
    assert.match(outputOf(nodes), /^node\/node-000000$/m);
    const swept = await type("npm run ephemeral -- --sweep").done;
    assert.match(outputOf(swept), new RegExp(`^${name}: is kept until `, "m"));
    const [, remove = ""] = /^ {2}remove +(.+)$/m.exec(kept.output) ?? [];
    assert.equal(remove, `npm run ephemeral -- --destroy ${name}`);
    assert.match(outputOf(await type(remove).done), allGone);
    await nothingIsLeft();
  });

  it("is removed after an interruption, which the command gets first, and by its watcher after a kill -9", async () => {
    const waits = (mine: string): string => `touch ${mine}; while :; do sleep 0.1; done`;
    const interrupted = start([], `trap 'echo told; exit 7' INT; ${waits("three")}`);
    const killed = start([], waits("four"));
    await until("both commands run", () => project.exists("three") && project.exists("four"));
    process.kill(interrupted.pid, "SIGINT");
    process.kill(-killed.pid, "SIGKILL");

    const said = await interrupted.done;
    assert.equal(said.code, 7, said.output);
    assert.match(said.output, /\ntold\n/);
    assert.match(said.output, /because it was interrupted \(SIGINT\); nothing is left/);
    const name = nameIn(await killed.done);
    await until("the watcher has told", () => project.exists(`.platform/artifacts/${name}/watcher.log`));
    assert.match(project.read(`.platform/artifacts/${name}/watcher.log`), /its owner has ended\nnothing is left/);
    await nothingIsLeft();
  });

  it("is removed when whoever started it is killed while it comes up", async () => {
    const orphan = start([], "true");
    await until("its etcd runs", etcdRuns);
    process.kill(orphan.pid, "SIGKILL");
    const { output } = await orphan.done;
    await until("its processes have ended", async () => (await find(project.dir)).length === 0);
    assert.match(output, /because whoever started it has ended; nothing is left/);
    await nothingIsLeft();
  });

  it("is removed by a later run when its watcher was killed as well", async () => {
    const killed = start([], "true");
    await until("its etcd runs", etcdRuns);
    const [watcher] = (await find(project.dir)).filter(({ args }) => args.includes("ephemeral/watcher.ts"));
    assert.ok(watcher !== undefined);
    process.kill(watcher.pid, "SIGKILL");
    process.kill(-killed.pid, "SIGKILL");
    const name = nameIn(await killed.done);
    const swept = outputOf(await project.script("ephemeral", "--sweep"));
    assert.match(swept, new RegExp(`^${name}: removed in [\\d.]+ s, because an earlier run left it; nothing is left`));
    await nothingIsLeft();
  });

  it("is removed when its time to live is over", async () => {
    const { code, output } = await start(["--ttl", "2s"], "sleep 600").done;
    assert.equal(code, 124, output);
    assert.match(output, /because its time to live is over; nothing is left/);
    await nothingIsLeft();
  });

  it("is removed when up fails, which is shown", async () => {
    const { code, output } = await project.script("ephemeral", "--stack", "wrong", "--", "true");
    assert.notEqual(code, 0, output);
    assert.match(output, /up failed after [\d.]+ s; its last lines:\n/);
    assert.match(output, /cilium\.routeing: is no setting|did you mean `routing`/);
    assert.match(output, /removed in [\d.]+ s; nothing is left/);
    await nothingIsLeft();
  });
});
