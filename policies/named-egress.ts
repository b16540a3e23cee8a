/**
 * Named egress: a policy that lets workloads reach servers outside the cluster by their names.
 *
 * Cilium learns the addresses behind a name from the DNS answers that pass its proxy; the baseline sends them there.
 */
import type { Manifest } from "./bundle.ts";
import { networkPolicy, selectorOf, tcp, type Workload } from "./edges.ts";

export interface NamedEgress {
  readonly name: string;
  readonly description: string;
  readonly from: Workload;
  /** Exact names. Without any there is no policy: an empty list of names would mean everyone. */
  readonly names: readonly string[];
  /** TCP. */
  readonly ports: readonly number[];
  /** `required`: the TLS handshake must ask for one of the names as well, so an address that is shared opens nothing else. */
  readonly serverName: "required" | "ignored";
}

export function namedEgress({ name, description, from, names, ports, serverName }: NamedEgress): readonly Manifest[] {
  if (names.length === 0) return [];
  return [
    networkPolicy(from.namespace, name, {
      description,
      endpointSelector: selectorOf(from),
      egress: [
        {
          toFQDNs: names.map((matchName) => ({ matchName })),
          toPorts: [{ ports: tcp(ports), ...(serverName === "required" ? { serverNames: names } : {}) }],
        },
      ],
    }),
  ];
}
