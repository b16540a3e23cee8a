/**
 * Command: the verbs of `reach` with their options, and what becomes of an answer or an error.
 *
 * A verb's code is loaded when it is asked for.
 */
import { Argument, Command, CommanderError, Option } from "commander";

import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { ciliumVersions, targets, usual } from "./surroundings.ts";
import { ownTerminal, type Terminal } from "./terminal.ts";
import { usageProblem } from "./usage.ts";
import { version } from "./version.ts";

/** What a verb does with its words. */
type Action = (words: readonly unknown[], options: never, terminal: Terminal) => Promise<ExitCode>;

/** `loaded` is called when the verb's code is there and has not begun: what V8 has cached of code depends on its flags. */
export async function main(
  args: readonly string[],
  terminal: Terminal = ownTerminal(),
  loaded: () => void = () => undefined,
): Promise<ExitCode> {
  let code: ExitCode = exitCodes.fine;
  const program = programOf(terminal, loaded, (answer) => (code = answer));
  if (args.length === 0) {
    terminal.warn(program.helpInformation());
    return exitCodes.unusable;
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodes.fine;
    terminal.warn(`${error instanceof ProblemsError ? formatProblems(error.problems) : unexpected(error)}\n`);
    return exitCodes.unusable;
  }
}

/** A mistake of ours, told without a stack trace unless somebody looks for it. */
function unexpected(error: unknown): string {
  if (process.env["REACH_DEBUG"] !== undefined && error instanceof Error) return error.stack ?? error.message;
  const what = error instanceof Error ? error.message : String(error);
  return `reach: ${what}\n  a mistake of reach itself; with REACH_DEBUG=1 it says where`;
}

