/**
 * Peers of a Cilium policy: which of the many from… and to… fields an entry uses, and whom it names.
 */
import { containsCidr, parseCidr, parseCidrOrAddress } from "../select/cidr.ts";
import type { Certainty, CiliumVersion, Peers, Service } from "../model.ts";
import {
  labelPeer,
  selectorKey,
  withImplicitScope,
  withSource,
  type PeerScope,
  type PeerSelector,
} from "../select/selectors.ts";
import { selectGroups, type CidrGroups, type SelectedRanges } from "./cidr-groups.ts";
import type { EntryContext } from "./cilium-entry.ts";
import { readEntity } from "./entities.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { cidrKey } from "./network-policy.ts";
import { noteIgnoredLabels, noteLeak } from "./selector-findings.ts";
import { checkReference, expandServices } from "./services.ts";

interface Found {
  readonly peers: Peers | "absent";
  /** Every peer field that entries of this list may have. */
  readonly known: readonly string[];
  readonly certainty: Certainty;
}

type Reader = (value: unknown, path: string, reading: Reading) => readonly PeerSelector[];

const oneSided = { ingress: "from", egress: "to" } as const;

export function readPeers(context: EntryContext, fields: Fields, path: string, reading: Reading): Found {
  const readers = peerFields(context);
  const prefix = oneSided[context.direction];
  const used: string[] = [];
  const selectors: PeerSelector[] = [];
  let emptied = false;
  for (const [suffix, read] of Object.entries(readers)) {
    const field = `${prefix}${suffix}`;
    const list = reading.list(fields[field], `${path}.${field}`);
    if (list === undefined) continue;
    // An empty list selects nobody; toFQDNs and the expanding fields are as if absent (S17).
    if (list.length === 0) emptied ||= !asIfAbsent.includes(suffix);
    else used.push(field);
    selectors.push(...list.flatMap((each, index) => read(each, `${path}.${field}[${String(index)}]`, reading)));
  }
  if (used.length > 1) {
    reading.refuse(path, `combining ${used.join(" and ")} is not supported yet`, "one peer field in each entry");
  }
  // Gone since 1.19 but for a list of texts that says nothing, so what used to be written there is refused.
  reading.texts(fields[`${prefix}Requires`], `${path}.${prefix}Requires`);
  const known = [...Object.keys(readers), "Requires"].map((suffix) => `${prefix}${suffix}`);
  // Without an agent flag Cilium refuses the whole object, with it the nodes are selected: we know neither (L1).
  const certainty = used.some((field) => field.endsWith("Nodes")) ? "doubtful" : "certain";
  if (emptied) return { peers: { kind: "nobody" }, known, certainty };
  if (used.length === 0) return { peers: "absent", known, certainty };
  if (used.includes("toServices") && selectors.length === 0) {
    if (context.action === "allow") noteNobodyBehind(`${path}.toServices`, reading);
    return { peers: "absent", known, certainty };
  }
  return { peers: { kind: "selected", selectors }, known, certainty };
}

/** The agent then finds no peer to put into the entry, which is as if it named none (S17, S29). */
function noteNobodyBehind(path: string, reading: Reading): void {
  reading.note(
    "reachability/service-without-backends",
    path,
    "nobody stands behind these Services, so Cilium opens the ports of the entry to everyone",
    "a Service with a selector, or with endpoints",
  );
}

const asIfAbsent: readonly string[] = ["FQDNs", "Groups", "Services"];

function peerFields({
  policy,
  scope,
  groups,
  services,
  cilium,
  direction,
  action,
}: EntryContext): Record<string, Reader> {
  return {
    Endpoints: (value, path, reading) => {
      const written = withSource(readLabelSelector(value, path, reading), "any");
      const scoped = withImplicitScope(written, policy.namespace, scope);
      noteIgnoredLabels(written, path, reading);
      noteLeak(written, scoped, path, reading);
      return [labelPeer(scoped)];
    },
    CIDR: readCidr,
    CIDRSet: readCidrRule(groups),
    Entities: readEntity,
    Nodes: (value, path, reading) => {
      readLabelSelector(value, path, reading);
      return unmodelled(`${oneSided[direction]}Nodes`, "anyone")(value, path, reading);
    },
    Groups: (value, path, reading) => {
      checkGroup(value, path, reading);
      return unmodelled(`${oneSided[direction]}Groups`, "world")(value, path, reading);
    },
    ...(direction === "egress" ? { Services: action === "allow" ? readServices(services, scope) : neverDenied } : {}),
    ...(direction === "egress" && action === "allow" ? { FQDNs: readFqdn(cilium) } : {}),
  };
}

