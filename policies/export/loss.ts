/** Loss: what a policy says and a NetworkPolicy cannot, and what became of it. */
import { originText } from "../reachability/explain.ts";
import type { Origin } from "../reachability/model.ts";
import { remembered } from "../reachability/pairs/remembered.ts";

/**
 * `closes`: left out, so that connections may be lost. `guards less`: the same connections today, and less of a guard
 * against what comes later or goes through them.
 */
export type Effect = "closes" | "guards less";

export interface Loss {
  /** Stable, `export/…`; what it means stands in {@link lossCodes}. */
  readonly code: LossCode;
  readonly origin: Origin;
  readonly effect: Effect;
  /** Which names, entities or fields, where the code does not say it. */
  readonly details: readonly string[];
}

/** Each thing that there is no word for. */
export const lossCodes = {
  "export/http": "HTTP rules: the port is left out, because open it would let every request pass",
  "export/dns-names": "DNS rules for some names: left out, because open the port would let every question pass",
  "export/proxy":
    "a proxy that lets every request pass: the port is open without it, to the same requests and to what is no request",
  "export/tls": "server names or TLS inspection: the port is left out, because open it would let every name pass",
  "export/listener": "a listener of Envoy: the port is left out",
  "export/names": "toFQDNs: left out, because an address stands for no name",
  "export/entities":
    "entities that are nodes or the API server: left out, because no label and no fixed address is theirs",
  "export/service-accounts": "service accounts: left out, because only labels select pods",
  "export/authentication": "a handshake before the connection: left out, because it would be open without one",
  "export/icmp": "ICMP types: left out, because only TCP, UDP and SCTP can be named",
  "export/port-range": "a range that begins at a named port: the named port alone is left",
  "export/not-modelled": "a field whose peers the manifests do not tell: left out",
  "export/inside":
    "addresses that pods or nodes of the other cluster may have: taken out, because there a range covers them too",
  "export/ipv6": "IPv6 addresses: left out, because no range says which of them pods have",
  "export/deny":
    "a deny: what it takes from today's allows is taken out of them, and a policy made later can allow it again",
  "export/beside-deny":
    "what a deny takes along: nodes, ICMP or named ports that can only be allowed together with what it denies",
  "export/denied-while-open":
    "a deny of pods that nothing isolates: they are isolated, and what it leaves is allowed to them",
  "export/too-many-denies": "an allow that too many denies cut into pieces: left out",
  "export/clusterwide": "every namespace there will be: only those of today are covered",
  "export/default-deny-off": "an allow that isolates nobody: written for pods that something else isolates today",
} as const;

export type LossCode = keyof typeof lossCodes;

const guardsLess: readonly LossCode[] = ["export/proxy", "export/deny", "export/clusterwide"];

export function effectOf(code: LossCode): Effect {
  return guardsLess.includes(code) ? "guards less" : "closes";
}

/** Each once, in the order in which they were found. */
export class Losses {
  readonly #found = new Map<string, Loss & { details: string[] }>();

  add(code: LossCode, origin: Origin, ...details: readonly string[]): void {
    const key = `${code} ${originText(origin)}`;
    const loss = remembered(this.#found, key, () => ({ code, origin, effect: effectOf(code), details: [] }));
    loss.details.push(...details.filter((each) => !loss.details.includes(each)));
  }

  all(): readonly Loss[] {
    return [...this.#found.values()];
  }
}

/** `cnp dev/api spec.egress[0] (api.example.com)`. */
export function lossPlace({ origin, details }: Loss): string {
  return details.length === 0 ? originText(origin) : `${originText(origin)} (${details.join(", ")})`;
}
