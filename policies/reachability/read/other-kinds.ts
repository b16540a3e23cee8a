/**
 * Other kinds: objects that look as if they governed connections, and what becomes of them here (L10).
 *
 * None of them changes a verdict. They are told all the same, because their author may think that they do.
 */
import type { CiliumVersion } from "../model.ts";
import type { Fields, Reading } from "./fields.ts";

/** Kinds that Cilium does not know, or that decide something else than whether a connection is possible. */
const besides: ReadonlyMap<string, string> = new Map([
  ["AdminNetworkPolicy", "Cilium does not know this kind"],
  ["BaselineAdminNetworkPolicy", "Cilium does not know this kind"],
  ["CiliumEgressGatewayPolicy", "this kind decides from which address a connection leaves, not whether it may"],
  ["CiliumLocalRedirectPolicy", "this kind sends connections to another pod, and verdicts do not follow it"],
  ["CiliumEnvoyConfig", "what a listener lets pass is not known here"],
  ["CiliumClusterwideEnvoyConfig", "what a listener lets pass is not known here"],
]);

/** Kinds of other products that enforce for themselves. */
const enforcedElsewhere =
  /(NetworkPolicy|^AuthorizationPolicy|^PeerAuthentication|^ServerAuthorization|^EgressFirewall)$/;

/** API groups of other products, in which common kind names mean something else. */
const elsewhere = /(^|\.)(projectcalico\.org|istio\.io|linkerd\.io|antrea\.io|ovn\.org|hashicorp\.com)\//;

/** The kind by which an object is read: none if its group is another product's. */
export function kindOf(object: Fields): string {
  const { kind, apiVersion } = textsOf(object);
  return elsewhere.test(apiVersion) ? "" : kind;
}

function textsOf(object: Fields): { readonly kind: string; readonly apiVersion: string } {
  const text = (key: string): string => (typeof object[key] === "string" ? object[key] : "");
  return { kind: text("kind"), apiVersion: text("apiVersion") };
}

/** Notes an object that changes no verdict although it looks as if it did. Those that do are read elsewhere. */
export function noteOtherKind(object: Fields, cilium: CiliumVersion, reading: Reading): void {
  const { kind } = textsOf(object);
  const reason = kindOf(object) === "" ? undefined : withoutEffect(kind, cilium);
  if (reason === undefined && !enforcedElsewhere.test(kind)) return;
  const expected = "NetworkPolicy, CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy for what Cilium is to enforce";
  const what = reason ?? "this kind is enforced, if at all, by something else than Cilium";
  reading.note("reachability/kind-without-effect", "kind", `${what}, so no verdict depends on it`, expected);
}

function withoutEffect(kind: string, cilium: CiliumVersion): string | undefined {
  if (kind === "ClusterNetworkPolicy") return `Cilium ${cilium} does not know this kind`;
  return besides.get(kind);
}
