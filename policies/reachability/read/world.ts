/**
 * World: a pile of manifests and externals, read into what a verdict depends on.
 */
import type { Problem } from "../../problems.ts";
import type { CiliumVersion, Endpoint, Names, PolicyKind, PolicyRef, Rule, Service, World } from "../model.ts";
import { distinctPeers } from "../select/distinct-peers.ts";
import type { ExpressionError } from "../judge/expressions.ts";
import { neverLearned } from "../judge/learned-names.ts";
import { prepare } from "../judge/prepared.ts";
import { remembered } from "../pairs/remembered.ts";
import type { PeerScope, PeerSelector } from "../select/selectors.ts";
import { readCidrGroup, type CidrGroups } from "./cidr-groups.ts";
import { readCiliumPolicy, type Given, type PolicyRules } from "./cilium-policy.ts";
import { readClusterNetworkPolicy } from "./cluster-network-policy.ts";
import { withExternals, type ApiServer, type External } from "./externals.ts";
import { isFields, Reading, type Fields, type Manifest } from "./fields.ts";
import { readNetworkPolicy } from "./network-policy.ts";
import { kindOf, noteOtherKind } from "./other-kinds.ts";
import { readAddresses, readService, type ServiceAddresses } from "./services.ts";
import { isClusterwide, policyKindOf } from "./policy-objects.ts";
import { isWorkload, readWorkload } from "./workloads.ts";

export interface WorldInput {
  readonly manifests: readonly Manifest[];
  readonly externals: readonly External[];
  /** `on another node` unless said otherwise: a cluster of several nodes that runs its own control plane. */
  readonly apiServer?: ApiServer;
  /** `1.20` unless said otherwise: the one we pin. */
  readonly cilium?: CiliumVersion;
  /** What the chart of the version says, unless said otherwise (S11). */
  readonly peerScope?: PeerScope;
  /** `known` unless said otherwise: a raw verdict. What is reported to a person takes names `as learned` (S31). */
  readonly names?: Names;
  /** Judges the regular expressions of HTTP rules; without it they are taken as written (L2). */
  readonly expressionError?: ExpressionError;
}

export interface ReadWorld {
  readonly world: World;
  /** What Cilium refuses, drops or ignores, and what we do not model. Refused objects have no rules (S25). */
  readonly problems: readonly Problem[];
}

/** Before 1.20 Cilium does not know ClusterNetworkPolicy (L9). */
function readAsPolicy(kind: string, cilium: CiliumVersion): PolicyKind | undefined {
  return kind === "ClusterNetworkPolicy" && cilium === "1.20" ? kind : policyKindOf(kind);
}

/** Pods come before externals, each in the order given. */
export function readWorld(input: WorldInput): ReadWorld {
  const problems: Problem[] = [];
  const cilium = input.cilium ?? "1.20";
  // What the chart of each version says (S11).
  const peerScope = input.peerScope ?? (cilium === "1.18" ? "any cluster" : "local cluster");
  const manifests = input.manifests.map((manifest) => ({ manifest, kind: kindOf(manifest.object) }));
  const { namespaces, groups, services } = readReferred(manifests, problems);
  const given = {
    scope: peerScope,
    groups,
    services,
    cilium,
    apiServer: input.apiServer ?? "on another node",
    ...(input.expressionError === undefined ? {} : { expressionError: input.expressionError }),
  };
  const namespaceLabels = new Map<string, ReadonlyMap<string, string>>();
  const labelsIn = (name: string): ReadonlyMap<string, string> =>
    remembered(namespaceLabels, name, () => labelsOf(name, namespaces));
  const pods: Endpoint[] = [];
  const onNodes: Endpoint[] = [];
  const rules: Rule[] = [];
  const hostRules: World["hostRules"][number][] = [];
  for (const { manifest, kind } of manifests) {
    const { object } = manifest;
    const reading = new Reading(() => placeOf(manifest));
    if (isWorkload(kind)) {
      const { endpoint, network } = readWorkload(object, kind, labelsIn, reading);
      (network === "its own" ? pods : onNodes).push(endpoint);
    }
    const policyKind = readAsPolicy(kind, cilium);
    if (policyKind === undefined) noteOtherKind(object, cilium, reading);
    else {
      const read = readPolicy(policyKind, object, given, reading);
      rules.push(...read.rules);
      hostRules.push(...read.hostRules);
    }
    problems.push(...reading.problems);
  }
  const read: World = {
    cilium,
    names: input.names ?? "known",
    endpoints: pods,
    onNodes,
    rules,
    services,
    hostRules,
    groups: [...groups.values()].flatMap(({ cidrs }) => cidrs),
  };
  const world = withExternals(read, input.externals, input.apiServer);
  if (world.names === "as learned") problems.push(...namesNeverLearned(world, input.manifests));
  return { world, problems };
}

function metadataOf(object: Fields): Fields {
  return isFields(object["metadata"]) ? object["metadata"] : {};
}

/** `policies/dns.yaml:12 › CiliumNetworkPolicy dev/dns`, without the file where there is none. */
export function placeOf(manifest: Manifest): string {
  const place = placeWithoutSource(manifest);
  return manifest.source === undefined ? place : `${manifest.source} › ${place}`;
}

function placeWithoutSource({ object }: Manifest): string {
  const { namespace, name } = metadataOf(object);
  const kind = typeof object["kind"] === "string" ? object["kind"] : "";
  return [kind, [namespace, name].filter((each) => typeof each === "string").join("/")].join(" ");
}

