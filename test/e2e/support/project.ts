/**
 * A copy of the project in a temporary folder, used only through its npm scripts, as a stranger would.
 *
 * The copy has its own state folder, so that a test never meets the stacks of the person who runs it.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { parse, stringify } from "yaml";

import { stopProcessesNaming } from "../../../components/cluster/processes.ts";
import { endOrphansOf, runMark } from "../../../scripts/pulumi/recover.ts";
import { type Running, type Said, start } from "./running.ts";

const root = join(import.meta.dirname, "..", "..", "..");

export class Project {
  readonly dir: string;

  constructor() {
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), "cilium-platform-e2e-")));
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
    for (const file of files.split("\n").filter((name) => name !== "")) {
      mkdirSync(dirname(join(this.dir, file)), { recursive: true });
      cpSync(join(root, file), join(this.dir, file));
    }
    symlinkSync(join(root, "node_modules"), join(this.dir, "node_modules"));
  }

  /** Start `npm run <verb> -- <args>` without npm itself. An object among the arguments is added to the environment. */
  start(verb: string, ...args: (string | Record<string, string>)[]): Running {
    const words = args.filter((arg) => typeof arg === "string");
    const env = Object.assign({}, process.env, ...args.filter((arg) => typeof arg !== "string")) as NodeJS.ProcessEnv;
    const title = ["npm run", verb, ...(words.length === 0 ? [] : ["--", ...words])].join(" ");
    const script = join(this.dir, "scripts", "start.mjs");
    return start(title, process.execPath, [script, verb, ...words], { cwd: this.dir, env });
  }

  async script(verb: string, ...args: (string | Record<string, string>)[]): Promise<Said> {
    return await this.start(verb, ...args).done;
  }

  read(file: string): string {
    return readFileSync(join(this.dir, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.dir, file), text);
  }

  exists(file: string): boolean {
    return existsSync(join(this.dir, file));
  }

  /** Names in a folder. */
  list(folder: string): string[] {
    return readdirSync(join(this.dir, folder));
  }

  /** Remove a file or folder behind the back of whoever made it. */
  forget(file: string): void {
    rmSync(join(this.dir, file), { recursive: true, force: true });
  }

  /** Permission bits of a file. */
  mode(file: string): number {
    return statSync(join(this.dir, file)).mode & 0o777;
  }

  writeStack(stack: string, config: Record<string, unknown>): void {
    writeFileSync(join(this.dir, `Pulumi.${stack}.yaml`), stringify({ config }));
  }

  /** A stack of this project's own files, under another name. */
  copyStackFile(file: string, stack: string): void {
    cpSync(join(root, file), join(this.dir, `Pulumi.${stack}.yaml`));
  }

  copyStack(from: string, to: string): void {
    cpSync(join(this.dir, `Pulumi.${from}.yaml`), join(this.dir, `Pulumi.${to}.yaml`));
  }

  /** Change the configuration of a stack as an editor would. */
  configure(stack: string, change: (config: Record<string, unknown>) => void): void {
    const file = join(this.dir, `Pulumi.${stack}.yaml`);
    const content = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    change(content.config);
    writeFileSync(file, stringify(content));
  }

  /** The stack's checkpoint, as Pulumi's file backend keeps it; undefined before the first one. */
  checkpoint(stack: string): Checkpoint | undefined {
    try {
      const text = this.read(`.platform/state/.pulumi/stacks/platform/${stack}.json`);
      return (JSON.parse(text) as { checkpoint: { latest?: Checkpoint } }).checkpoint.latest;
    } catch {
      return undefined;
    }
  }

  /** Lock files of the stack in Pulumi's file backend. */
  locks(stack: string): string[] {
    const folder = join(this.dir, ".platform/state/.pulumi/locks/organization/platform", stack);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  }

  /** Files of the stack's state in Pulumi's file backend, beside the state itself and its last but one version. */
  filesBesideState(stack: string): string[] {
    const folder = join(this.dir, ".platform/state/.pulumi/stacks/platform");
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.filter((name) => name.startsWith(`${stack}.json`) && !/\.json(\.bak)?$/.test(name));
  }

  kubeconfig(stack: string): string {
    return this.read(`.platform/${stack}/kubeconfig`);
  }

  /** End whatever runs for its stacks, and forget all they made: what comes next begins with nothing. */
  async clear(): Promise<void> {
    const stacks = readdirSync(this.dir).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
    for (const stack of stacks) {
      // Not known by its command line: what an engine started, and left behind when it was ended.
      const mark = join(this.dir, ".platform", stack);
      await endOrphansOf({ cli: "", stack, projectDir: this.dir, env: { [runMark]: mark } });
    }
    await stopProcessesNaming(this.dir, "at once");
    for (const made of ["state", ...stacks]) this.forget(join(".platform", made));
  }

  async remove(): Promise<void> {
    await this.clear();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The releases of a complete kwok stack, sorted; less what its summary says was left out because it cannot be had. */
export function expectedReleases(summary: string): string[] {
  return [
    "argocd/argocd",
    "kube-system/cilium",
    "kube-system/gateway-api",
    "kyverno/kyverno",
    ...(/left out\s+nginx-gateway-fabric: /.test(summary) ? [] : ["nginx-gateway/ngf"]),
  ];
}

export interface Checkpoint {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly inputs?: Record<string, unknown>;
    readonly outputs?: Record<string, unknown>;
  }[];
  readonly pending_operations?:
    readonly { readonly type: string; readonly resource: { readonly urn: string } }[] | null;
}
