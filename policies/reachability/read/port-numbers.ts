/**
 * Port numbers: what the API server would not store, or what Cilium takes for something else (S18, S32).
 *
 * The engine evaluates such an entry as Cilium decodes it; the finding says that it is not what its author wrote.
 */
import { highestPort } from "../judge/ports.ts";
import type { Reading } from "./fields.ts";

/** `path` is that of the port entry. */
export function checkEndPort(first: number, endPort: number, path: string, reading: Reading): void {
  const written = `\`${String(endPort)}\``;
  if (endPort < 0 || endPort > highestPort) {
    reading.note("reachability/port-out-of-range", `${path}.endPort`, `${written} is no port`, "1 to 65535");
  } else if (endPort > 0 && endPort < first) {
    const what = `${written} is below \`${String(first)}\`, so Cilium ignores it and the entry is that one port`;
    reading.note("reachability/port-range-backwards", `${path}.endPort`, what, "an endPort at or above the port");
  }
}

/** A NetworkPolicy's number, which Cilium does not look at again. */
export function checkNumber(written: string, path: string, reading: Reading): void {
  const number = Number(written);
  if (number === 0) {
    const what = "Cilium takes port 0 for every port, and the API server does not store it";
    reading.note("reachability/port-zero", `${path}.port`, what, "a port, or no \`port\` for every port");
  } else if (!(number > 0 && number <= highestPort)) {
    reading.note("reachability/port-out-of-range", `${path}.port`, `\`${written}\` is no port`, "1 to 65535");
  }
}
