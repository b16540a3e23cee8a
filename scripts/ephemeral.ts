/**
 * `npm run ephemeral -- [options] -- <command>`: a cluster of its own for one command, which is removed again however the
 * command, `up` or we ourselves end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, relative } from "node:path";

import {
  artifactsFolder,
  artifactsVariable,
  ephemeralFolder,
  kubeconfigFile,
} from "../components/cluster/state-folder.ts";
import { readStackFiles } from "../components/settings/stack-files.ts";
import { UserError } from "../policies/problems.ts";
import { canRun, readEphemeral, type RunWords } from "./ephemeral/arguments.ts";
import { gatherArtifacts, hasArtifacts, upLog } from "./ephemeral/artifacts.ts";
import { runChild } from "./ephemeral/child.ts";
import { engineVariables, ownNetwork } from "./ephemeral/container-engine.ts";
import { Interruption } from "./ephemeral/interruption.ts";
import { readKernel } from "./kind-images/kernel.ts";
import { isAlive, stampOf } from "./ephemeral/process-stamp.ts";
import { makeProject, temporaryFolder } from "./ephemeral/project.ts";
import {
  createRecord,
  ephemeralMark,
  type EphemeralRecord,
  type Judgement,
  judge,
  newName,
  readRecords,
  updateRecord,
} from "./ephemeral/record.ts";
import { removeCluster } from "./ephemeral/removal.ts";
import { type Choice, choicesFor } from "./ephemeral/stack.ts";
import { engineEnvironment, findEngine } from "./kind-images/engine.ts";
import { prepare } from "./setup.ts";

export async function ephemeral(args: readonly string[]): Promise<number> {
  const projectDir = process.cwd();
  const words = readEphemeral(args, {
    stackFiles: readStackFiles(projectDir),
    canRun: (command) => canRun(command, process.env["PATH"] ?? ""),
  });
  switch (words.kind) {
    case "sweep":
      return await sweep(projectDir, "tell all");
    case "destroy":
      return await destroy(projectDir, words.name);
    case "run":
      await sweep(projectDir, "tell what is done");
      return await run(projectDir, words);
  }
}

async function run(projectDir: string, words: RunWords): Promise<number> {
  const file = readStackFiles(projectDir).find(({ stack }) => stack === words.stack);
  const target = file?.values["target"] === "kind" ? "kind" : "kwok";
  await prepare(target, words.tools);

  const interruption = new Interruption();
  const cluster = await begin(projectDir, words, target);
  const { record } = cluster;
  interruption.listen(record.deadline);
  say(
    record,
    `${target}, with the settings of ${words.stack}, for ${words.ttl} at most; the log of up is ${near(upLog(record))}`,
  );
  const code = await useCluster(cluster, words, interruption);
  interruption.stop();
  const reason = interruption.told();
  if (code !== 0) {
    const missed = await gatherArtifacts(cluster.record);
    for (const each of missed) say(record, `not among the artifacts: ${each}`);
  }
  if (await hasArtifacts(record)) say(record, `artifacts: ${near(record.artifacts)}`);
  if (words.keep === "yes") return keep(cluster, code);
  const removed = await remove(cluster.record, reason === undefined ? "" : `, because ${reason.why}`);
  cluster.watcher.ref();
  cluster.watcher.kill("SIGKILL");
  await cluster.watcherEnded;
  return code === 0 && removed === "something is left" ? 1 : code;
}

/** A cluster of this run. */
interface Own {
  /** As it stands in the cluster's folder. */
  record: EphemeralRecord;
  readonly choices: readonly Choice[];
  readonly watcher: ChildProcess;
  readonly watcherEnded: Promise<unknown>;
}

