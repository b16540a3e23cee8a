/**
 * The environment in which the wrappers run Pulumi: they fill in what is missing and leave the rest alone.
 *
 * Local stacks keep their state in the project's ignored folder, whatever company backend the person is logged in to,
 * unless PULUMI_BACKEND_URL says otherwise. A shared cluster's state never ends up on one person's disk unasked.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { parse } from "yaml";

import { stateFolder } from "../../components/cluster/state-folder.ts";
import { lifetimeOf } from "../../components/cluster/lifetime.ts";
import type { Target } from "../../components/settings.ts";
import { UserError } from "../../policies/problems.ts";

export type Backend = { readonly kind: "project"; readonly url: string } | { readonly kind: "own" };

/** A backend that would be used if we said nothing. */
export interface GivenBackend {
  /** Who says so, as a person would look for it. */
  readonly where: string;
  readonly url: string;
}

/**
 * Pulumi's file backend puts a description beside every file it writes (`kwok.json.attrs`), and not in one piece: an
 * engine killed at that moment leaves it empty, and no Pulumi reads the state again. Nothing needs it; the state itself
 * appears as a whole.
 * {@link https://pkg.go.dev/gocloud.dev/blob/fileblob#MetadataDontWrite}
 */
const withoutSidecars = "metadata=skip";

export interface BackendQuestion {
  readonly target: Target;
  readonly projectDir: string;
  /** `yes`: the person asked for a state on this machine. */
  readonly localState: "yes" | "no";
  readonly env: NodeJS.ProcessEnv;
  /** What counts where PULUMI_BACKEND_URL says nothing. */
  readonly given?: GivenBackend | undefined;
}

/** Where the state of a stack lives. Pure, so that the rules can be read as a table in its test. */
export function chooseBackend({ target, projectDir, localState, env, given }: BackendQuestion): Backend {
  const url = env["PULUMI_BACKEND_URL"];
  const said = url === undefined || url === "" ? undefined : { where: "PULUMI_BACKEND_URL", url };
  const shared = lifetimeOf(target) === "lasting";
  if (shared && localState === "no") {
    const used = said ?? given;
    if (used?.url.startsWith("file:") === true) {
      throw new UserError(
        `${used.where}: a stack on ${target} would keep its state on this machine only, got \`${used.url}\`\n` +
          "  expected a backend the team shares\n" +
          "  fix: set PULUMI_BACKEND_URL to your team's backend, or say --local-state if that is what you want",
      );
    }
    return { kind: "own" };
  }
  if (said !== undefined) return { kind: "own" };
  return { kind: "project", url: `${pathToFileURL(join(projectDir, stateFolder, "state")).href}?${withoutSidecars}` };
}

/** The backend Pulumi would use by itself: the project file's, else the one the person is logged in to. */
export async function givenBackend(
  projectDir: string,
  env: NodeJS.ProcessEnv,
  home: string = homedir(),
): Promise<GivenBackend | undefined> {
  const read = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "");
  const project = parse(await read(join(projectDir, "Pulumi.yaml"))) as { backend?: { url?: string } } | null;
  const ofProject = project?.backend?.url;
  if (ofProject !== undefined) return { where: "Pulumi.yaml › backend.url", url: ofProject };
  // `pulumi login --local` leaves its choice here.
  const folder = [env["PULUMI_CREDENTIALS_PATH"], env["PULUMI_HOME"]].find((path) => path !== undefined && path !== "");
  const url = currentLogin(await read(join(folder ?? join(home, ".pulumi"), "credentials.json")));
  return url === undefined ? undefined : { where: "pulumi login", url };
}

/** Which login of a credentials file counts; undefined where none does, or where only Pulumi itself can read the file. */
export function currentLogin(credentials: string): string | undefined {
  try {
    const { current } = JSON.parse(credentials) as { current?: unknown };
    return typeof current === "string" && current !== "" ? current : undefined;
  } catch {
    return undefined;
  }
}

/** The passphrase of the project's own state, made once, readable by its owner only. */
async function passphraseFile(projectDir: string): Promise<string> {
  const file = join(projectDir, stateFolder, "passphrase");
  if ((await readFile(file, "utf8").catch(() => "")) !== "") return file;
  // Appears as a whole: half a passphrase would encrypt what nobody can read again. Where another run was faster,
  // theirs counts.
  const scratch = `${file}.${randomUUID()}`;
  await writeFile(scratch, randomBytes(32).toString("base64url"), { mode: 0o600 });
  try {
    await link(scratch, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(scratch, { force: true });
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
