/** Ranges: those that are meant for pods, nodes or Services, which no range covers. */
import { containsCidr, parseCidr, parseCidrOrAddress } from "../reachability/select/cidr.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { fieldsOf, listOf, namesOf, textOf, textsOf, type Entry, type Seen } from "./seen.ts";

/** The blocks that private networks are cut from; whoever denies a whole one means what is inside. */
export const privateBlocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap((text) => parseCidr(text) ?? []);

interface WrittenRange {
  readonly path: string;
  readonly text: string;
}

function rangesOf({ fields, path, direction, policy }: Entry): WrittenRange[] {
  if (policy.kind === "NetworkPolicy") {
    const field = direction === "ingress" ? "from" : "to";
    return listOf(fields, field).flatMap((peer, index) => {
      const text = textOf(fieldsOf(peer, "ipBlock"), "cidr");
      return text === undefined ? [] : [{ path: `${path}.${field}[${String(index)}].ipBlock.cidr`, text }];
    });
  }
  const prefix = direction === "ingress" ? "from" : "to";
  return [
    ...textsOf(fields, `${prefix}CIDR`).map((text, index) => ({
      path: `${path}.${prefix}CIDR[${String(index)}]`,
      text,
    })),
    ...listOf(fields, `${prefix}CIDRSet`).flatMap((each, index) => {
      const text = textOf(each, "cidr");
      return text === undefined ? [] : [{ path: `${path}.${prefix}CIDRSet[${String(index)}].cidr`, text }];
    }),
  ];
}

export const denyOfPodRange: LintRule = {
  code: "lint/deny-of-pod-range",
  severity: "warning",
  finds: "a deny of a whole private block, such as 10.0.0.0/8",
  why: "ranges cover what is outside the cluster only, so no pod and no node is denied",
  fix: "deny pods by `toEndpoints` or the entity `cluster`; keep ranges for networks outside the cluster",
  find: ({ entries }) =>
    entries.flatMap((entry): LintFinding[] => {
      if (entry.action === "allow") return [];
      const whole = rangesOf(entry).filter(({ text }) => {
        const range = parseCidrOrAddress(text);
        return range !== undefined && range.bits > 0 && privateBlocks.some((block) => containsCidr(range, block));
      });
      const [first] = whole;
      if (first === undefined) return [];
      const { direction, rules } = entry;
      const from = direction === "ingress";
      const isolates = rules.some(({ defaultDeny }) => defaultDeny === "switches-on");
      const besides = isolates ? `, and only puts its pods into ${direction} default deny` : "";
      return [
        {
          manifest: entry.manifest,
          path: first.path.replace(/\[\d+\](\.cidr)?$/, ""),
          what: `${whole.map(({ text }) => `\`${text}\``).join(", ")}: ranges cover neither pods nor nodes, so this denies nobody inside the cluster${besides}`,
          expected: `\`${from ? "fromEndpoints" : "toEndpoints"}\` or \`${from ? "fromEntities" : "toEntities"}\` for what is inside the cluster`,
        },
      ];
    }),
};

export const addressInside: LintRule = {
  code: "lint/address-inside",
  severity: "warning",
  finds: "a range that is the address of a Service or pod among the manifests",
  why: "policy sees the pod behind a Service, and pods by their labels, never by an address",
  fix: "use `toEndpoints`, or `toServices`",
  find: (seen) => {
    const inside = addressesInside(seen);
    return seen.entries.flatMap((entry) =>
      rangesOf(entry).flatMap(({ path, text }): LintFinding[] => {
        const owner = inside.get(text.replace(/\/(32|128)$/, ""));
        if (owner === undefined) return [];
        return [
          {
            manifest: entry.manifest,
            path,
            what: `\`${text}\` is the address of ${owner}, and ranges cover nothing inside the cluster`,
            expected: "the labels of the pods",
          },
        ];
      }),
    );
  },
};

function addressesInside({ objects }: Seen): Map<string, string> {
  const of = (kind: string, block: string, field: string): [string, string][] =>
    objects(kind).flatMap(({ object }) => {
      const { namespace, name } = namesOf(object);
      const address = textOf(fieldsOf(object, block), field);
      return address === undefined || address === "None" ? [] : [[address, `${kind} ${namespace}/${name}`]];
    });
  return new Map([...of("Service", "spec", "clusterIP"), ...of("Pod", "status", "podIP")]);
}

/** What a machine finds on its own link is the same in every cluster. */
const linkLocal = ["169.254.0.0/16", "fe80::/10"].flatMap((text) => parseCidr(text) ?? []);

export const literalAddress: LintRule = {
  code: "lint/literal-address",
  severity: "note",
  finds:
    "a range of addresses written into a policy, other than the whole world, a whole private block and link-local ones",
  why: "it is true of one network, and the policy is meant for every cluster: elsewhere it opens or denies somebody else",
  fix: "name a CiliumCIDRGroup with `cidrGroupRef` that each cluster has its own of, or render the range from configuration",
  find: ({ entries }) =>
    entries.flatMap((entry) =>
      rangesOf(entry).flatMap(({ path, text }): LintFinding[] => {
        const range = parseCidrOrAddress(text);
        if (range === undefined || range.bits === 0) return [];
        if (linkLocal.some((own) => containsCidr(own, range))) return [];
        if (privateBlocks.some(({ first, bits }) => range.first === first && range.bits === bits)) return [];
        const what = `\`${text}\` is an address of one network, in a policy that others may run elsewhere`;
        return [
          {
            manifest: entry.manifest,
            path,
            what,
            expected: "`cidrGroupRef`, or a range that comes from configuration",
          },
        ];
      }),
    ),
};

export const gatewayOfEverything: LintRule = {
  code: "lint/gateway-of-everything",
  severity: "note",
  finds: "a CiliumEgressGatewayPolicy for 0.0.0.0/0 without `excludedCIDRs`",
  why: "all that the pods say to the world leaves by the gateway's nodes, which then carry all of it or none",
  fix: "list the ranges that must see the gateway's address",
  find: ({ objects }) =>
    objects("CiliumEgressGatewayPolicy").flatMap((manifest): LintFinding[] => {
      const spec = fieldsOf(manifest.object, "spec");
      const index = textsOf(spec, "destinationCIDRs").findIndex((text) => parseCidr(text)?.bits === 0);
      if (index < 0 || textsOf(spec, "excludedCIDRs").length > 0) return [];
      return [
        {
          manifest,
          path: `spec.destinationCIDRs[${String(index)}]`,
          what: "everything that the pods say to the world leaves by the gateway, not only what needs its address",
          expected: "the ranges that must see the gateway's address",
        },
      ];
    }),
};
