/**
 * Protocols: the word in a port entry and the protocols it stands for.
 */
import { protocols, type Protocol } from "../judge/ports.ts";
import type { Reading } from "./fields.ts";

/** Protocols without ports (S33). */
const extended: readonly string[] = ["VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH"];

export function isExtended(text: string): boolean {
  return extended.includes(text.toUpperCase());
}

/** Absent and `ANY` are all three (S20); letters may be of either case, though not for the API server. */
export function readProtocol(text: string, path: string, reading: Reading): readonly Protocol[] {
  const upper = text.toUpperCase();
  if (text !== upper) {
    const what = `Cilium takes \`${text}\` for ${upper}, and the API server does not store it`;
    reading.note("reachability/protocol-spelling", path, what, upper);
  }
  if (upper === "ANY" || upper === "") return protocols;
  const found = protocols.find((each) => each === upper);
  if (found !== undefined) return [found];
  reading.refuse(path, `invalid protocol \`${text}\``, "TCP, UDP, SCTP or ANY");
  return [];
}
