/**
 * Answers: the dropped flows of a file, each answered on the manifests as the repairs before it leave them.
 */
import { statSync } from "node:fs";

import { ProblemsError, type Problem } from "../../policies/problems.ts";
import type { Manifest } from "../../policies/reachability/read/fields.ts";
import { counted } from "../output/counted.ts";
import { apiServersOf, loadedOn, versionOf } from "../scenario.ts";
import type { Given } from "../surroundings.ts";
import { answer, type Answer, type Ground } from "./answer.ts";
import { forward, type Flow } from "./flow.ts";
import { readAnyFlows, type FlowLine, type Tally } from "./read-flows.ts";

export interface Dropped {
  /** Of flows as Hubble prints them; `-` is standard input. */
  readonly file: string;
  readonly which: "the first dropped flow" | "every dropped flow";
  /** Of the manifests. */
  readonly paths: readonly string[];
  readonly surroundings: Pick<Given, "target" | "cilium" | "inventory">;
  /** Told how far we are; an empty text when done. */
  readonly progress?: (text: string) => void;
}

export interface Answers {
  readonly answers: readonly Answer[];
  /** Other connections that were dropped as well. */
  readonly unasked: number;
  readonly tally: Tally;
}

/** Throws a ProblemsError if the flows or the manifests cannot be used, or nothing was dropped. */
export async function answersTo({ file, which, paths, surroundings, progress }: Dropped): Promise<Answers> {
  if (file === "-" && paths.includes("-")) throw new ProblemsError([twice]);
  const { dropped, tally } = await droppedFlows(file);
  const [first] = dropped;
  if (first === undefined) throw new ProblemsError([noneDropped(file, tally)]);
  const { loaded, platform } = await loadedOn(paths, surroundings);
  const { manifests, place, platforms } = loaded;
  const cilium = versionOf(surroundings, platform);
  const [apiServer] = apiServersOf(surroundings, platform);
  const folders = paths.filter((path) => path !== "-" && statSync(path).isDirectory());
  const isForeign = ({ source }: Manifest): boolean => platforms?.has(source ?? "") ?? false;
  let ground: Ground = { manifests, isForeign, place, cilium, apiServer, folders, directory: process.cwd() };
  const asked = which === "every dropped flow" ? dropped : [first];
  const answers: Answer[] = [];
  for (const [index, { line, flow }] of asked.entries()) {
    progress?.(asked.length > 1 ? `flow ${String(index + 1)} of ${String(asked.length)}` : "");
    const answered = await answer(line, flow, ground);
    answers.push(answered.answer);
    ground = answered.ground;
  }
  progress?.("");
  return { answers, unasked: dropped.length - asked.length, tally };
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
