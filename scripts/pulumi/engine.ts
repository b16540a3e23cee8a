/** Runs the Pulumi CLI for one stack: visible to the person, or quietly for its answer. */
import { spawn } from "node:child_process";

import { UserError } from "../../policies/problems.ts";

export interface Engine {
  readonly cli: string;
  readonly stack: string;
  readonly projectDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Working copy of the stack file; absent where the tracked file is used as it is. */
  readonly configFile?: string;
}

/** Run visibly and return the exit code. Ctrl-C reaches the engine by the terminal; we wait for it to end properly. */
export async function run(engine: Engine, args: readonly string[]): Promise<number> {
  return await new Promise((resolve, reject) => {
    const child = spawn(engine.cli, args, { cwd: engine.projectDir, env: engine.env, stdio: "inherit" });
    // At a terminal Ctrl-C reaches the engine by itself, and a second one would make it give up halfway.
    const wait = (): void => {
      if (!process.stdin.isTTY) child.kill("SIGINT");
    };
    const end = (): boolean => child.kill("SIGTERM");
    process.on("SIGINT", wait);
    process.on("SIGTERM", end);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", end);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/** Run quietly and return what it printed; failure is an error that shows what it said. */
export async function ask(engine: Engine, args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(engine.cli, args, { cwd: engine.projectDir, env: engine.env, stdio: "pipe" });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code, stdout, stderr });
      });
      // Whoever ends without reading it says so by its exit code.
      child.stdin.on("error", () => undefined);
      child.stdin.end(stdin ?? "");
    },
  );
  if (code !== 0) throw new UserError(`pulumi ${args.join(" ")} failed:\n${(stderr + stdout).trim()}`);
  return stdout;
}

/** The options that name the stack and its configuration, for the verbs that take both. */
export function stackOptions(engine: Engine): string[] {
  return ["--stack", engine.stack, ...(engine.configFile === undefined ? [] : ["--config-file", engine.configFile])];
}