/** What policies refer to, so it is read before them. */
interface Referred {
  readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly groups: CidrGroups;
  readonly services: readonly Service[];
}

/** A manifest and the kind by which it is read, which is asked for again and again. */
interface Kinded {
  readonly manifest: Manifest;
  readonly kind: string;
}

function readReferred(manifests: readonly Kinded[], problems: Problem[]): Referred {
  return {
    namespaces: readNamespaces(manifests, problems),
    groups: readCidrGroups(manifests, problems),
    services: readServices(manifests, problems),
  };
}

function readServices(manifests: readonly Kinded[], problems: Problem[]): Service[] {
  const addresses: ServiceAddresses = new Map();
  const each = <T>(wanted: readonly string[], read: (object: Fields, reading: Reading) => T): T[] =>
    manifests
      .filter(({ kind }) => wanted.includes(kind))
      .map(({ manifest }) => {
        const reading = new Reading(() => placeOf(manifest));
        const found = read(manifest.object, reading);
        problems.push(...reading.problems);
        return found;
      });
  each(["Endpoints", "EndpointSlice"], (object, reading) => {
    readAddresses(object, addresses, reading);
  });
  return each(["Service"], (object, reading) => readService(object, addresses, reading));
}

function readNamespaces(manifests: readonly Kinded[], problems: Problem[]): Map<string, ReadonlyMap<string, string>> {
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const { manifest, kind } of manifests) {
    if (kind !== "Namespace") continue;
    const reading = new Reading(() => placeOf(manifest));
    const metadata = metadataOf(manifest.object);
    const name = reading.text(metadata["name"], "metadata.name") ?? "";
    found.set(name, reading.labels(metadata["labels"], "metadata.labels"));
    problems.push(...reading.problems);
  }
  return found;
}

function readCidrGroups(manifests: readonly Kinded[], problems: Problem[]): CidrGroups {
  return new Map(
    manifests
      .filter(({ kind }) => kind === "CiliumCIDRGroup")
      .map(({ manifest }) => {
        const reading = new Reading(() => placeOf(manifest));
        const group = readCidrGroup(manifest.object, reading);
        problems.push(...reading.problems);
        return group;
      }),
  );
}

/** The API server gives every namespace its name as a label. */
function labelsOf(name: string, namespaces: ReadonlyMap<string, ReadonlyMap<string, string>>): Map<string, string> {
  return new Map([...(namespaces.get(name) ?? []), ["kubernetes.io/metadata.name", name]]);
}

/** The rules of one policy; none if Cilium refuses it (S25), doubtful ones if a field of it decides that (L1). */
function readPolicy(kind: PolicyKind, object: Fields, given: Given, reading: Reading): PolicyRules {
  const policy = readRef(kind, object, reading);
  const { scope, cilium } = given;
  if (kind === "NetworkPolicy") {
    const spec = reading.fields(object["spec"], "spec") ?? {};
    const rules = readNetworkPolicy(policy, spec, { scope, cilium }, reading);
    return reading.refused ? nothing : { ...nothing, rules };
  }
  if (kind === "ClusterNetworkPolicy") {
    const spec = reading.fields(object["spec"], "spec") ?? {};
    return { ...nothing, rules: readClusterNetworkPolicy(policy, spec, scope, reading) };
  }
  const { rules, hostRules } = readCiliumPolicy(policy, object, given, reading);
  if (reading.refused) return nothing;
  const doubtful = reading.doubtful || rules.some(({ certainty }) => certainty === "doubtful");
  return { rules: doubtful ? rules.map((rule) => ({ ...rule, certainty: "doubtful" })) : rules, hostRules };
}

const nothing: PolicyRules = { rules: [], hostRules: [] };

/** One problem for each toFQDNs field that is of no use to some pod (S31). */
function namesNeverLearned(world: World, manifests: readonly Manifest[]): Problem[] {
  // Most worlds of NetworkPolicies name nobody, and preparing a world takes long.
  if (!distinctPeers(world.rules).some((peers) => peers.kind === "selected" && peers.selectors.some(isName))) return [];
  const found = neverLearned(prepare(world));
  if (found.length === 0) return [];
  const places = new Map(manifests.map((manifest) => [placeWithoutSource(manifest), placeOf(manifest)]));
  return found.map(({ origin: { policy, path }, index, pattern, pods }) => {
    const named = `${policy.kind} ${policy.namespace === undefined ? "" : `${policy.namespace}/`}${policy.name}`;
    const others = pods.length > 1 ? ` and ${String(pods.length - 1)} more` : "";
    return {
      code: "reachability/name-never-learned",
      where: `${places.get(named) ?? named} › ${path}.toFQDNs[${String(index)}]`,
      what: `Cilium never learns the addresses of \`${pattern}\` for ${pods[0] ?? ""}${others}, so what the field allows is unknown`,
      expected: `an egress rule of the same pods with \`rules.dns\` for \`${pattern}\`, to port 53 of the DNS service`,
    };
  });
}

function isName({ kind }: PeerSelector): boolean {
  return kind === "fqdn";
}

function readRef(kind: PolicyKind, object: Fields, reading: Reading): PolicyRef {
  const metadata = metadataOf(object);
  const name = reading.text(metadata["name"], "metadata.name") ?? "";
  if (isClusterwide(kind)) return { kind, name };
  return { kind, namespace: reading.text(metadata["namespace"], "metadata.namespace") ?? "default", name };
}
