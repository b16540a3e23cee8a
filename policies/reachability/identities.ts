/**
 * Identities: endpoints that no policy can tell apart, and which of them each selector selects.
 *
 * Verdicts are computed for identities, not for pods, so replicas cost nothing and have equal rows.
 */
import { labelsKey } from "./labels.ts";
import type { Endpoint, World } from "./model.ts";
import { selectsLabels, selectsPeer, type Match, type PeerSelector, type SubjectSelector } from "./selectors.ts";

export interface Identities {
  /** Per endpoint: the position of its identity. */
  readonly of: readonly number[];
  /** One endpoint that stands for each identity. */
  readonly representatives: readonly Endpoint[];
  /** What a peer selector says of every identity, computed once per selector. */
  readonly matches: (selector: PeerSelector) => readonly Match[];
  readonly subjects: (selector: SubjectSelector) => readonly boolean[];
}

function identityKey(endpoint: Endpoint): string {
  const ports = endpoint.ports.map(({ name, protocol, port }) => `${name}/${protocol}/${String(port)}`);
  const address = endpoint.kind === "pod" ? [] : [endpoint.fqdn ?? "", endpoint.ip ?? ""];
  return [endpoint.kind, labelsKey(endpoint.labels), ports.sort().join(","), ...address].join("|");
}

export function identitiesOf(world: World): Identities {
  const positions = new Map<string, number>();
  const representatives: Endpoint[] = [];
  const names = fqdnSelectors(world);
  const of = world.endpoints.map((endpoint) => {
    const key = identityKey(endpoint);
    let position = positions.get(key);
    if (position === undefined) {
      positions.set(key, (position = representatives.length));
      representatives.push(hidingAddress(endpoint, names));
    }
    return position;
  });
  const peers = new Map<string, readonly Match[]>();
  const pods = new Map<string, readonly boolean[]>();
  return {
    of,
    representatives,
    matches: (selector) =>
      remembered(peers, selector.key, () => representatives.map((each) => selectsPeer(selector, each))),
    subjects: (selector) =>
      remembered(pods, selector.key, () =>
        representatives.map((each) => each.kind === "pod" && selectsLabels(selector.labels, each.labels)),
      ),
  };
}

function remembered<T>(known: Map<string, T>, key: string, compute: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = compute()));
  return value;
}

function fqdnSelectors(world: World): PeerSelector[] {
  const selectors = new Map<string, PeerSelector>();
  for (const { peers } of world.rules) {
    if (peers.kind === "nobody") continue;
    for (const each of peers.selectors) if (each.kind === "fqdn") selectors.set(each.key, each);
  }
  return [...selectors.values()];
}

/** A name that any policy selects is known by its name only (S16). */
function hidingAddress(endpoint: Endpoint, names: readonly PeerSelector[]): Endpoint {
  if (endpoint.ip === undefined || !names.some((each) => selectsPeer(each, endpoint) === "yes")) return endpoint;
  const { ip, ...rest } = endpoint;
  return rest;
}
