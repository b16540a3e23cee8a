/**
 * Browser: a chromium for the tests that look at a page, from the machine or from Debian's own packages.
 *
 * The packages are unpacked into the cache and never installed, so that a container or a machine without rights will do.
 */
import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { chromium, type Browser } from "playwright-core";

import { cacheFolder, type Environment } from "../../components/charts/cache.ts";
import { removeOldScratch } from "../../scripts/tools/disk.ts";
import { untilInterrupted } from "../../scripts/tools/interruption.ts";
import { withLock } from "../../scripts/tools/lock.mjs";
import { elapsed, type Log } from "../../scripts/tools/progress.ts";
import { publish } from "../../scripts/tools/publish.ts";

const run = promisify(execFile);

/** A browser that said its version, and what its process needs to be told. */
export interface BrowserAtHand {
  readonly executable: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Debian's names for it, the smallest first: the headless shell draws the same pages and brings no desktop. */
const packages = ["chromium-headless-shell", "chromium"] as const;
const commands = ["chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"] as const;
const binaries = ["chromium-headless-shell", "chromium"] as const;

/** Letters of every width and weight that a page without a font of its own asks for. */
const fonts = ["fonts-dejavu-core", "fonts-liberation"] as const;

/** The loader is the system's, so the C library must be as well. */
const systemsOwn = /^libc6_/;

/** Long enough for a slow line: 170 MB. */
const downloadMs = 600_000;

/** A browser, obtained if there is none, or why there cannot be one. */
export async function browserAtHand(
  env: Environment = process.env,
  log: Log = (line) => process.stderr.write(`${line}\n`),
): Promise<BrowserAtHand | { readonly lacking: string }> {
  const own = env["CHROMIUM"];
  if (own !== undefined && own !== "") {
    return (await answering(own, {})) ?? { lacking: `CHROMIUM names ${own}, which does not tell its version` };
  }
  return (await onPath(env)) ?? (await inCache(env)) ?? (await obtained(env, log));
}

/** Start it without a network of any kind. */
export async function launch({ executable, env }: BrowserAtHand): Promise<Browser> {
  return await chromium.launch({
    executablePath: executable,
    env: { ...process.env, ...env },
    // A container has a small /dev/shm, and its root must not use the sandbox.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"],
    timeout: 60_000,
  });
}

async function answering(executable: string, env: Record<string, string>): Promise<BrowserAtHand | undefined> {
  try {
    const { stdout } = await run(executable, ["--version", "--no-sandbox"], {
      env: { ...process.env, ...env },
      timeout: 30_000,
    });
    return { executable, version: stdout.trim(), env };
  } catch {
    return undefined;
  }
}

async function onPath(env: Environment): Promise<BrowserAtHand | undefined> {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const command of commands) {
    const place = folders.map((folder) => join(folder, command)).find(isExecutable);
    const found = place === undefined ? undefined : await answering(place, {});
    if (found !== undefined) return found;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One folder for each release and processor: the libraries fit no other. */
function placeInCache(env: Environment): string {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const field = (key: string): string => new RegExp(`^${key}="?([\\w.-]+)"?$`, "m").exec(release)?.[1] ?? "unknown";
  return join(cacheFolder(env), "browser", `${field("ID")}-${field("VERSION_ID")}-${process.arch}`);
}

async function inCache(env: Environment): Promise<BrowserAtHand | undefined> {
  const place = placeInCache(env);
  return existsSync(place) ? await answeringIn(place) : undefined;
}

/** The browser of a folder of unpacked packages. */
async function answeringIn(folder: string): Promise<BrowserAtHand | undefined> {
  const executable = binaries.map((name) => join(folder, "usr/lib/chromium", name)).find(isExecutable);
  if (executable === undefined) return undefined;
  return await answering(executable, {
    LD_LIBRARY_PATH: libraryFolders(folder).join(delimiter),
    FONTCONFIG_FILE: join(folder, fontsFile),
  });
}

/** libpulse finds its other half by a path that only an installation has. */
function libraryFolders(folder: string): string[] {
  return ["usr/lib", "lib"].flatMap((lib) => {
    const at = join(folder, lib);
    if (!existsSync(at)) return [];
    return readdirSync(at)
      .filter((name) => /-linux-gnu\w*$/.test(name))
      .flatMap((name) => [join(at, name), join(at, name, "pulseaudio")]);
  });
}

const fontsFile = "fonts.conf";

/** Relative to this file, so that the folder may move. */
const fontsText = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>Liberation Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Liberation Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;

async function obtained(env: Environment, log: Log): Promise<BrowserAtHand | { readonly lacking: string }> {
  const none = `no ${commands.join(", ")} on PATH, CHROMIUM is not set`;
  if (process.platform !== "linux" || !(await hasApt(env))) return { lacking: `${none}, and no apt-get to obtain one` };
  const place = placeInCache(env);
  try {
    await withLock(
      join(cacheFolder(env), "locks", "browser.lock"),
      async () => {
        if ((await inCache(env)) === undefined) await obtain(place, env, log);
      },
      {
        onWait: (pid) => {
          log(`browser: waiting for process ${String(pid ?? "?")}, which is obtaining it`);
        },
      },
    );
  } catch (error) {
    return { lacking: `${none}, and Debian's packages cannot be had: ${lastLine(error)}` };
  }
  return (await inCache(env)) ?? { lacking: `${none}, and what was unpacked in ${place} does not start` };
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1) ?? text;
}

async function hasApt(env: Environment): Promise<boolean> {
  try {
    await run("apt-get", ["--version"], { env });
    await run("dpkg-deb", ["--version"], { env });
    return true;
  } catch {
    return false;
  }
}

/** Download as any user into folders of our own, unpack, look whether it starts, and only then put it in place. */
async function obtain(place: string, env: Environment, log: Log): Promise<void> {
  const start = performance.now();
  log("browser: none here, obtaining Debian's chromium (170 MB, about 30 s)");
  const scratch = join(cacheFolder(env), "scratch");
  removeOldScratch(scratch);
  mkdirSync(scratch, { recursive: true });
  const work = mkdtempSync(join(scratch, "browser-"));
  try {
    await untilInterrupted(async (signal) => {
      const archives = await download(work, env, signal);
      const unpacked = join(work, "unpacked");
      mkdirSync(unpacked);
      await inPairs(archives, async (archive) => {
        await run("dpkg-deb", ["-x", archive, unpacked], { env, signal });
      });
      writeFileSync(join(unpacked, fontsFile), fontsText);
      if ((await answeringIn(unpacked)) === undefined) throw new Error("the unpacked browser does not start");
      // What was there did not start: we looked under the lock.
      rmSync(place, { recursive: true, force: true });
      publish(unpacked, place);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  log(`browser: in ${place} after ${elapsed((performance.now() - start) / 1000)}`);
}

/** Files of the packages with all they depend on, checked by apt against the signatures of the system's own sources. */
async function download(work: string, env: Environment, signal: AbortSignal): Promise<string[]> {
  for (const folder of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(work, folder), { recursive: true });
  const config = join(work, "apt.conf");
  writeFileSync(config, aptConfig(work));
  const apt = async (...args: readonly string[]): Promise<void> => {
    await run("apt-get", ["-c", config, "-q", "-y", ...args], { env, signal, timeout: downloadMs, maxBuffer: 1 << 26 });
  };
  await apt("update");
  let failure: unknown;
  for (const name of packages) {
    try {
      await apt("install", "--download-only", "--no-install-recommends", name, ...fonts);
      const archives = join(work, "cache/archives");
      return readdirSync(archives)
        .filter((file) => file.endsWith(".deb") && !systemsOwn.test(file))
        .map((file) => join(archives, file));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Read after the system's own settings. No installed package counts, so that the folder works beside any others. */
function aptConfig(work: string): string {
  return `Dir::State "${work}/state";
Dir::State::status "/dev/null";
Dir::Cache "${work}/cache";
Debug::NoLocking "true";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
`;
}

async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}

/** For a suite's `before`: the browser, or a skip that names what this machine lacks. In CI nothing may be lacking. */
export async function browserOrSkip(context: Mocha.Context): Promise<BrowserAtHand> {
  const found = await browserAtHand();
  if (!("lacking" in found)) return found;
  if (process.env["CI"] !== undefined && process.env["CI"] !== "") throw new Error(found.lacking);
  for (const test of context.test?.parent?.tests ?? []) test.title = `${test.title} (skipped: ${found.lacking})`;
  return context.skip();
}
