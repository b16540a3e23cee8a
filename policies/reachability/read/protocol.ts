/**
 * Protocols: the word in a port entry and the protocols it stands for.
 */
import { protocols, type Protocol } from "../ports.ts";
import type { Reading } from "./fields.ts";

/** Protocols without ports, which need an agent flag that none of our clusters sets. */
const extended: readonly string[] = ["VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH"];

/** Absent and `ANY` are all three (S20); letters may be of either case. */
export function readProtocol(text: string, path: string, reading: Reading): readonly Protocol[] {
  const upper = text.toUpperCase();
  if (upper === "ANY" || upper === "") return protocols;
  const found = protocols.find((each) => each === upper);
  if (found !== undefined) return [found];
  if (extended.includes(upper)) reading.unmodelled(path, `protocol ${upper}`);
  else reading.refuse(path, `invalid protocol \`${text}\``, "TCP, UDP, SCTP or ANY");
  return [];
}