function readServices(services: readonly Service[], scope: PeerScope): Reader {
  return (value, path, reading) => {
    const { selectors, certainty } = expandServices(value, services, scope, path, reading);
    if (certainty === "yes") return selectors;
    return [{ kind: "unmodelled", key: `toServices ${JSON.stringify(value)}`, field: "toServices", among: "anyone" }];
  };
}

/** The agent expands toServices in egress lists only (S29). */
const neverDenied: Reader = (value, path, reading) => {
  checkReference(value, path, reading);
  reading.note(
    "reachability/service-never-denied",
    path,
    "Cilium does not expand toServices in egressDeny: with ports the entry denies them to everyone, without it denies nobody",
    "toEndpoints or toCIDR",
  );
  return [];
};

/** What Cilium's decoder asks of a group of a cloud. */
function checkGroup(value: unknown, path: string, reading: Reading): void {
  const aws = reading.fields(reading.fields(value, path)?.["aws"], `${path}.aws`) ?? {};
  reading.labels(aws["labels"], `${path}.aws.labels`);
  for (const key of ["securityGroupsIds", "securityGroupsNames"]) reading.texts(aws[key], `${path}.aws.${key}`);
  reading.text(aws["region"], `${path}.aws.region`);
}

function unmodelled(field: string, among: "anyone" | "world"): Reader {
  return (value, path, reading) => {
    reading.unmodelled(path, field);
    return [{ kind: "unmodelled", key: `${field} ${JSON.stringify(value)}`, field, among }];
  };
}

const readCidr: Reader = (value, path, reading) => {
  const text = reading.text(value, path) ?? "";
  const cidr = parseCidrOrAddress(text);
  if (cidr !== undefined && !text.includes("/")) {
    const what = `\`${text}\` is an address: Cilium takes it, and the API server does not store it`;
    reading.note("reachability/bare-address", path, what, `\`${text}/${String(cidr.bits)}\``);
  }
  if (cidr !== undefined) return [{ kind: "cidr", key: cidrKey(text, []), cidrs: [cidr], except: [] }];
  reading.refuse(path, `\`${text}\` is no range`, "a range such as 10.0.0.0/8, or an address");
  return [];
};

const readCidrRule =
  (groups: CidrGroups): Reader =>
  (value, path, reading) => {
    const fields = reading.fields(value, path) ?? {};
    reading.only(fields, path, ["cidr", "cidrGroupRef", "cidrGroupSelector", "except"]);
    // An empty text says nothing, but a selector that is `null` selects everything, as for Go's decoder.
    const said = (key: string): boolean => fields[key] !== undefined && fields[key] !== null && fields[key] !== "";
    const forms = ["cidr", "cidrGroupRef"].filter(said);
    if (fields["cidrGroupSelector"] !== undefined) forms.push("cidrGroupSelector");
    if (forms.length !== 1) {
      const expected = "one of cidr, cidrGroupRef, cidrGroupSelector";
      reading.refuse(path, `${String(forms.length)} ways to name a range`, expected);
      return [];
    }
    const except = reading.texts(fields["except"], `${path}.except`) ?? [];
    if (forms[0] === "cidr") return readRange(fields["cidr"], except, path, reading);
    if (selectsEveryGroup(fields["cidrGroupSelector"]) && except.length === 0) {
      readLabelSelector(fields["cidrGroupSelector"], `${path}.cidrGroupSelector`, reading);
      noteEveryGroup(path, reading);
      return unmodelled("cidrGroupSelector", "anyone")(value, path, reading);
    }
    const { name, ranges } = readGroups(fields, groups, path, reading);
    // A group that is not among the manifests may well be in the cluster (L1).
    if (ranges === undefined) return unmodelled(forms[0] ?? "", "world")(value, path, reading);
    const ownExcept = except.flatMap((each) => parseCidr(each) ?? []);
    const key = cidrKey(name, except);
    return [{ kind: "cidr", key, cidrs: ranges.cidrs, except: [...ranges.except, ...ownExcept] }];
  };

