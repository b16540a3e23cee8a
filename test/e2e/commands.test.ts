/**
 * The commands that our documents tell their readers to type, typed: by a shell, as they stand there.
 *
 * test/docs.test.ts holds every command of every document against this file.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { commandsIn, fencesIn, sectionOf, textOf } from "../support/documents.ts";
import { Cluster } from "./support/cluster.ts";
import { inSequence } from "./support/hooks.ts";
import { Project } from "./support/project.ts";
import { outputOf, start } from "./support/running.ts";

describe("the commands of the documents", function () {
  const project = new Project();
  const { path, pulumiHome = "" } = toolPaths(["pulumi", "pulumi-resource-kubernetes"]);

  /** Somebody's own Pulumi: their CLI, their backend, their passphrase. */
  const ownPulumi = {
    PATH: [dirname(path.pulumi ?? ""), dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${join(project.dir, "own-state")}`,
    PULUMI_CONFIG_PASSPHRASE: "their own",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Nobody is at the keyboard.
    PULUMI_SKIP_CONFIRMATIONS: "true",
  };

  async function succeeds(command: string): Promise<string> {
    const env = command.startsWith("pulumi") ? { ...process.env, ...ownPulumi } : process.env;
    return outputOf(await start(command, "bash", ["-c", command], { cwd: project.dir, env }).done);
  }

  const withoutAddOns = {
    "platform:kyverno": { enabled: false },
    "platform:argocd": { enabled: false },
    "platform:gateway": { enabled: false },
  };

  inSequence();

  before(() => {
    mkdirSync(join(project.dir, "own-state"));
    // Only quicker: the story has them all.
    for (const stack of ["kwok", "kind"]) {
      project.configure(stack, (config) => Object.assign(config, withoutAddOns));
    }
  });

  after(async () => {
    await project.remove();
  });

  for (const command of [
    "npm run setup -- kwok",
    "npm run images -- kwok",
    "npm run golden",
    "npm run docs",
    "npm run format",
    "cp Pulumi.kwok.yaml Pulumi.second.yaml",
    "npm run preview -- second",
    "pulumi stack init aks",
    "pulumi stack init prod --copy-config-from aks",
    "pulumi stack init kind",
    "pulumi preview -s kind",
    "npm run up",
    "npm run preview",
    "npm run preview -- kwok --refresh --expect-no-changes",
    "npm run refresh -- kwok",
  ]) {
    it(command, async () => {
      await succeeds(command);
    });
  }

  it("copy a stack file that says nothing of the stack it came from", () => {
    const [aks, prod] = ["aks", "prod"].map((stack) =>
      project
        .read(`Pulumi.${stack}.yaml`)
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("encryptionsalt:"))
        .sort(),
    );
    assert.deepEqual(prod, aks);
  });

  it("adopt a Helm release that was there before, change it without a replacement, and give it back", async () => {
    const text = sectionOf(textOf("docs/brownfield.md"), "## A Helm release that somebody else installed");
    const [stackFile = ""] = fencesIn(text, "yaml");
    writeFileSync(join(project.dir, "Pulumi.theirs.yaml"), stackFile);
    writeFileSync(join(project.dir, "kubeconfig.yaml"), project.kubeconfig("kwok"));
    const commands = commandsIn(text);
    assert.equal(commands.length, 8);

    const said = new Map<string, string>();
    for (const command of commands) said.set(command, await succeeds(command));

    const preview = said.get("pulumi preview --stack theirs --diff") ?? "";
    assert.match(preview, /~ kubernetes:helm\.sh\/v3:Release: \(update\)\s+\[id=kube-system\/cilium\]/);
    assert.doesNotMatch(preview, /\(replace|to replace/);
    // Forgotten, and still there: upgraded once by the adoption.
    const releases = await new Cluster(project.kubeconfig("kwok")).releases();
    assert.deepEqual(releases, { "kube-system/cilium": "deployed" });
    const state = readFileSync(join(project.dir, "own-state/.pulumi/stacks/platform/theirs.json"), "utf8");
    assert.doesNotMatch(state, /cilium-release/);
  });

  it("npm run down", async () => {
    await succeeds("npm run down");
  });
});
