/**
 * The door: what the API server would not store, what Cilium takes for something else, and what selects somebody else.
 */
import assert from "node:assert/strict";

import { needsExpressionCheck, readWorld, type WorldInput } from "../../policies/reachability/index.ts";
import { re2Error } from "../../policies/reachability/judge/re2.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

const cnp = (spec: Fields): Fields => ({
  kind: "CiliumNetworkPolicy",
  metadata: { namespace: "shop", name: "p" },
  spec: { endpointSelector: {}, ...spec },
});
const knp = (spec: Fields): Fields => ({
  kind: "NetworkPolicy",
  metadata: { namespace: "shop", name: "p" },
  spec: { podSelector: {}, ...spec },
});
const ccnp = (spec: Fields): Fields => ({ kind: "CiliumClusterwideNetworkPolicy", metadata: { name: "p" }, spec });

/** `code path: what` of every finding. */
function findings(object: Fields, more: Partial<WorldInput> = {}): string[] {
  const { problems } = readWorld({ manifests: [{ object }], externals: [], ...more });
  return problems.map(({ code, where, what }) => `${code} ${where.split(" › ").at(-1) ?? ""}: ${what}`);
}

const ports = (...list: readonly Fields[]): Fields => cnp({ egress: [{ toPorts: [{ ports: list }] }] });
const http = (rule: Fields): Fields =>
  cnp({ egress: [{ toPorts: [{ ports: [{ port: "80", protocol: "TCP" }], rules: { http: [rule] } }] }] });

