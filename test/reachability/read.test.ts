/**
 * What a person is told about manifests that Cilium refuses, or takes for something else.
 */
import assert from "node:assert/strict";

import { formatProblems } from "../../policies/problems.ts";
import { readWorld } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

function problemsOf(spec: Fields, source?: string): string {
  const object = { kind: "CiliumNetworkPolicy", metadata: { name: "p", namespace: "shop" }, spec };
  const manifest = source === undefined ? { object } : { object, source };
  return formatProblems(readWorld({ manifests: [manifest], externals: [] }).problems);
}

const everyone = { endpointSelector: {} };

describe("reading a policy tells", () => {
  it("every refusal at once, with the place in the file", () => {
    const spec = {
      ...everyone,
      egress: [
        { toEndpoints: [{}], toCIDR: ["10.0.0.0/33"] },
        { toPorts: [{ ports: [{ port: "99999" }, { port: 80 }] }] },
      ],
    };
    assert.equal(
      problemsOf(spec, "shop.yaml:3"),
      [
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[0]: combining toEndpoints and toCIDR is not supported yet",
        "  expected one peer field in each entry  [cilium/refused]",
        "",
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[0].toCIDR[0]: `10.0.0.0/33` is no range",
        "  expected a range such as 10.0.0.0/8, or an address  [cilium/refused]",
        "",
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[1].toPorts[0].ports[0].port: `99999` is no port",
        "  expected a number up to 65535 or a port's name, as a text  [cilium/refused]",
        "",
        "shop.yaml:3 › CiliumNetworkPolicy shop/p › spec.egress[1].toPorts[0].ports[1].port: `80` has the wrong type",
        "  expected a text  [cilium/refused]",
      ].join("\n"),
    );
  });

  it("that default deny is an object", () => {
    assert.equal(
      problemsOf({ ...everyone, enableDefaultDeny: true, ingress: [{}] }),
      [
        "CiliumNetworkPolicy shop/p › spec.enableDefaultDeny: `true` has the wrong type",
        "  expected an object  [cilium/refused]",
      ].join("\n"),
    );
  });

  it("a field that Cilium drops while it enforces the rest", () => {
    assert.equal(
      problemsOf({ ...everyone, egressDeny: [{ toFQDNs: [{ matchName: "a.example" }] }] }),
      [
        "CiliumNetworkPolicy shop/p › spec.egressDeny[0].toFQDNs: Cilium does not know this field, drops it and enforces the rest",
        "  expected only fields of the kind",
        "  fix: remove the field, or the rule that depends on it  [cilium/unknown-field]",
      ].join("\n"),
    );
  });

  it("a field whose meaning the manifests do not hold", () => {
    assert.equal(
      problemsOf({ ...everyone, egress: [{ toServices: [{ k8sService: { serviceName: "db" } }] }] }),
      [
        "CiliumNetworkPolicy shop/p › spec.egress[0].toServices[0]: `toServices` is not modelled, so verdicts that depend on it are unknown",
        "  expected a peer that the manifests alone describe  [reachability/not-modelled]",
      ].join("\n"),
    );
  });

  it("nothing about a policy that is as it should be", () => {
    assert.equal(problemsOf({ ...everyone, ingress: [{ fromEndpoints: [{}] }] }), "");
  });
});