function programOf(terminal: Terminal, loaded: () => void, done: (code: ExitCode) => void): Command {
  const program = new Command("reach")
    .description("Who may talk to whom, as Cilium decides it, from manifests alone.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand(false);
  const verb = (name: string, summary: string, example: string): Command =>
    ready(program.command(name).description(summary).addHelpText("after", `\nExample:\n  ${example}`));
  const does = (command: Command, load: () => Promise<Action>): Command =>
    command.action(async (...words: unknown[]) => {
      const given = words.slice(0, -2);
      const action = await load();
      loaded();
      done(await action(given, command.opts<never>(), terminal));
    });

  ready(program);
  const matrix = verb("matrix", "all pairs of workloads, and what is outside", "reach matrix manifests/ --focus dev/")
    .addArgument(paths())
    .addOption(output(["text", "markdown", "json", "csv", "dot", "svg", "html"]));
  does(selecting(surrounded(matrix)), async () => (await import("./verbs/matrix.ts")).matrix);
  const diff = verb(
    "diff",
    "what a change of manifests opens, closes or narrows",
    "reach diff main/ branch/ --fail-on allowed",
  )
    .addArgument(paths("the earlier files or folder, then the later; one set of them with --cilium A..B"))
    .addOption(output(["text", "markdown", "json", "csv", "dot", "svg", "html"]))
    .addOption(
      new Option("--fail-on <change>", "end with 1 if there is such a change").choices(["allowed", "denied", "any"]),
    );
  diff.option(
    "--comment <name>",
    "in Markdown: what the change is on, in its headline and in a mark to find it again by",
  );
  diff.option("--flows <file>", "weigh the changes by flows that Hubble recorded, plain or .gz; - is standard input");
  does(selecting(surrounded(diff)), async () => (await import("./verbs/diff.ts")).diff);
  const explain = verb(
    "explain",
    "why one connection is possible or not",
    "reach explain dev/frontend dev/backend 8080 manifests/",
  )
    .argument("<from>", "client: namespace/workload, or the name of something outside")
    .argument("<to>", "server; with --service the name of a Service, namespace/name")
    .argument("<port>", "443 (TCP), UDP/53, or the name of a port")
    .addArgument(paths())
    .addOption(output(["text", "json"]));
  explain.option("--service", "ask for a Service: its port, its backends, and what a caller gets");
  does(surrounded(explain), async () => (await import("./verbs/explain.ts")).explain);
  const why = verb(
    "why",
    "why a recorded flow was dropped, and the smallest change that lets it pass, as a patch",
    "hubble observe --verdict DROPPED --last 1 -o jsonpb | reach why --flow - manifests/ | git apply",
  )
    .argument("<path...>", manifests)
    .requiredOption("--flow <file>", "flows as `hubble observe -o jsonpb` prints them; - is standard input")
    .option("--all", "answer for every dropped connection of the file, not for the first alone")
    .addOption(output(["text", "markdown", "json"]));
  does(surrounded(why), async () => (await import("./verbs/why.ts")).why);
  const lint = verb(
    "lint",
    "what Cilium refuses, drops or ignores in manifests, and what does not do what it says",
    "reach lint manifests/ -o sarif",
  )
    .addArgument(paths())
    .option("--mesh-auth", "the agents can authenticate: `authentication.mode: required` works")
    .option("--sctp", "the agents let SCTP pass")
    .option("--fix", "write what has one certain remedy into the files, and tell what is left")
    .option("--dry-run", "with --fix: print the patch and write nothing")
    .addOption(output(["text", "markdown", "json", "sarif"]));
  does(surrounded(lint), async () => (await import("./verbs/lint.ts")).lint);
  const check = verb("check", "promises kept and broken by manifests", "reach check promises.yaml manifests/")
    .argument(
      "[promises]",
      "YAML list of `must: from -> to TCP 443` and `never: dev/* -> uat/*`; those of an inventory are held as well",
    )
    .addArgument(paths())
    .addOption(output(["text", "markdown", "json"]));
  does(surrounded(check), async () => (await import("./verbs/check.ts")).check);
  const conformance = verb(
    "conformance",
    "the engine's verdicts beside those of Cilium's own engine",
    "reach conformance --cases cases.jsonl.gz --diffs diffs.jsonl.gz",
  )
    .option(
      "--cases <file>",
      "scenarios with verdicts, one JSON object per line, packed or not; the project's own if absent",
    )
    .option("--diffs <file>", "changes of these scenarios");
  does(conformance, async () => (await import("./verbs/conformance.ts")).conformance);
  return program;

  /** Errors come to us instead of ending the process. */
  function ready(command: Command): Command {
    return command
      .exitOverride((error) => {
        if (error.exitCode !== 0) throw usageProblem(error, command);
        throw error;
      })
      .configureOutput({ writeOut: terminal.print, writeErr: () => undefined })
      .showSuggestionAfterError();
  }
}

const manifests = "files or folders of manifests, YAML or JSON; - is standard input";

function paths(what = manifests): Argument {
  return new Argument("[path...]", `${what}; none are needed beside --inventory`);
}

function output(formats: readonly string[]): Option {
  return new Option("-o, --output <format>", "how to tell it").choices(formats).default("text");
}

/** Options of every verb that reads a world. */
function surrounded(command: Command): Command {
  return command
    .addOption(new Option("--target <target>", `where the cluster runs${unlessSaid(usual.target)}`).choices(targets))
    .addOption(new Option("--cilium <version>", `${ciliumVersions.join(", ")}${unlessSaid(usual.cilium)}`))
    .addOption(
      new Option("--names <names>", "which names Cilium knows: those that a pod's rules let it learn, or all")
        .choices(["learned", "known"])
        .default("learned"),
    )
    .option("--externals <file>", "YAML list of {name, fqdn, ip} or {name, entity}, beside what the policies name")
    .option("--inventory <file>", "the platform that the manifests run on, as `npm run inventory` writes it");
}

function unlessSaid(value: string): string {
  return ` (default: what the inventory says, else "${value}")`;
}

/** Options of every verb that shows pairs. */
function selecting(command: Command): Command {
  const each = (word: string, before: string[] | undefined): string[] => [...(before ?? []), word];
  return command
    .option("--from <name>", "only these clients; * is any text, dev/ a namespace; may be repeated", each)
    .option("--to <name>", "only these servers", each)
    .option("--focus <name>", "only connections of these, in either direction", each)
    .option("--port <port>", "only these ports: 443, TCP/443, 8000-8100, or a name", each);
}
