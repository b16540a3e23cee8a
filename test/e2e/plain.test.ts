/** Plain Pulumi, without the wrappers: the same files with a person's own backend, passphrase and Node. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { Project } from "./support/project.ts";

/** A Node on this machine that cannot strip types; the wrappers' own Node stands in front of it on PATH. */
function oldNode(): string | undefined {
  const found = spawnSync("which", ["-a", "node"], { encoding: "utf8" }).stdout.split("\n");
  return found.find((node) => {
    if (node === "") return false;
    const [major = 0, minor = 0] = execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" })
      .split(".")
      .map(Number);
    return major < 22 || (major === 22 && minor < 18);
  });
}

describe("plain pulumi", function () {
  const project = new Project();
  const { path, pulumiHome } = toolPaths(["pulumi", "pulumi-resource-kubernetes"]);
  const backend = join(project.dir, "own-backend");

  function pulumi(args: readonly string[], env: NodeJS.ProcessEnv = {}): { code: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(path.pulumi ?? "pulumi", args, {
      cwd: project.dir,
      encoding: "utf8",
      timeout: 120_000,
      killSignal: "SIGKILL",
      env: {
        ...process.env,
        PULUMI_HOME: pulumiHome,
        PULUMI_BACKEND_URL: `file://${backend}`,
        PULUMI_CONFIG_PASSPHRASE: "a person's own",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PATH: [dirname(path.pulumi ?? ""), process.env["PATH"] ?? ""].join(delimiter),
        ...env,
      },
    });
    return { code: status, output: stdout + stderr };
  }

  before(() => {
    mkdirSync(backend);
  });

  after(async () => {
    await project.remove();
  });

  it("previews a kind stack from its file", () => {
    // The chart of the gateway is not to be had everywhere; on kind that is an error unless the add-on is off.
    project.configure("kind", (config) => {
      config["platform:gateway"] = { enabled: false };
    });
    assert.equal(pulumi(["stack", "init", "kind"]).code, 0);
    const { code, output } = pulumi(["preview", "--stack", "kind"]);
    assert.equal(code, 0, output);
    assert.match(output, /platform:kind:Nodes\s+cluster-nodes\s+create/);
    assert.match(output, /kubernetes:helm\.sh\/v3:Release\s+cilium-release\s+create/);
  });

  it("makes another environment out of a copied configuration", () => {
    const copied = pulumi(["stack", "init", "kwok-two", "--copy-config-from", "kind"]);
    assert.equal(copied.code, 0, copied.output);
    const clash = pulumi(["preview", "--stack", "kwok-two"]);
    assert.notEqual(clash.code, 0);
    assert.match(clash.output, /Pulumi\.kwok-two\.yaml › kind\.apiServerPort/);

    assert.equal(pulumi(["config", "set", "target", "kwok", "--stack", "kwok-two"]).code, 0);
    const { code, output } = pulumi(["preview", "--stack", "kwok-two"]);
    assert.equal(code, 0, output);
    assert.match(output, /platform:kwok:ControlPlane\s+cluster-control-plane\s+create/);
  });

  it("refuses a Node that is too old, in words", function () {
    const node = oldNode();
    if (node === undefined) {
      this.skip();
    }
    const { code, output } = pulumi(["preview", "--stack", "kind"], {
      PATH: [dirname(node), dirname(path.pulumi ?? ""), process.env["PATH"] ?? ""].join(delimiter),
    });
    assert.notEqual(code, 0);
    assert.match(output, /cilium-platform needs Node 22\.18 or newer to run its TypeScript, and this is v\d+/);
  });
});
