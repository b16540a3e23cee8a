/** `reach why`: why a recorded flow was dropped, and the smallest change that would let it pass, as a patch. */
import { statSync } from "node:fs";

import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { answer, type Answer, type Ground, type Proposal } from "../flows/answer.ts";
import { forward, type Flow } from "../flows/flow.ts";
import { readAnyFlows, type FlowLine, type Tally } from "../flows/read-flows.ts";
import { load } from "../input/load.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { counted } from "../output/counted.ts";
import { documentText, schema } from "../output/json.ts";
import { apiServers } from "../scenario.ts";
import type { Paint, Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly flow: string;
  readonly all?: boolean;
  readonly output: "text" | "json" | "markdown";
}

export async function why([given]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const paths = given as readonly string[];
  if (words.flow === "-" && paths.includes("-")) throw new ProblemsError([twice]);
  const { dropped, tally } = await droppedFlows(words.flow);
  const [first] = dropped;
  if (first === undefined) throw new ProblemsError([noneDropped(words.flow, tally)]);
  const { target, cilium } = await surroundingsOf(words);
  const { manifests, place } = await load(paths);
  const folders = paths.filter((path) => path !== "-" && statSync(path).isDirectory());
  const ground: Ground = { manifests, place, cilium, apiServer: apiServers[target], folders, directory: process.cwd() };
  const asked = words.all === true ? dropped : [first];
  const answers: Answer[] = [];
  for (const [index, { line, flow }] of asked.entries()) {
    terminal.progress(asked.length > 1 ? `flow ${String(index + 1)} of ${String(asked.length)}` : "");
    answers.push(await answer(line, flow, ground));
  }
  terminal.progress("");
  const beside = [
    ...tallyNotes(words.flow, tally),
    ...(asked.length < dropped.length ? [othersText(dropped.length - 1)] : []),
  ];
  for (const note of beside) terminal.warn(`${note}\n`);
  terminal.print(told(answers, words.output, terminal.paint));
  return answers.every(({ repair }) => repair !== undefined) ? exitCodes.fine : exitCodes.no;
}

const twice: Problem = {
  code: "reach/usage",
  where: "reach why",
  what: "standard input is both the flow and the manifests",
  expected: "one of the two from a file",
};

function noneDropped(path: string, { flows, malformed, examples }: Tally): Problem {
  const [example] = examples;
  const bad = example === undefined ? "" : `; line ${String(example.line)}: ${example.what}`;
  return {
    code: "flows/none-dropped",
    where: path === "-" ? "stdin" : path,
    what: `${counted(flows, "flow")}, none of them dropped${malformed === 0 ? "" : `, ${counted(malformed, "malformed line")}${bad}`}`,
    expected: "a dropped flow as Hubble prints it: `hubble observe --verdict DROPPED -o jsonpb`",
  };
}

/** Each connection once: a packet that is sent again is dropped again. */
async function droppedFlows(path: string): Promise<{ readonly dropped: readonly FlowLine[]; readonly tally: Tally }> {
  const found = new Map<string, FlowLine>();
  const tally = await readAnyFlows(path, (each) => {
    if (each.flow.verdict !== "DROPPED" && each.flow.verdict !== "AUDIT") return;
    const key = keyOf(each.flow);
    if (found.size < most && !found.has(key)) found.set(key, each);
  });
  return { dropped: [...found.values()], tally };
}

/** More connections than anybody repairs one by one. */
const most = 1000;

function keyOf(recorded: Flow): string {
  const { source, destination, protocol, port, request } = forward(recorded);
  const end = ({ pod, workloads, names, ip, labels }: Flow["source"]): unknown =>
    workloads[0] ?? pod ?? (names.length > 0 ? names : [labels, isWorld(labels) ? ip : ""]);
  return JSON.stringify([
    source.namespace,
    end(source),
    destination.namespace,
    end(destination),
    protocol,
    port,
    request ?? "",
  ]);
}

function isWorld(labels: readonly string[]): boolean {
  return labels.some((label) => label.startsWith("reserved:world"));
}

function othersText(others: number): string {
  const verb = others === 1 ? "was" : "were";
  return `${counted(others, "other connection")} ${verb} dropped as well: --all answers for each`;
}

function tallyNotes(path: string, { malformed, examples }: Tally): readonly string[] {
  if (malformed === 0) return [];
  const where = path === "-" ? "stdin" : path;
  return [
    `${where}: ${counted(malformed, "malformed line")}: ${examples.map(({ line, what }) => `line ${String(line)} (${what})`).join(", ")}`,
  ];
}

function told(answers: readonly Answer[], output: Words["output"], paint: Paint): string {
  if (output === "json") return documentText({ schema, kind: "why", answers });
  const texts = answers.map((each) => (output === "text" ? text(each, paint) : markdown(each)));
  return `${texts.join("\n\n")}\n`;
}

function text({ flow, explanation, notes, repair, wider }: Answer, paint: Paint): string {
  return [
    paint("bold", flow),
    ...explanation,
    ...notes.map((note) => `${paint("yellow", "note")}: ${note}`),
    ...(repair === undefined ? [] : proposalText("repair", repair, paint)),
    ...wider.flatMap((each) => proposalText("wider", each, paint)),
  ].join("\n");
}

function proposalText(word: string, { steps, proved, also, patch }: Proposal, paint: Paint): readonly string[] {
  const shown = also.slice(0, alsoTold);
  return [
    "",
    ...steps.map((step) => `${paint(word === "repair" ? "green" : "yellow", word)}: ${step}`),
    `proved: ${proved}`,
    ...shown.map((line) => `  also ${line}`),
    ...(also.length > shown.length ? [`  and ${String(also.length - shown.length)} more`] : []),
    // Set back, so that nobody applies by mistake what opens more than was asked for.
    ...(patch === undefined ? [] : ["", word === "repair" ? patch.trimEnd() : patch.trimEnd().replaceAll(/^/gm, "  ")]),
  ];
}

const alsoTold = 10;

function markdown({ flow, explanation, notes, repair, wider }: Answer): string {
  return [
    `### ${flow}`,
    ...(explanation.length === 0 ? [] : ["", "```text", ...explanation, "```"]),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `- ${note}`)]),
    ...[...(repair === undefined ? [] : [repair]), ...wider].flatMap(proposalMarkdown),
  ].join("\n");
}

function proposalMarkdown({ steps, proved, also, patch }: Proposal): readonly string[] {
  return [
    "",
    ...steps.map((step) => `1. ${step}`),
    "",
    `Proved: ${proved}.`,
    ...(also.length === 0 ? [] : ["", ...also.slice(0, alsoTold).map((line) => `- also ${line}`)]),
    ...(patch === undefined ? [] : ["", "```diff", patch.trimEnd(), "```"]),
  ];
}
