/**
 * The environment in which the wrappers run Pulumi: they fill in what is missing and leave the rest alone.
 *
 * Local stacks keep their state in the project's ignored folder, whatever company backend the person is logged in to,
 * unless PULUMI_BACKEND_URL says otherwise. A shared cluster's state never ends up on one person's disk unasked.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { stateFolder } from "../../components/cluster/state-folder.ts";
import type { Target } from "../../components/settings.ts";
import { UserError } from "../../policies/problems.ts";

export type Backend = { readonly kind: "project"; readonly url: string } | { readonly kind: "own" };

/** Where the state of a stack lives. Pure, so that the rules can be read as a table in its test. */
export function chooseBackend(
  target: Target,
  env: NodeJS.ProcessEnv,
  projectDir: string,
  localStateAllowed: "yes" | "no",
): Backend {
  const said = env["PULUMI_BACKEND_URL"];
  const shared = target === "aks" || target === "existing";
  if (said !== undefined && said !== "") {
    if (shared && said.startsWith("file://") && localStateAllowed === "no") {
      throw new UserError(
        `PULUMI_BACKEND_URL: a stack on ${target} would keep its state on this machine only, got \`${said}\`\n` +
          "  expected a backend the team shares\n" +
          "  fix: set PULUMI_BACKEND_URL to your team's backend, or say --local-state if that is what you want",
      );
    }
    return { kind: "own" };
  }
  if (shared && localStateAllowed === "no") return { kind: "own" };
  return { kind: "project", url: pathToFileURL(join(projectDir, stateFolder, "state")).href };
}

/** The passphrase of the project's own state, made once, readable by its owner only. */
async function passphraseFile(projectDir: string): Promise<string> {
  const file = join(projectDir, stateFolder, "passphrase");
  const present = await readFile(file, "utf8").catch(() => undefined);
  if (present === undefined) {
    await writeFile(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" }).catch(
      async (error: unknown) => {
        // Another run made it meanwhile: theirs counts.
        if ((await readFile(file, "utf8").catch(() => undefined)) === undefined) throw error;
      },
    );
  }
  return file;
}

export interface EnvironmentOptions {
  readonly backend: Backend;
  readonly projectDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** PULUMI_HOME of the tools folder; absent where the person's own CLI and login are used. */
  readonly pulumiHome?: string;
}

export async function pulumiEnvironment(options: EnvironmentOptions): Promise<NodeJS.ProcessEnv> {
  const { backend, projectDir, env, pulumiHome } = options;
  const quiet = {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_NEO: "false",
    PULUMI_SUPPRESS_NEO_LINK: "true",
    // The provider of our lifecycle modules is a Node process of its own, and starts twice as fast with it.
    NODE_COMPILE_CACHE: join(projectDir, stateFolder, "compile-cache"),
  };
  const home =
    pulumiHome === undefined
      ? {}
      : {
          PULUMI_HOME: pulumiHome,
          // Plugins were put there by set-up; looking for newer ones would only wait for the network.
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        };
  if (backend.kind === "own") return { ...env, ...quiet, ...home };
  await mkdir(join(projectDir, stateFolder, "state"), { recursive: true, mode: 0o700 });
  const { PULUMI_CONFIG_PASSPHRASE: _theirs, PULUMI_ACCESS_TOKEN: _token, ...rest } = env;
  return {
    ...rest,
    ...quiet,
    ...home,
    PULUMI_BACKEND_URL: backend.url,
    PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(projectDir),
  };
}