/** The record and the watcher are there before anything else is. */
async function begin(projectDir: string, words: RunWords, target: "kwok" | "kind"): Promise<Own> {
  const stackFiles = readStackFiles(projectDir);
  const file = stackFiles.find(({ stack }) => stack === words.stack);
  const owner = await stampOf(process.pid);
  if (file === undefined || owner === undefined)
    throw new UserError(`ephemeral: ${words.stack} or this process is gone`);
  const others = await readRecords(projectDir);
  const name = newName();
  const choices = await choicesFor(file, name, {
    ports: others.flatMap(({ ports }) => ports),
    ranges: others.flatMap(({ ranges }) => ranges),
  });
  const record: EphemeralRecord = {
    name,
    stack: words.stack,
    target,
    folder: join(ephemeralFolder(projectDir), name),
    artifacts: join(artifactsFolder(projectDir), name),
    host: hostname(),
    owner,
    started: [],
    deadline: Date.now() + words.ttlSeconds * 1000,
    keep: words.keep,
    engine: { ...engineVariables(process.env), ...(target === "kind" ? engineEnvironment(await findEngine()) : {}) },
    kernel: target === "kind" ? (others.find((other) => other.target === "kind")?.kernel ?? (await readKernel())) : {},
    ports: choices.flatMap(({ value }) => (typeof value === "number" ? [value] : [])),
    ranges: choices.flatMap(({ value }) => (typeof value === "string" ? [value] : [])),
  };
  await createRecord(record);
  const { [ephemeralMark]: _another, ...env } = process.env;
  const watcher = spawn(process.execPath, [join(import.meta.dirname, "ephemeral", "watcher.ts"), record.folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env,
  });
  const watcherEnded = once(watcher, "exit");
  watcher.unref();
  const stamp = watcher.pid === undefined ? undefined : await stampOf(watcher.pid);
  const own: Own = {
    choices,
    record: stamp === undefined ? record : { ...record, watcher: stamp },
    watcher,
    watcherEnded,
  };
  await updateRecord(own.record);
  return own;
}

