/**
 * The container engine of our own: started and stopped in a network of its own, so that it meets neither another engine nor
 * the machine's firewall, and everything there is as it was before.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runCommand } from "../../components/cluster/processes.ts";
import { untilReboot } from "../../scripts/kind-images/host-record.ts";

const root = join(import.meta.dirname, "..", "..");

/** What the machine looks like from inside that network: rules, interfaces, kernel settings. */
const look = [
  ...["iptables", "ip6tables"].flatMap((program) => [`${program} -S`, `${program} -t nat -S`]),
  "ip -oneline link | sed 's/^[0-9]*: //; s/[:@].*//'",
  `sysctl -n ${["net.ipv4.ip_forward", "kernel.panic", "fs.nr_open", "vm.overcommit_memory"].join(" ")}`,
].join("; ");

describe("The container engine of our own", () => {
  let cache: string;
  before(() => {
    cache = mkdtempSync(join(tmpdir(), "engine-"));
  });
  after(() => {
    rmSync(cache, { recursive: true, force: true });
  });

  it("answers when it is started, changes nothing when it is asked for twice, and puts the machine back when it is stopped", async () => {
    const engine = `${process.execPath} ${join(root, "scripts/start.mjs")} engine`;
    const script = [
      "set -e",
      "ip link set lo up",
      `before=$(${look})`,
      `${engine} start`,
      `DOCKER_HOST=unix://${cache}/engine/docker.sock docker network create --driver bridge kind > /dev/null`,
      `test "$(${look})" != "$before"`,
      `${engine} start`,
      `${engine} status`,
      `${engine} stop`,
      `after=$(${look})`,
      'test "$after" = "$before" || { echo "before: $before"; echo "after: $after"; exit 9; }',
    ].join("\n");
    const env = { ...process.env, CILIUM_PLATFORM_CACHE: cache, DOCKER_HOST: undefined };
    const { code, stdout, stderr } = await runCommand("unshare", ["--net", "--mount", "sh", "-c", script], {
      env,
      timeoutSeconds: 300,
    });
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stderr, /engine: started, /);
    assert.match(stdout, /running: yes/);
    assert.match(stderr, /engine: \d+ changes of the machine taken back\nengine: stopped/);
    for (const line of stderr.split("\n").filter((said) => said.startsWith("not taken back: "))) {
      assert.ok(
        untilReboot.some((key) => line.includes(key)),
        line,
      );
    }
    assert.equal(existsSync(join(cache, "engine/host.json")), false);
    assert.equal(existsSync(join(cache, "engine/dockerd.pid")), false);
  });
});
