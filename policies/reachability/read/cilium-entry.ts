/**
 * One entry of a Cilium policy's ingress or egress list: peers, ports, ICMP types and authentication.
 */
import type { ExpressionError } from "../judge/expressions.ts";
import type {
  Authentication,
  CiliumVersion,
  Direction,
  Peers,
  PolicyRef,
  PortRule,
  PortScope,
  Rule,
  Service,
} from "../model.ts";
import type { PeerScope, SubjectSelector } from "../select/selectors.ts";
import type { CidrGroups } from "./cidr-groups.ts";
import { readPeers } from "./cilium-peers.ts";
import type { ApiServer } from "./externals.ts";
import type { Fields, Reading } from "./fields.ts";
import { readIcmps } from "./icmp.ts";
import { readPortRules } from "./to-ports.ts";

export interface EntryContext {
  readonly policy: PolicyRef;
  readonly subject: SubjectSelector;
  readonly scope: PeerScope;
  readonly groups: CidrGroups;
  readonly services: readonly Service[];
  readonly apiServer: ApiServer;
  readonly cilium: CiliumVersion;
  readonly expressionError?: ExpressionError;
  readonly direction: Direction;
  readonly action: Rule["action"];
  readonly defaultDeny: Rule["defaultDeny"];
}

export function readEntry(context: EntryContext, entry: unknown, path: string, reading: Reading): Rule {
  const fields = reading.fields(entry, path) ?? {};
  const { policy, subject, direction, action, defaultDeny } = context;
  const { peers, known, certainty } = readPeers(context, fields, path, reading);
  const allowOnly = action === "allow" ? ["authentication"] : [];
  reading.only(fields, path, [...known, ...allowOnly, "toPorts", "icmps"]);
  const scope = readScope(context, fields, path, reading);
  return {
    origin: { policy, path },
    subject,
    direction,
    action,
    defaultDeny,
    peers: whom(peers, scope),
    scope,
    authentication: action === "allow" ? readAuthentication(fields, path, reading) : "unspecified",
    certainty,
    tier: "normal",
  };
}

/** No peer field at all is everyone if there are ports, and nobody if there are none (S17). */
function whom(peers: Peers | "absent", scope: PortScope): Peers {
  if (peers !== "absent") return peers;
  return scope.kind === "listed" ? { kind: "selected", selectors: [] } : { kind: "nobody" };
}

function readScope(context: EntryContext, fields: Fields, path: string, reading: Reading): PortScope {
  const toPorts = reading.list(fields["toPorts"], `${path}.toPorts`) ?? [];
  const icmps = reading.list(fields["icmps"], `${path}.icmps`) ?? [];
  if (toPorts.length > 0 && icmps.length > 0) {
    reading.refuse(`${path}.icmps`, "icmps beside toPorts", "one of the two; write a second entry for the other");
  }
  const rules: PortRule[] = [
    ...readPortRules(context, toPorts, `${path}.toPorts`, reading),
    ...readIcmps(icmps, `${path}.icmps`, reading),
  ];
  return rules.length === 0 ? { kind: "everything" } : { kind: "listed", rules };
}

const modes = ["disabled", "required", "test-always-fail"] as const;

function readAuthentication(fields: Fields, path: string, reading: Reading): Authentication {
  const at = `${path}.authentication`;
  const authentication = reading.fields(fields["authentication"], at);
  if (authentication === undefined) return "unspecified";
  reading.only(authentication, at, ["mode"]);
  const mode = reading.text(authentication["mode"], `${at}.mode`);
  const found = modes.find((each) => each === mode);
  if (found === undefined) {
    const what = `Cilium takes \`${mode ?? ""}\` for no authentication, and the API server does not store it`;
    reading.note("reachability/authentication-mode", `${at}.mode`, what, modes.join(", "));
  }
  return found ?? "unspecified";
}
