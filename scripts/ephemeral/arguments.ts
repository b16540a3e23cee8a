/** What may stand behind `npm run ephemeral --`: read once, and everything wrong with it told at once. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

import type { StackFile } from "../../components/settings/stack-files.ts";
import { nearest } from "../../policies/nearest.ts";
import { type Problem, ProblemsError, UserError } from "../../policies/problems.ts";
import type { Mode } from "../tools/tool-paths.ts";

/** Make a cluster, run a command with it, remove it. */
export interface RunWords {
  readonly kind: "run";
  /** Whose settings the cluster has. */
  readonly stack: string;
  /** Time to live as it was said, and what it comes to. */
  readonly ttl: string;
  readonly ttlSeconds: number;
  /** `yes`: the cluster stays until its time to live ends. */
  readonly keep: "yes" | "no";
  readonly tools: Mode;
  /** The command and its words; no shell reads them. */
  readonly command: readonly string[];
}

export type EphemeralWords =
  | RunWords
  /** Remove one that was kept. */
  | { readonly kind: "destroy"; readonly name: string }
  /** Remove whatever earlier runs left. */
  | { readonly kind: "sweep" };

export const usage =
  "[--stack kwok] [--ttl 2h] [--keep] [--tools=auto|official|build] -- <command>, or --destroy <name>, or --sweep";

/** What arguments are judged by. */
export interface Surroundings {
  readonly stackFiles: readonly StackFile[];
  /** Whether a command of this name can be run. */
  readonly canRun: (command: string) => boolean;
}

const defaults = { stack: "kwok", ttl: "2h" } as const;
const longestSeconds = 7 * 24 * 3600;
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Throws {@link ProblemsError} with everything that is wrong. */
export function readEphemeral(args: readonly string[], at: Surroundings): EphemeralWords {
  const { said, flags, words, command, problems } = split(args);
  const destroy = said.get("--destroy");
  if (flags.has("--help")) throw new UserError(`usage: npm run ephemeral -- ${usage}`);
  if (destroy !== undefined || flags.has("--sweep")) {
    const rest = [...said.keys(), ...flags, ...words, ...(command ?? [])].filter(
      (word) => word !== (destroy === undefined ? "--sweep" : "--destroy"),
    );
    const alone = rest.map((word) => problem("alone", word, "makes no sense beside --destroy or --sweep", usage));
    refuse([...problems, ...alone]);
    return destroy === undefined ? { kind: "sweep" } : { kind: "destroy", name: destroy };
  }
  const stack = said.get("--stack") ?? defaults.stack;
  const ttl = said.get("--ttl") ?? defaults.ttl;
  const ttlSeconds = secondsOf(ttl);
  const tools = said.get("--tools") ?? "auto";
  refuse([
    ...problems,
    ...stackProblems(stack, at.stackFiles),
    ...(ttlSeconds === undefined
      ? [problem("ttl", "--ttl", `got \`${ttl}\``, "a time from 1s to 168h, in one unit: `90s`, `30m` or `2h`")]
      : []),
    ...(isMode(tools)
      ? []
      : [problem("tools", "--tools", `got \`${tools}\``, "--tools=auto, --tools=official or --tools=build")]),
    ...commandProblems(command, words, at.canRun),
  ]);
  return {
    kind: "run",
    stack,
    ttl,
    ttlSeconds: ttlSeconds ?? 0,
    keep: flags.has("--keep") ? "yes" : "no",
    tools: isMode(tools) ? tools : "auto",
    command: command ?? [],
  };
}

interface Split {
  /** Values by option. */
  readonly said: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  /** What is no option and stands before `--`. */
  readonly words: readonly string[];
  /** What stands behind `--`; undefined without one. */
  readonly command: readonly string[] | undefined;
  readonly problems: readonly Problem[];
}

const withValue = ["--stack", "--ttl", "--tools", "--destroy"];
const withoutValue = ["--keep", "--sweep", "--help"];

function split(args: readonly string[]): Split {
  const end = args.indexOf("--");
  const rest = [...(end === -1 ? args : args.slice(0, end))];
  const said = new Map<string, string>();
  const flags = new Set<string>();
  const words: string[] = [];
  const problems: Problem[] = [];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [option = "", written] = arg.startsWith("-") ? arg.split(/=(.*)/s) : [];
    if (option === "") words.push(arg);
    else if (withoutValue.includes(option) && written === undefined) flags.add(option);
    else if (withValue.includes(option)) {
      const value = written ?? (rest[0]?.startsWith("-") === true ? undefined : rest.shift());
      if (value === undefined || value === "") problems.push(problem("option", option, "has no value", usage));
      else if (said.has(option)) problems.push(problem("option", option, "is said twice", "it once"));
      else said.set(option, value);
    } else {
      const known = nearest(option, [...withValue, ...withoutValue]);
      const fix = known === undefined ? undefined : `did you mean \`${known}\`?`;
      problems.push(problem("option", option, "is no option", usage, fix));
    }
  }
  return { said, flags, words, command: end === -1 ? undefined : args.slice(end + 1), problems };
}

/** Seconds of `90s`, `30m` or `2h`; undefined for anything else, and for what is too long or nothing. */
export function secondsOf(ttl: string): number | undefined {
  const [, count, unit = ""] = /^([1-9]\d{0,6})([smh])$/.exec(ttl) ?? [];
  const seconds = Number(count) * (unitSeconds[unit] ?? NaN);
  return seconds <= longestSeconds ? seconds : undefined;
}

function stackProblems(stack: string, files: readonly StackFile[]): readonly Problem[] {
  const targetOf = (file: StackFile): unknown => file.values["target"];
  const local = files.filter((file) => targetOf(file) === "kwok" || targetOf(file) === "kind");
  const names = local.map((file) => file.stack);
  if (names.includes(stack)) return [];
  const expected = `a stack on kwok or kind: ${names.join(", ")}`;
  const other = files.find((file) => file.stack === stack);
  if (other !== undefined) {
    return [problem("stack", "--stack", `\`${stack}\` stands on ${String(targetOf(other))}`, expected)];
  }
  const near = nearest(stack, names);
  const fix = near === undefined ? undefined : `did you mean \`${near}\`?`;
  return [problem("stack", "--stack", `there is no Pulumi.${stack}.yaml`, expected, fix)];
}

function commandProblems(
  command: readonly string[] | undefined,
  words: readonly string[],
  canRun: (command: string) => boolean,
): readonly Problem[] {
  const [name] = command ?? [];
  const before = words.map((word) =>
    problem("command", word, "stands before `--`", "options alone", `write it behind: -- ${words.join(" ")}`),
  );
  if (before.length > 0) return before.slice(0, 1);
  if (name === undefined || name === "") {
    return [
      problem("command", "--", "no command stands behind it", usage, "npm run ephemeral -- -- kubectl get nodes"),
    ];
  }
  if (canRun(name)) return [];
  const expected = "the path or the name of a program";
  return [problem("command", name, "is not found", expected, "a line for a shell goes through one: bash -c '…'")];
}

/** Whether a program of this path or name, looked for in `path`, can be run. */
export function canRun(command: string, path: string): boolean {
  const candidates = command.includes("/") ? [command] : path.split(delimiter).map((folder) => join(folder, command));
  return candidates.some((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

function isMode(text: string): text is Mode {
  return text === "auto" || text === "official" || text === "build";
}

function problem(code: string, where: string, what: string, expected: string, fix?: string): Problem {
  const said = { code: `ephemeral/${code}`, where: `ephemeral ${where}`, what, expected };
  return fix === undefined ? said : { ...said, fix };
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ProblemsError(problems);
}
