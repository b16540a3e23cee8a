/**
 * Weigh: what recorded flows say about a diff: which connections that close were used, which that open were tried.
 *
 * Flows are counted as they pass by, so memory is bounded by what the manifests hold and not by how many flows there are.
 */
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { matchesName } from "../../policies/reachability/select/dns-names.ts";
import type { World } from "../../policies/reachability/model.ts";
import type { ChangeRow, DiffReport, FlowsReport, Stranger, Use } from "../../policies/reachability/report/report.ts";
import { selectsPeer, type PeerSelector } from "../../policies/reachability/select/selectors.ts";
import { reservedLabels } from "../../policies/reachability/select/labels.ts";
import { counted, grouped } from "../output/counted.ts";
import { partyText } from "./answer.ts";
import { forward, type Flow, type Party } from "./flow.ts";
import { locatorIn } from "./locate.ts";
import { quickReader } from "./quick-flow.ts";
import { readFlows, type FlowLine, type Tally } from "./read-flows.ts";

/** Both worlds of a diff; their peers outside are the same. */
export interface Compared {
  readonly report: DiffReport;
  readonly before: World;
  readonly after: World;
}

/**
 * The report with what the flows of the file say; `-` is standard input. `progress` is told how far we are.
 *
 * Throws a ProblemsError if the file cannot be read or holds no flow that asks for a connection.
 */
export async function weigh(
  compared: Compared,
  file: string,
  progress: (text: string) => void = () => undefined,
): Promise<DiffReport> {
  const scales = new Scales(compared);
  const tally = await readFlows(
    file,
    (line) => {
      if (line.line % told === 0) progress(`${grouped(line.line)} flows`);
      scales.take(line);
    },
    { quick: quickReader() },
  );
  progress("");
  if (scales.requests === 0) throw new ProblemsError([noneUsable(file, tally)]);
  return scales.weighed(tally);
}

/** Lines between two words of progress. */
const told = 50_000;

function noneUsable(file: string, { flows, malformed, examples }: Tally): Problem {
  const [example] = examples;
  const bad = example === undefined ? "" : `, line ${String(example.line)}: ${example.what}`;
  const lines = malformed === 0 ? "" : `, ${counted(malformed, "malformed line")}${bad}`;
  return {
    code: "flows/none-usable",
    where: file === "-" ? "stdin" : file,
    what: `${counted(flows, "flow")}, none of which asks for a connection${lines}`,
    expected: "flows as Hubble prints them: `hubble observe -o jsonpb`",
  };
}

/** Takes flows one by one. */
class Scales {
  readonly #compared: Compared;
  readonly #groupOf = new Map<string, number>();
  readonly #rows = new Map<number, readonly ChangeRow[]>();
  readonly #uses = new Map<ChangeRow, Counter>();
  /** The quick reading gives the same object for the same end. */
  readonly #ends = new WeakMap<Party, End>();
  readonly #locate: (party: Party) => End;
  readonly #strangers = new Strangers();
  readonly #addresses = new Strangers();
  #requests = 0;
  #replies = 0;
  #undecided = 0;
  readonly #period = new Period();

  constructor(compared: Compared) {
    this.#compared = compared;
    const { groups, changes } = compared.report;
    for (const [index, { members }] of groups.entries()) for (const name of members) this.#groupOf.set(name, index);
    for (const row of changes) {
      const key = row.from * groups.length + row.to;
      this.#rows.set(key, [...(this.#rows.get(key) ?? []), row]);
      this.#uses.set(row, new Counter());
    }
    this.#locate = endsIn(compared);
  }

  take({ flow: recorded }: FlowLine): void {
    const flow = forward(recorded);
    const outcome = outcomes.get(flow.verdict);
    if (flow.reply === "yes") this.#replies += flow.count;
    else if (outcome === undefined || flow.protocol === undefined || flow.port === undefined)
      this.#undecided += flow.count;
    else {
      this.#requests += flow.count;
      this.#period.include(flow);
      this.#weigh(flow, outcome);
    }
  }

