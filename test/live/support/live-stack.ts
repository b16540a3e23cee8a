/** A stack with real nodes in a copy of the project, and what a test asks of its cluster and of the container engine. */
import assert from "node:assert/strict";

import { runCommand } from "../../../components/cluster/processes.ts";
import { toolPaths } from "../../../scripts/tools/tool-paths.ts";
import { Project } from "../../e2e/support/project.ts";
import { outputOf } from "../../e2e/support/running.ts";

/** What somebody said who was asked. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class LiveStack {
  readonly name: string;
  readonly project = new Project();

  /** `name` is that of the stack; its cluster is called `platform-<name>`. */
  constructor(name: string, apiServerPort: number) {
    this.name = name;
    this.project.copyStackFile("test/live/Pulumi.live.yaml", name);
    this.configure((config) => {
      config["platform:kind"] = { ...(config["platform:kind"] as object), apiServerPort };
    });
  }

  get cluster(): string {
    return `platform-${this.name}`;
  }

  configure(change: (config: Record<string, unknown>) => void): void {
    this.project.configure(this.name, change);
  }

  async up(): Promise<string> {
    return outputOf(await this.project.script("up", this.name));
  }

  async down(): Promise<string> {
    return outputOf(await this.project.script("down", this.name));
  }

  /** kubectl on its cluster, with its answer whatever that is. */
  async ask(args: readonly string[], stdin?: string): Promise<Answer> {
    const kubeconfig = `${this.project.dir}/.platform/${this.name}/kubeconfig`;
    const kubectl = toolPaths(["kubectl"]).path.kubectl ?? "kubectl";
    return await runCommand(kubectl, ["--kubeconfig", kubeconfig, ...args], {
      timeoutSeconds: 240,
      ...(stdin === undefined ? {} : { stdin }),
    });
  }

  /** kubectl that must succeed. */
  async kubectl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.ask(args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    const { code, stderr } = await this.ask(["apply", "-f", "-"], list);
    assert.equal(code, 0, stderr);
  }

  /** Bring it down whatever state it is in, and forget the copy of the project. */
  async remove(): Promise<void> {
    if (this.project.exists(`.platform/${this.name}`)) await this.project.script("down", this.name);
    await this.project.remove();
  }
}

/** Lines that docker prints; it must succeed. */
export async function docker(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand("docker", args, { timeoutSeconds: 60 });
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.split("\n").filter((line) => line !== "");
}

/**
 * What a cluster has in the container engine: its nodes, and the volumes they are on. kind's one network is for all clusters of
 * the machine, and others may run beside this one.
 */
export async function nodesOf(cluster: string): Promise<{ readonly nodes: string[]; readonly volumes: string[] }> {
  const filter = `label=io.x-k8s.kind.cluster=${cluster}`;
  const nodes = await docker("ps", "--all", "--filter", filter, "--format", "{{.Names}}");
  if (nodes.length === 0) return { nodes, volumes: [] };
  const mounted = '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}';
  return { nodes: nodes.sort(), volumes: await docker("inspect", "--format", mounted, ...nodes) };
}

/** Those of the named volumes that are still there. */
export async function volumesLeft(names: readonly string[]): Promise<string[]> {
  const there = await docker("volume", "ls", "--format", "{{.Name}}");
  return there.filter((name) => names.includes(name));
}