/** Bring it up and run the command. Returns the exit code of the run; whatever goes wrong is told here. */
async function useCluster(own: Own, words: RunWords, interruption: Interruption): Promise<number> {
  const started = async (pid: number): Promise<void> => {
    const stamp = await stampOf(pid);
    if (stamp === undefined) return;
    own.record = { ...own.record, started: [...own.record.started, stamp] };
    await updateRecord(own.record);
  };
  try {
    const begun = Date.now();
    await makeProject(own.record, process.cwd(), own.choices);
    const up = await bringUp(own.record, words, interruption, started);
    const told = interruption.told();
    if (told !== undefined) return told.code;
    if (up !== 0) {
      say(
        own.record,
        `up failed after ${secondsSince(begun)} s; its last lines:\n${await lastLines(upLog(own.record))}`,
      );
      return up;
    }
    say(own.record, `up in ${secondsSince(begun)} s`);
    const commandBegun = Date.now();
    interruption.terminal = "command";
    const code = await runChild(words.command, interruption, {
      env: { ...process.env, ...(await variables(own.record)) },
      cwd: process.cwd(),
      end: "gently",
      started,
    });
    interruption.terminal = "ours";
    say(own.record, `the command ended with ${String(code)} after ${secondsSince(commandBegun)} s`);
    // Whoever is told that its time is over may end with anything.
    const reason = interruption.told();
    return reason?.kind === "time" ? reason.code : code;
  } catch (error) {
    say(own.record, error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Through the program itself, as `npm run up` does it, in the cluster's own project. */
async function bringUp(
  record: EphemeralRecord,
  { tools }: RunWords,
  interruption: Interruption,
  started: (pid: number) => Promise<void>,
): Promise<number> {
  // Whatever backend the person works with: this state ends with its cluster.
  const { PULUMI_BACKEND_URL: _theirs, ...env } = process.env;
  const log = await open(upLog(record), "a", 0o600);
  try {
    const program = join(import.meta.dirname, "platform.ts");
    return await runChild([process.execPath, program, "up", record.name, `--tools=${tools}`], interruption, {
      env: {
        ...env,
        ...record.engine,
        ...ownNetwork(record.name),
        [ephemeralMark]: record.folder,
        TMPDIR: temporaryFolder(record.folder),
      },
      cwd: record.folder,
      log: log.fd,
      end: "at once",
      started,
    });
  } finally {
    await log.close();
  }
}

/** What a command finds in its environment. */
async function variables(record: EphemeralRecord): Promise<Record<string, string>> {
  const { name, target, folder, artifacts, engine } = record;
  const kubeconfig = kubeconfigFile(name, folder);
  const context = /^current-context: *"?([^\s"]+)/m.exec(await readFile(kubeconfig, "utf8"))?.[1] ?? "";
  await mkdir(artifacts, { recursive: true });
  return {
    KUBECONFIG: kubeconfig,
    CILIUM_PLATFORM_STACK: name,
    CILIUM_PLATFORM_TARGET: target,
    CILIUM_PLATFORM_CONTEXT: context,
    [artifactsVariable]: artifacts,
    [ephemeralMark]: folder,
    // Where the engine is one of our own, the person's shell does not know of it.
    ...engine,
  };
}

/** It stays until its time is over; its watcher stays with it. */
function keep({ record, watcher }: Own, code: number): number {
  watcher.stdin?.destroy();
  const until = new Date(record.deadline).toISOString();
  say(
    record,
    `stays until ${until}, and is then removed\n` +
      `  reach    export KUBECONFIG=${kubeconfigFile(record.name, record.folder)}\n` +
      `  remove   npm run ephemeral -- --destroy ${record.name}`,
  );
  return code;
}

/** Remove a cluster and say what of it is left. */
async function remove(record: EphemeralRecord, because: string): Promise<"nothing is left" | "something is left"> {
  const begun = Date.now();
  const { left, lookedFor, stays } = await removeCluster(record);
  for (const each of stays) say(record, `stays: ${each}`);
  if (left.length === 0) {
    say(record, `removed in ${secondsSince(begun)} s${because}; nothing is left: looked for ${lookedFor.join(", ")}`);
    return "nothing is left";
  }
  const lines = left.map(({ what, fix }) => `  ${what}\n    fix: ${fix}`);
  say(record, `removed${because}, but this is left:\n${lines.join("\n")}`);
  return "something is left";
}

/** Remove whatever nobody else will remove. */
async function sweep(projectDir: string, how: "tell all" | "tell what is done"): Promise<number> {
  let code = 0;
  for (const record of await readRecords(projectDir)) {
    const judgement = await judgementOf(record);
    if (judgement === "left") {
      const removed = await remove(record, ", because an earlier run left it");
      if (removed === "something is left") code = 1;
    } else if (how === "tell all") {
      say(record, told(record, judgement));
    }
  }
  if (how === "tell all" && code === 0) process.stderr.write("nothing of earlier runs is left\n");
  return code;
}

async function judgementOf(record: EphemeralRecord): Promise<Judgement> {
  const [owner, watcher] = await Promise.all([isAlive(record.owner), isAlive(record.watcher)]);
  return judge(record, {
    host: hostname(),
    now: Date.now(),
    owner: owner ? "alive" : "gone",
    watcher: watcher ? "alive" : "gone",
  });
}

function told(record: EphemeralRecord, judgement: Exclude<Judgement, "left">): string {
  switch (judgement) {
    case "in use":
      return `is in use by process ${String(record.owner.pid)}`;
    case "watched":
      return "is being removed by its watcher";
    case "kept":
      return `is kept until ${new Date(record.deadline).toISOString()}`;
    case "elsewhere":
      return `is of ${record.host}, and removed there`;
  }
}

async function destroy(projectDir: string, name: string): Promise<number> {
  const records = await readRecords(projectDir);
  const record = records.find((each) => each.name === name);
  if (record === undefined) {
    const names = records.map((each) => each.name).join(", ");
    throw new UserError(
      `ephemeral --destroy: there is no cluster \`${name}\`\n  expected ${names === "" ? "none, for there is none" : names}`,
    );
  }
  const judgement = await judgementOf(record);
  if (judgement === "in use" || judgement === "elsewhere") {
    throw new UserError(
      `ephemeral --destroy: ${name} ${told(record, judgement)}\n  fix: ${judgement === "in use" ? `kill ${String(record.owner.pid)}` : `run it on ${record.host}`}`,
    );
  }
  if (record.watcher !== undefined && (await isAlive(record.watcher))) process.kill(record.watcher.pid, "SIGKILL");
  return (await remove(record, "")) === "nothing is left" ? 0 : 1;
}

function say({ name }: EphemeralRecord, line: string): void {
  process.stderr.write(`${name}: ${line}\n`);
}

/** As seen from the project. */
function near(path: string): string {
  return relative(process.cwd(), path);
}

function secondsSince(time: number): string {
  return ((Date.now() - time) / 1000).toFixed(1);
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-25).join("\n");
}
