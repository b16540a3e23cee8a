/**
 * Proof: what a change of policies does to every pair and every port, told from what it should do.
 */
import { cellChanges, compare, type Comparison, type PairChange, type SpanChange } from "../diff.ts";
import { connect } from "../matrix.ts";
import type { Direction, Endpoint, Rule, World } from "../model.ts";
import { outsideOf } from "../outside.ts";
import type { Protocol } from "../judge/ports.ts";
import { onlyExcludes, selectsLabels } from "../select/selectors.ts";
import { withExternals, type ApiServer, type External } from "../read/externals.ts";

/** The connection that is wanted, its ends by name. */
export interface Wanted {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface Proof {
  /** Whether the change opens what is wanted and nothing else. */
  readonly exact: boolean;
  /** What it does besides, in the order of the endpoints. */
  readonly also: readonly PairChange[];
  /** Pairs whose answer changed at all, and pairs that answer as before on every port. */
  readonly changed: number;
  readonly unchanged: number;
}

/** What stays the same in all worlds of one proof. */
export interface Inhabitants {
  readonly world: World;
  /** Peers outside that the policies may not know. */
  readonly externals: readonly External[];
  readonly apiServer?: ApiServer;
}

/** Both worlds with every peer outside that the rules of either tell apart. */
export function proofOf(
  before: readonly Rule[],
  after: readonly Rule[],
  wanted: Wanted,
  inhabitants: Inhabitants,
  kind: "opens" | "opens a request" | "opens nothing",
): Proof {
  const changed = moved(before, after);
  const externals = outsideBeside(inhabitants.externals, [...before, ...changed]);
  const given = (rules: readonly Rule[]): World => inhabited(inhabitants, rules, externals);
  return judged(compare(given(before), given(after), podsThatMove(changed, inhabitants.world)), wanted, kind);
}

/**
 * Whether a change of rules opens one side of what is wanted, whatever the other side says, and changes neither side of
 * anything else. Asked of the pods that the changed rules govern; undefined where those are too many to ask one by one.
 */
export function opensAlone(
  before: readonly Rule[],
  after: readonly Rule[],
  wanted: Wanted,
  direction: Direction,
  inhabitants: Inhabitants,
  kind: "opens" | "opens a request",
): boolean | undefined {
  const changed = moved(before, after);
  const subjects = governedBy(changed, inhabitants.world);
  if (subjects.length > mostSubjects) return undefined;
  let reached = false;
  for (const side of new Set(changed.map((rule) => rule.direction))) {
    const governing = (rules: readonly Rule[]): readonly Rule[] =>
      rules.filter(
        ({ direction: own, subject }) =>
          own === side && subjects.some(({ labels }) => selectsLabels(subject.labels, labels)),
      );
    const [old, now] = [governing(before), governing(after)];
    const externals = outsideBeside(inhabitants.externals, [...old, ...now]);
    const [earlier, later] = [old, now].map((rules) => connect(inhabited(inhabitants, rules, externals)));
    const endpoints = later?.world.endpoints ?? [];
    for (const subject of subjects) {
      const at = endpoints.indexOf(subject);
      for (const peer of endpoints.keys()) {
        if (peer === at || earlier === undefined || later === undefined) continue;
        const [from, to] = side === "egress" ? [at, peer] : [peer, at];
        for (const change of cellChanges(earlier.cell(from, to), later.cell(from, to))) {
          const pair = { from: endpoints[from]?.name ?? "", to: endpoints[to]?.name ?? "" };
          if (side !== direction || !isWanted(pair, change, wanted, kind)) return false;
          reached = true;
        }
      }
    }
  }
  return reached;
}

/** Each costs a row of the whole cluster. */
const mostSubjects = 20;

/** Rules that only one of the two has. */
function moved(before: readonly Rule[], after: readonly Rule[]): readonly Rule[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [...before.filter((rule) => !now.has(rule)), ...after.filter((rule) => !old.has(rule))];
}

/** The pods whose own answers these rules may change, by name; undefined where those of anybody may. */
export function podsThatMove(changed: readonly Rule[], world: World): ReadonlySet<string> | undefined {
  if (!changed.every(concernsPodsOnly)) return undefined;
  return new Set(governedBy(changed, world).map(({ name }) => name));
}

/** Ranges, names and handshakes may change what the rules of other pods come to (S16, S27, S34). */
function concernsPodsOnly({ peers, authentication }: Rule): boolean {
  return (
    authentication === "unspecified" &&
    (peers.kind !== "selected" || peers.selectors.every((each) => each.kind === "labels" && !onlyExcludes(each.labels)))
  );
}

function governedBy(rules: readonly Rule[], { endpoints }: World): readonly Endpoint[] {
  const subjects = [...new Map(rules.map(({ subject }) => [subject.key, subject.labels])).values()];
  return endpoints.filter(
    ({ kind, labels }) => kind === "pod" && subjects.some((selector) => selectsLabels(selector, labels)),
  );
}

function inhabited(
  { world, externals, apiServer }: Inhabitants,
  rules: readonly Rule[],
  more: readonly External[],
): World {
  return withExternals({ ...world, rules }, [...more, ...externals], apiServer);
}

/** An atom of one address and a name are those that are given, if they are. */
function outsideBeside(given: readonly External[], rules: readonly Rule[]): readonly External[] {
  const taken = new Set(
    given.flatMap((each) => {
      const ip = "ip" in each ? [`${each.ip}/32`, `${each.ip}/128`, each.ip] : [];
      return [each.name, ...ip, ...("fqdn" in each ? [each.fqdn.toLowerCase()] : [])];
    }),
  );
  return outsideOf(rules).filter((each) => !taken.has(each.name));
}

function judged({ changed, unchanged }: Comparison, wanted: Wanted, kind: Parameters<typeof proofOf>[4]): Proof {
  const harmless = (pair: PairChange, change: SpanChange): boolean =>
    kind === "opens nothing" ? change.kind === "L7-CHANGED" : isWanted(pair, change, wanted, kind);
  const also = changed.flatMap((pair) => {
    const changes = pair.changes.filter((change) => !harmless(pair, change));
    return changes.length === 0 ? [] : [{ ...pair, changes }];
  });
  const reached =
    kind === "opens nothing" || changed.some((pair) => pair.changes.some((each) => isWanted(pair, each, wanted, kind)));
  return { exact: also.length === 0 && reached, also, changed: changed.length, unchanged };
}

function isWanted(
  { from, to }: Pick<PairChange, "from" | "to">,
  change: SpanChange,
  wanted: Wanted,
  kind: "opens" | "opens a request",
): boolean {
  return (
    from === wanted.from &&
    to === wanted.to &&
    change.protocol === wanted.protocol &&
    change.first === wanted.port &&
    change.last === wanted.port &&
    (change.kind === "ALLOWED" || (kind === "opens a request" && change.kind === "L7-CHANGED"))
  );
}

/** The endpoint of this name. */
export function named(world: World, name: string): Endpoint {
  const found = world.endpoints.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no endpoint is called ${name}`);
  return found;
}