function selectsEveryGroup(selector: unknown): boolean {
  if (selector === null) return true;
  if (!isFields(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  return (
    (!isFields(matchLabels) || Object.keys(matchLabels).length === 0) &&
    (!Array.isArray(matchExpressions) || matchExpressions.length === 0)
  );
}

/** Cilium tells selectors apart by their text, and an empty one has the text of the selector of everyone (L1). */
function noteEveryGroup(path: string, reading: Reading): void {
  reading.note(
    "reachability/every-group-is-everyone",
    `${path}.cidrGroupSelector`,
    "Cilium mistakes a selector of every group for the selector of everyone, or the other way round",
    "a label that the groups have",
  );
}

/** One group by its name, or all that a selector selects, as the ranges they stand for (S28). */
function readGroups(
  fields: Fields,
  groups: CidrGroups,
  path: string,
  reading: Reading,
): { readonly name: string; readonly ranges: SelectedRanges | undefined } {
  if (fields["cidrGroupSelector"] !== undefined) {
    const selector = readLabelSelector(fields["cidrGroupSelector"], `${path}.cidrGroupSelector`, reading);
    return { name: `groups ${selectorKey(selector)}`, ranges: selectGroups(selector, groups) };
  }
  const name = reading.text(fields["cidrGroupRef"], `${path}.cidrGroupRef`) ?? "";
  const group = groups.get(name);
  return { name: `group ${name}`, ranges: group === undefined ? undefined : { cidrs: group.cidrs, except: [] } };
}

function readRange(value: unknown, written: readonly string[], path: string, reading: Reading): PeerSelector[] {
  const text = reading.text(value, `${path}.cidr`) ?? "";
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    reading.refuse(`${path}.cidr`, `\`${text}\` is no range`, "a range with its length, such as 10.0.0.0/8");
    return [];
  }
  const except = written.flatMap((each, index) => {
    const range = parseCidr(each);
    if (range !== undefined && containsCidr(cidr, range)) return [range];
    reading.refuse(`${path}.except[${String(index)}]`, `\`${each}\` is not inside \`${text}\``, "a range inside it");
    return [];
  });
  return [{ kind: "cidr", key: cidrKey(text, written), cidrs: [cidr], except }];
}

const readFqdn =
  (cilium: CiliumVersion): Reader =>
  (value, path, reading) => {
    const fields = reading.fields(value, path) ?? {};
    reading.only(fields, path, ["matchName", "matchPattern"]);
    const name = reading.text(fields["matchName"], `${path}.matchName`) ?? "";
    const pattern = reading.text(fields["matchPattern"], `${path}.matchPattern`) ?? "";
    if (name !== "" && pattern !== "") {
      reading.refuse(path, "matchName beside matchPattern", "only one of the two");
    }
    if (!/^[-a-zA-Z0-9_.]*$/.test(name) || !/^[-a-zA-Z0-9_.*]*$/.test(pattern) || pattern.trim().length > 255) {
      reading.refuse(
        path,
        `\`${name}${pattern}\` is no DNS name`,
        "letters, digits, `-`, `_` and `.`; `*` in a pattern",
      );
    }
    // Name and pattern share one label of the identity, so the same text is the same peer.
    const meant = cilium === "1.18" ? withinLabels(pattern) : pattern;
    return [{ kind: "fqdn", key: `fqdn ${name} ${pattern}`, pattern: name === "" ? meant : name }];
  };

/** Cilium 1.18 knows no `**.`: two wildcards are one, and stay inside one label (S15). */
function withinLabels(pattern: string): string {
  return pattern.replaceAll(/\*+/g, "*");
}