  #weigh(flow: Flow, outcome: Outcome): void {
    const [source, destination] = [this.#endOf(flow.source), this.#endOf(flow.destination)];
    for (const end of [source, destination]) {
      if (end.kind === "stranger") this.#strangers.count(end.text, flow.count);
      if (end.kind === "address") this.#addresses.count(end.text, flow.count);
    }
    if (source.kind === "stranger" || destination.kind === "stranger") return;
    const [from, to] = [this.#groupOf.get(source.name), this.#groupOf.get(destination.name)];
    if (from === undefined || to === undefined) return;
    const rows = this.#rows.get(from * this.#compared.report.groups.length + to);
    if (rows === undefined) return;
    for (const row of rows) {
      const met = row.ports.some(
        ({ protocol, first, last }) =>
          protocol === flow.protocol && first <= (flow.port ?? 0) && (flow.port ?? 0) <= last,
      );
      if (met) this.#uses.get(row)?.count(flow, outcome, `${source.name} ${destination.name}`);
    }
  }

  #endOf(party: Party): End {
    let end = this.#ends.get(party);
    if (end === undefined) this.#ends.set(party, (end = this.#locate(party)));
    return end;
  }

  /** The report with what the flows say. */
  weighed(tally: Tally): DiffReport {
    const { report } = this.#compared;
    const uses = new Map<ChangeRow, Use>();
    for (const [row, counter] of this.#uses) uses.set(row, counter.use());
    const pairs = (kind: ChangeRow["kind"], outcome: Outcome): { readonly pairs: number; readonly flows: number } => {
      const counters = [...this.#uses].filter(([row]) => row.kind === kind).map(([, counter]) => counter);
      const between = new Set(counters.flatMap((counter) => [...counter.pairs[outcome]]));
      return { pairs: between.size, flows: counters.reduce((sum, each) => sum + each.flows[outcome], 0) };
    };
    const flows: FlowsReport = {
      recorded: tally.flows,
      requests: this.#requests,
      replies: this.#replies,
      undecided: this.#undecided,
      ...this.#period.ends(),
      closed: pairs("DENIED", "forwarded"),
      opened: pairs("ALLOWED", "dropped"),
      restricted: pairs("L7-CHANGED", "forwarded"),
      strangers: this.#strangers.told(),
      addresses: this.#addresses.told(),
      malformed: { lines: tally.malformed, examples: tally.examples },
    };
    const explain = report.explain;
    const changes = report.changes.map((row) => ({ ...row, used: uses.get(row) ?? new Counter().use() }));
    return { ...report, changes, flows, explain };
  }

  get requests(): number {
    return this.#requests;
  }
}

type Outcome = "forwarded" | "dropped";

/** Audit mode lets pass what it would drop; other verdicts are not the last word on a connection. */
const outcomes: ReadonlyMap<string, Outcome> = new Map([
  ["FORWARDED", "forwarded"],
  ["REDIRECTED", "forwarded"],
  ["DROPPED", "dropped"],
  ["AUDIT", "dropped"],
]);

/** What was seen on one row. */
class Counter {
  readonly flows: Record<Outcome, number> = { forwarded: 0, dropped: 0 };
  /** Between whom. No more than there are pairs in the manifests. */
  readonly pairs: Record<Outcome, Set<string>> = { forwarded: new Set(), dropped: new Set() };
  readonly #period = new Period();

  count(flow: Flow, outcome: Outcome, pair: string): void {
    this.flows[outcome] += flow.count;
    this.pairs[outcome].add(pair);
    this.#period.include(flow);
  }

  use(): Use {
    return { ...this.flows, ...this.#period.ends() };
  }
}

/** From the first flow to the last, to the second: flows come from several nodes and not quite in order. */
class Period {
  #first = "";
  #last = "";

  include({ time }: Flow): void {
    if (time === undefined) return;
    const second = time.slice(0, "2006-01-02T15:04:05".length);
    if (this.#first === "" || second < this.#first) this.#first = second;
    if (second > this.#last) this.#last = second;
  }

  ends(): Pick<Use, "first" | "last"> {
    return this.#first === "" ? {} : { first: `${this.#first}Z`, last: `${this.#last}Z` };
  }
}

/** Who appears in flows and not in the manifests, with counts. */
class Strangers {
  readonly #counts = new Map<string, number>();
  #beyond = 0;

  count(name: string, flows: number): void {
    const known = this.#counts.get(name);
    if (known === undefined && this.#counts.size >= mostStrangers) this.#beyond += flows;
    else this.#counts.set(name, (known ?? 0) + flows);
  }

  told(): readonly Stranger[] {
    const named = [...this.#counts].map(([name, flows]) => ({ name, flows }));
    const others = this.#beyond === 0 ? [] : [{ name: "others", flows: this.#beyond }];
    return [...named.sort((a, b) => b.flows - a.flows || (a.name < b.name ? -1 : 1)), ...others];
  }
}

const mostStrangers = 10_000;

/** One end of a flow, as the report knows it. */
type End =
  | { readonly kind: "known"; readonly name: string }
  /** Outside every range and name of the policies. */
  | { readonly kind: "address"; readonly name: string; readonly text: string }
  | { readonly kind: "stranger"; readonly text: string };

function endsIn({ before, after }: Compared): (party: Party) => End {
  const locate = locatorIn(after);
  const gone = locatorIn(before);
  const outsideOf = externalsIn(before, after);
  return (party) => {
    const found = locate(party);
    switch (found.kind) {
      case "pod":
        return { kind: "known", name: found.name };
      case "ambiguous":
        return { kind: "known", name: found.candidates[0] ?? "" };
      case "external":
        return "entity" in found.external && found.external.entity !== "world"
          ? { kind: "known", name: found.external.name }
          : outsideOf(party);
      case "unlisted":
      case "unknown": {
        const earlier = gone(party);
        return earlier.kind === "pod"
          ? { kind: "known", name: earlier.name }
          : { kind: "stranger", text: stranger(party) };
      }
    }
  };
}

/** The maker of the pod where Hubble knows it, so that replicas are one. */
function stranger(party: Party): string {
  const { namespace, workloads } = party;
  const [workload] = workloads;
  return workload === undefined ? partyText(party) : `${namespace === undefined ? "" : `${namespace}/`}${workload}`;
}

/** Which external of the report an address or a name is: the one that the same selectors select. */
function externalsIn(before: World, after: World): (party: Party) => End {
  const selectors = new Map<string, PeerSelector>();
  for (const { peers } of [...before.rules, ...after.rules]) {
    if (peers.kind === "nobody") continue;
    for (const each of peers.selectors) if (each.kind === "cidr" || each.kind === "fqdn") selectors.set(each.key, each);
  }
  const all = [...selectors.values()];
  const names = all.filter((each) => each.kind === "fqdn");
  const [four, six] = [reservedLabels("world"), reservedLabels("world-ipv6")];
  const signature = (ip: string | undefined, fqdns: readonly string[]): string => {
    const byName = names.filter((selector) => fqdns.some((name) => matchesName(selector, name)));
    // A name that any policy selects hides the address (S16).
    const labels = ip?.includes(":") === true ? six : four;
    const peer = { labels, ...(ip === undefined || byName.length > 0 ? {} : { ip }) };
    const selecting = all.filter((each) =>
      each.kind === "fqdn" ? byName.includes(each) : selectsPeer(each, peer) === "yes",
    );
    return selecting.map(({ key }) => key).join("\n");
  };
  const bySignature = new Map<string, string>();
  for (const { kind, name, ip, fqdn } of after.endpoints) {
    if (kind !== "external" || (ip === undefined && fqdn === undefined)) continue;
    const key = signature(ip, fqdn === undefined ? [] : [fqdn]);
    if (!bySignature.has(key)) bySignature.set(key, name);
  }
  const nothing = signature(undefined, []);
  return ({ ip, names: fqdns }) => {
    const key = signature(ip, fqdns);
    const name = key === nothing ? undefined : bySignature.get(key);
    const text = fqdns[0] ?? ip ?? "world";
    return name === undefined ? { kind: "address", name: "world", text } : { kind: "known", name };
  };
}