describe("the door", () => {
  it("tells ports that are none, or not the range they seem", () => {
    assert.deepEqual(findings(ports({ port: "8080", endPort: 90 }, { port: "1", endPort: 70000 })), [
      "reachability/port-range-backwards spec.egress[0].toPorts[0].ports[0].endPort: `90` is below `8080`, so Cilium ignores it and the entry is that one port",
      "reachability/port-out-of-range spec.egress[0].toPorts[0].ports[1].endPort: `70000` is no port",
    ]);
    const list = [{ port: 808000, endPort: 8500 }, { port: 0 }, { port: 443 }, {}];
    assert.deepEqual(findings(knp({ ingress: [{ ports: list }] })), [
      "reachability/port-out-of-range spec.ingress[0].ports[0].port: `808000` is no port",
      "reachability/port-range-backwards spec.ingress[0].ports[0].endPort: `8500` is below `65535`, so Cilium ignores it and the entry is that one port",
      "reachability/port-zero spec.ingress[0].ports[1].port: Cilium takes port 0 for every port, and the API server does not store it",
    ]);
  });

  it("tells what a NetworkPolicy says and Cilium takes otherwise than Kubernetes", () => {
    const peer = { ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} };
    assert.deepEqual(findings(knp({ policyTypes: ["Ingress"], egress: [{ to: [peer] }] })), [
      "reachability/selector-beside-block spec.egress[0].to[0]: Cilium takes the ipBlock and drops the selectors beside it, and the API server does not store them",
      "reachability/policy-types-ignored spec.egress: policyTypes leaves Egress out, and Cilium enforces these rules all the same",
    ]);
  });

  it("tells words that only Cilium reads", () => {
    assert.deepEqual(findings(ports({ port: "80", protocol: "tcp" })), [
      "reachability/protocol-spelling spec.egress[0].toPorts[0].ports[0].protocol: Cilium takes `tcp` for TCP, and the API server does not store it",
    ]);
    assert.deepEqual(findings(cnp({ egress: [{ toEndpoints: [{}], authentication: { mode: "bogus" } }] })), [
      "reachability/authentication-mode spec.egress[0].authentication.mode: Cilium takes `bogus` for no authentication, and the API server does not store it",
    ]);
    assert.deepEqual(findings(cnp({ egress: [{ toCIDR: ["8.8.8.8"] }] })), [
      "reachability/bare-address spec.egress[0].toCIDR[0]: `8.8.8.8` is an address: Cilium takes it, and the API server does not store it",
    ]);
    assert.deepEqual(findings(ports({ port: 80, protocol: "TCP" })), [
      "cilium/refused spec.egress[0].toPorts[0].ports[0].port: `80` has the wrong type",
    ]);
  });

  it("tells protocols without ports", () => {
    assert.deepEqual(
      findings(ports({ port: "0", protocol: "VRRP" }, { protocol: "GRE" }, { port: "80", protocol: "ESP" })),
      [
        "reachability/not-modelled spec.egress[0].toPorts[0].ports[0].protocol: `protocol VRRP` changes no verdict: they are about TCP, UDP, SCTP and ICMP",
        "reachability/not-modelled spec.egress[0].toPorts[0].ports[1].protocol: Cilium refuses protocol GRE without a port unless `enable-extended-ip-protocols` is set, so verdicts that depend on the object are unknown",
        "cilium/refused spec.egress[0].toPorts[0].ports[2].port: port must be empty or 0",
      ],
    );
  });

  it("tells a selector on a label that no identity has", () => {
    const spec = {
      endpointSelector: { matchLabels: { "pod-template-hash": "x" } },
      ingress: [
        {
          fromEndpoints: [
            { matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "DoesNotExist" }] },
            { matchLabels: { "app.kubernetes.io/name": "web", "k8s:io.kubernetes.pod.namespace": "shop" } },
          ],
        },
      ],
    };
    assert.deepEqual(findings(cnp(spec)), [
      "reachability/label-ignored spec.endpointSelector.matchLabels.pod-template-hash: Cilium keeps the label `pod-template-hash` out of identities, so this selects no pod",
      "reachability/label-ignored spec.ingress[0].fromEndpoints[0].matchExpressions[0]: Cilium keeps the label `topology.kubernetes.io/zone` out of identities, so this selects every pod",
    ]);
    const peer = { podSelector: { matchLabels: { "statefulset.kubernetes.io/pod-name": "db-0" } } };
    assert.deepEqual(findings(knp({ ingress: [{ from: [peer] }] })), [
      "reachability/label-ignored spec.ingress[0].from[0].podSelector.matchLabels.statefulset.kubernetes.io/pod-name: Cilium keeps the label `statefulset.kubernetes.io/pod-name` out of identities, so this selects no pod",
    ]);
  });

  it("tells a selector of every namespace but one that takes the world in", () => {
    const but = { matchExpressions: [{ key: "k8s:io.kubernetes.pod.namespace", operator: "NotIn", values: ["shop"] }] };
    const leaking = cnp({ ingress: [{ fromEndpoints: [but] }] });
    assert.deepEqual(findings(leaking, { peerScope: "any cluster" }), [
      "reachability/namespace-leak spec.ingress[0].fromEndpoints[0]: this selects everything without that label, the world and the nodes included",
    ]);
    assert.deepEqual(findings(leaking), []);
  });

  it("tells a deny of the world that cuts pods off from an API server outside", () => {
    const all = ccnp({ endpointSelector: {}, egressDeny: [{ toCIDR: ["0.0.0.0/0"] }, { toCIDR: ["10.0.0.0/8"] }] });
    assert.deepEqual(findings(all, { apiServer: "outside the cluster" }), [
      "reachability/api-server-denied spec.egressDeny[0]: the API server is outside the cluster, so this deny of the world cuts the pods off from it",
    ]);
    assert.deepEqual(findings(all), []);
  });

  it("tells a host policy, and that the same is refused in a namespace", () => {
    assert.deepEqual(findings(ccnp({ nodeSelector: {}, ingress: [{}] })), [
      "reachability/host-policy spec.nodeSelector: a host policy governs nodes, if the host firewall is on, so what it lets pass to or from them is unknown",
    ]);
    assert.deepEqual(findings({ ...cnp({}), spec: { nodeSelector: {}, ingress: [{}] } }), [
      "cilium/refused spec.nodeSelector: a rule cannot have nodeSelector here",
    ]);
  });

  it("tells Services that Cilium does not expand, or behind which nobody stands", () => {
    const alias = { kind: "Service", metadata: { namespace: "shop", name: "alias" }, spec: { type: "ExternalName" } };
    const to = { toServices: [{ k8sService: { serviceName: "alias", namespace: "shop" } }] };
    const manifests = [{ object: alias }, { object: cnp({ egress: [to], egressDeny: [to] }) }];
    assert.deepEqual(
      readWorld({ manifests, externals: [] }).problems.map(({ code, what }) => `${code}: ${what}`),
      [
        "reachability/service-without-backends: nobody stands behind these Services, so Cilium opens the ports of the entry to everyone",
        "reachability/service-never-denied: Cilium does not expand toServices in egressDeny: with ports the entry denies them to everyone, without it denies nobody",
      ],
    );
  });

  it("checks regular expressions as RE2 where it is asked to", () => {
    const rule = { method: "GET", path: "/api/(?!admin)", host: "(" };
    assert.deepEqual(findings(http(rule)), []);
    assert.deepEqual(findings(http(rule), { expressionError: re2Error }), [
      "cilium/refused spec.egress[0].toPorts[0].rules.http[0].path: `/api/(?!admin)` is no regular expression: error parsing regexp: invalid or unsupported Perl syntax: `(?!`",
      "reachability/host-expression spec.egress[0].toPorts[0].rules.http[0].host: `(` is no regular expression: error parsing regexp: missing closing ): `(`",
    ]);
    assert.deepEqual(findings(http({ path: "/v[0-9]+/(?P<id>[[:alpha:]]*)" }), { expressionError: re2Error }), []);
  });

  it("asks for that check only where an expression is not plain", () => {
    const asked = (object: Fields): boolean => needsExpressionCheck([{ object }]);
    assert.equal(asked(http({ method: "GET", path: "/api/v1.0/.*", host: "shop.example" })), false);
    assert.equal(asked(http({ path: "/api/[a-z]" })), true);
    assert.equal(asked({ kind: "ConfigMap", data: { path: "(" } }), false);
  });

  it("refuses headers and names that Cilium refuses", () => {
    assert.deepEqual(findings(http({ headerMatches: [{ name: "", mismatch: "DROP", secret: { name: "" } }] })), [
      "cilium/refused spec.egress[0].toPorts[0].rules.http[0].headerMatches[0].name: header name missing",
      "cilium/refused spec.egress[0].toPorts[0].rules.http[0].headerMatches[0].mismatch: invalid header action: `DROP`",
      "cilium/refused spec.egress[0].toPorts[0].rules.http[0].headerMatches[0].secret.name: secret name missing",
    ]);
    const dns = { toPorts: [{ ports: [{ port: "53" }], rules: { dns: [{ matchName: "a b" }] } }] };
    assert.deepEqual(findings(cnp({ egress: [dns] })), [
      "cilium/refused spec.egress[0].toPorts[0].rules.dns[0]: `a b` is no DNS name",
    ]);
  });
});
