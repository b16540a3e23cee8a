/** Ephemeral clusters with real nodes: two at once, one of them killed, and nothing of either in the container engine. */
import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { Project } from "../e2e/support/project.ts";
import { processesNaming } from "../e2e/support/remains.ts";
import { busyness, type Running } from "../e2e/support/running.ts";
import { docker, nodesOf, volumesLeft } from "./support/live-stack.ts";

describe("An ephemeral cluster of real nodes", () => {
  const project = new Project();
  const { kubectl = "kubectl" } = toolPaths(["kubectl"]).path;

  before(() => {
    project.copyStackFile("test/live/Pulumi.live.yaml", "live");
  });
  after(async () => {
    await project.script("ephemeral", "--sweep");
    await project.remove();
  });

  function start(line: string): Running {
    const path = [dirname(kubectl), process.env["PATH"] ?? ""].join(delimiter);
    return project.start("ephemeral", "--stack", "live", "--ttl", "20m", "--", "bash", "-c", line, { PATH: path });
  }

  async function until(what: string, isSo: () => boolean): Promise<void> {
    const end = Date.now() + 300_000 * busyness();
    while (!isSo()) {
      assert.ok(Date.now() < end, `never came to be: ${what}`);
      await sleep(200);
    }
  }

  it("stands beside another, ends with the command's exit code or by a kill -9, and leaves nothing", async () => {
    const failed = start(
      "touch one; until [ -e two ]; do sleep 0.2; done; " +
        "kubectl --namespace kube-system rollout status daemonset/cilium --timeout=60s; exit 4",
    );
    const killed = start("touch two; sleep 3600");
    await until("both commands run", () => project.exists("one") && project.exists("two"));
    const names = project.list(".platform/ephemeral");
    assert.equal(names.length, 2);
    const nodes = await Promise.all(names.map(nodesOf));
    const volumes = nodes.flatMap((cluster) => cluster.volumes);
    assert.equal(volumes.length, 4);
    process.kill(-killed.pid, "SIGKILL");

    const { code, output } = await failed.done;
    assert.equal(code, 4, output);
    assert.match(output, /daemon set "cilium" successfully rolled out/);
    assert.match(
      output,
      /nothing is left: looked for processes, state folders, kubeconfig contexts, containers, networks, volumes, kernel settings\n$/,
    );
    const artifacts = /^ephemeral-\w+: artifacts: (\S+)$/m.exec(output)?.[1] ?? "";
    const listed = project.list(artifacts);
    for (const file of ["cilium", "events.txt", "logs", "objects", "up.log"]) assert.ok(listed.includes(file), file);
    const ofCilium = project.list(`${artifacts}/cilium`);
    assert.equal(ofCilium.filter((file) => file.endsWith(".flows.jsonl")).length, 2, ofCilium.join());

    const name = /^(ephemeral-\w+): kind, with the settings of live/m.exec((await killed.done).output)?.[1] ?? "";
    await until("the watcher has told", () => project.exists(`.platform/artifacts/${name}/watcher.log`));
    assert.match(project.read(`.platform/artifacts/${name}/watcher.log`), /\nnothing is left/);
    for (const each of names) assert.deepEqual(await nodesOf(each), { nodes: [], volumes: [] });
    assert.deepEqual(await volumesLeft(volumes), []);
    const networks = await docker("network", "ls", "--format", "{{.Name}}");
    assert.deepEqual(
      networks.filter((network) => names.includes(network)),
      [],
    );
    assert.deepEqual(await processesNaming(project.dir), []);
    assert.equal(project.exists(".platform/ephemeral"), false);
  });
});
