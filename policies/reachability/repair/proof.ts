/**
 * Proof: what a change of policies does to every pair and every port, told from what it should do.
 */
import { compare, type Comparison, type PairChange, type SpanChange } from "../diff.ts";
import type { Direction, Endpoint, Rule, World } from "../model.ts";
import { outsideOf } from "../outside.ts";
import type { Protocol } from "../ports.ts";
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
  const { world, apiServer } = inhabitants;
  const externals = [...outsideBeside(inhabitants.externals, [...before, ...after]), ...inhabitants.externals];
  const given = (rules: readonly Rule[]): World => withExternals({ ...world, rules }, externals, apiServer);
  return judged(compare(given(before), given(after)), wanted, kind);
}

/** The same for one side alone, whatever the other says. */
export function only(rules: readonly Rule[], direction: Direction): readonly Rule[] {
  return rules.filter((rule) => rule.direction === direction);
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
  const asked = kind === "opens a request" ? ["ALLOWED", "L7-CHANGED"] : ["ALLOWED"];
  const isWanted = ({ from, to }: PairChange, change: SpanChange): boolean =>
    from === wanted.from &&
    to === wanted.to &&
    change.protocol === wanted.protocol &&
    change.first === wanted.port &&
    change.last === wanted.port &&
    asked.includes(change.kind);
  const harmless = (pair: PairChange, change: SpanChange): boolean =>
    kind === "opens nothing" ? change.kind === "L7-CHANGED" : isWanted(pair, change);
  const also = changed.flatMap((pair) => {
    const changes = pair.changes.filter((change) => !harmless(pair, change));
    return changes.length === 0 ? [] : [{ ...pair, changes }];
  });
  const reached = kind === "opens nothing" || changed.some((pair) => pair.changes.some((each) => isWanted(pair, each)));
  return { exact: also.length === 0 && reached, also, changed: changed.length, unchanged };
}

/** The endpoint of this name. */
export function named(world: World, name: string): Endpoint {
  const found = world.endpoints.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no endpoint is called ${name}`);
  return found;
}
