import assert from "node:assert/strict";

import { baseline } from "../policies/baseline/bundle.ts";
import type { Bundle, BundleContext, Manifest } from "../policies/bundle.ts";
import { pod } from "../policies/inventory.ts";
import { prove, type Candidate } from "../policies/prove.ts";
import { formatProblems } from "../policies/problems.ts";
import { silentContext } from "./support/bundle-context.ts";

const context: BundleContext = { ...silentContext, isolatedNamespaces: ["dev"] };
const anywhere: Candidate["apiServer"] = ["on another node", "on the pod's node", "outside the cluster"];

/** A bundle of one policy and nothing of its own to promise. */
function adding(manifest: Manifest): Bundle {
  return {
    name: "added",
    version: "1.0.0",
    promise: "Nothing.",
    needs: () => ({ l7Proxy: false, authentication: false }),
    manifests: () => [manifest],
    promises: () => [],
    examples: () => [],
  };
}

function inDev(name: string, spec: Manifest["spec"]): Manifest {
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name, namespace: "dev" }, spec };
}

function problemsWith(manifest: Manifest): string {
  return formatProblems(prove({ bundles: [baseline, adding(manifest)], context, apiServer: anywhere }).problems);
}

describe("The proof", () => {
  it("holds for the baseline, wherever the API server runs", () => {
    const { results, problems } = prove({ bundles: [baseline], context, apiServer: anywhere });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      results.map(({ kind, text, kept }) => `${kind} ${text}: ${String(kept)}`),
      [
        "must dev/example -> kube-system/coredns UDP 53; TCP 53: true",
        "never dev/example -> kube-system/coredns TCP 9153: true",
        "never dev/example -> world: true",
        "never dev/example -> kube-apiserver: true",
        "never dev/other-example -> dev/example: true",
        "never world -> dev/example: true",
        "must host -> dev/example all ports: true",
      ],
    );
  });

  it("breaks when another bundle opens what one promises closed, the API server of a cloud as well", () => {
    const open = inDev("too-open", { endpointSelector: {}, egress: [{ toEntities: ["world"] }] });
    assert.equal(
      problemsWith(open),
      "bundle baseline, promise 3: `never: dev/example -> world` does not hold: dev/example -> world all ports: allowed\n" +
        "      egress: allowed by cnp dev/too-open spec.egress[0] (S4)\n" +
        "      ingress: world is no pod, so no policy applies (S6)\n" +
        "  expected it to hold, because nothing leaves the cluster  [policies/broken-promise]\n\n" +
        "bundle baseline, promise 4: `never: dev/example -> kube-apiserver` does not hold: " +
        "dev/example -> kube-apiserver all ports: allowed\n" +
        "      egress: allowed by cnp dev/too-open spec.egress[0] (S4)\n" +
        "      ingress: kube-apiserver is no pod, so no policy applies (S6)\n" +
        "  expected it to hold, because an application has no business with the API server  [policies/broken-promise]",
    );
  });

  it("breaks when a deny takes what one promises", () => {
    const deny = inDev("no-dns", {
      endpointSelector: {},
      egressDeny: [{ toPorts: [{ ports: [{ port: "53", protocol: "UDP" }] }] }],
    });
    assert.match(problemsWith(deny), /`must: dev\/example -> kube-system\/coredns UDP 53; TCP 53` does not hold/);
  });

  it("breaks on the one place of the API server where a promise does not hold", () => {
    const remote = inDev("nodes", { endpointSelector: {}, egress: [{ toEntities: ["remote-node"] }] });
    assert.match(problemsWith(remote), /`never: dev\/example -> kube-apiserver` does not hold/);
    const outside = { bundles: [baseline, adding(remote)], context, apiServer: ["outside the cluster"] as const };
    assert.deepEqual(prove(outside).problems, []);
  });

  it("breaks on an object that Cilium refuses, and on a field it drops [S2-20]", () => {
    const refused = inDev("refused", { endpointSelector: {}, egress: [], enableDefaultDeny: true });
    assert.match(problemsWith(refused), /dev\/refused › spec\.enableDefaultDeny: `true` has the wrong type/);
    const dropped = inDev("dropped", {
      endpointSelector: {},
      egressDeny: [{ toFQDNs: [{ matchName: "example.org" }] }],
    });
    assert.match(
      problemsWith(dropped),
      /dev\/dropped › spec\.egressDeny\[0\]\.toFQDNs: Cilium does not know this field/,
    );
  });

  it("breaks on a name that no rule lets Cilium learn", () => {
    const byName = inDev("by-name", {
      endpointSelector: {},
      egress: [{ toFQDNs: [{ matchName: "example.org" }], toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }] }],
    });
    const pod: Manifest = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: "dev", name: "app" },
      spec: { containers: [] },
    };
    const bundle: Bundle = { ...adding(byName), examples: () => [pod] };
    assert.match(
      formatProblems(prove({ bundles: [bundle], context: silentContext, apiServer: ["on another node"] }).problems),
      /reachability\/name-never-learned/,
    );
  });

  it("breaks on what lint says does nothing or locks out, in the words of lint", () => {
    const order = inDev("orders", {
      endpointSelector: {},
      egress: [
        {
          toEntities: ["world"],
          toPorts: [{ ports: [{ port: "443", protocol: "TCP" }], rules: { http: [{ path: "/orders" }] } }],
        },
      ],
    });
    assert.match(
      problemsWith(order),
      new RegExp(
        "CiliumNetworkPolicy dev/orders › spec\\.egress\\[0\\]\\.toPorts\\[0\\]\\.rules\\.http: HTTP rules on port `443`, " +
          "where clients speak TLS: the proxy sees no request in it, so every call fails\\n" +
          "  expected `serverNames` without `rules`, or `terminatingTLS` and `originatingTLS` beside them\\n" +
          "  fix: allow the server by name with `serverNames`, or end TLS with `terminatingTLS` and `originatingTLS`" +
          "  \\[lint/http-on-tls-port\\]",
      ),
    );
  });

  it("breaks on an expression that RE2 does not take, because Cilium refuses the object", () => {
    const path = inDev("path", {
      endpointSelector: {},
      egress: [
        {
          toEntities: ["cluster"],
          toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }], rules: { http: [{ path: "/(?!admin).*" }] } }],
        },
      ],
    });
    assert.match(problemsWith(path), /dev\/path › .*http\[0\]\.path: .*\[cilium\/refused\]/s);
  });

  it("breaks on a deny that cuts the API server off in one of the places where it may run", () => {
    const deny: Manifest = inDev("no-world", {
      endpointSelector: {},
      enableDefaultDeny: { egress: false },
      egressDeny: [{ toEntities: ["world"] }],
    });
    const found = (apiServer: Candidate["apiServer"]): string[] =>
      prove({ bundles: [baseline, adding(deny)], context, apiServer }).problems.map(({ code }) => code);
    assert.deepEqual(found(["on another node"]), []);
    assert.deepEqual(found(anywhere), ["reachability/api-server-denied"]);
  });

  it("breaks on a handshake that the agents cannot do, and not on one that they can", () => {
    const shy = inDev("shy", {
      endpointSelector: {},
      ingress: [{ fromEntities: ["health"], authentication: { mode: "required" } }],
    });
    const found = (meshAuthentication: "on" | "off"): string[] =>
      prove({
        bundles: [baseline, adding(shy)],
        context: { ...context, meshAuthentication },
        apiServer: anywhere,
      }).problems.map(({ code, where }) => `${code} ${where}`);
    assert.deepEqual(found("off"), [
      "lint/authentication-off CiliumNetworkPolicy dev/shy › spec.ingress[0].authentication",
    ]);
    assert.deepEqual(found("on"), []);
  });

  it("breaks on a port of SCTP where the agents drop it, and not where they let it pass", () => {
    const signalling = inDev("signalling", {
      endpointSelector: {},
      ingress: [{ fromEntities: ["health"], toPorts: [{ ports: [{ port: "36412", protocol: "SCTP" }] }] }],
    });
    const found = (sctp: "on" | "off"): string[] =>
      prove({
        bundles: [baseline, adding(signalling)],
        context: { ...context, sctp },
        apiServer: anywhere,
      }).problems.map(({ code, where }) => `${code} ${where}`);
    assert.deepEqual(found("off"), [
      "lint/sctp-off CiliumNetworkPolicy dev/signalling › spec.ingress[0].toPorts[0].ports[0].protocol",
    ]);
    assert.deepEqual(found("on"), []);
  });

  it("warns of what is only seldom meant, once, and is silent where the object says why", () => {
    const guard = inDev("guard", {
      endpointSelector: {},
      egressDeny: [{ toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "uat" } }] }],
    });
    const warned = (manifest: Manifest): string[] => {
      const { problems, warnings } = prove({ bundles: [adding(manifest)], context, apiServer: anywhere });
      assert.deepEqual(problems, []);
      return warnings.map(({ code, where }) => `${code} ${where}`);
    };
    assert.deepEqual(warned(guard), ["lint/deny-isolates CiliumNetworkPolicy dev/guard › spec.egressDeny"]);
    const annotations = { "reach.cilium-platform/allow": "lint/deny-isolates: the namespace is to be closed" };
    assert.deepEqual(warned({ ...guard, metadata: { ...guard.metadata, annotations } }), []);
  });

  it("breaks on a suppression that suppresses nothing, and never lets one accept what Cilium refuses", () => {
    const suppressing = (line: string, spec: Manifest["spec"]): Manifest => {
      const manifest = inDev("accepted", spec);
      return { ...manifest, metadata: { ...manifest.metadata, annotations: { "reach.cilium-platform/allow": line } } };
    };
    const codes = (manifest: Manifest): string[] =>
      prove({ bundles: [adding(manifest)], context, apiServer: anywhere }).problems.map(({ code }) => code);
    assert.deepEqual(codes(suppressing("lint/every-name: any", { endpointSelector: {}, ingress: [{}] })), [
      "lint/unused-suppression",
    ]);
    assert.deepEqual(codes(suppressing("cilium/refused: any", { endpointSelector: {}, enableDefaultDeny: true })), [
      "cilium/refused",
      "cilium/refused",
      "lint/unusable-suppression",
    ]);
  });

  for (const kind of ["must", "never"] as const) {
    it(`never takes an unknown verdict for a kept \`${kind}\`, not even where its cause is accepted`, () => {
      const byGroup = inDev("by-group", {
        endpointSelector: {},
        egress: [{ toGroups: [{ aws: { securityGroupsIds: ["sg-1"] } }] }],
      });
      const annotations = { "reach.cilium-platform/allow": "reachability/not-modelled: a group of our cloud" };
      const accepted = { ...byGroup, metadata: { ...byGroup.metadata, annotations } };
      const line = "dev/example -> 203.0.113.7 TCP 443";
      const bundle: Bundle = {
        ...adding(accepted),
        promises: () => [
          kind === "must" ? { must: line, because: "it is ours" } : { never: line, because: "it is not" },
        ],
      };
      const silent: Bundle = { ...baseline, promises: () => [] };
      const { problems } = prove({ bundles: [silent, bundle], context, apiServer: ["on another node"] });
      assert.deepEqual(
        problems.map(({ code, what }) => `${code}: ${what.split("\n")[0] ?? ""}`),
        [`policies/broken-promise: \`${kind}: ${line}\` does not hold: ${line}: unknown`],
      );
    });
  }

  it("does not take a promise that is none for kept", () => {
    const bundle: Bundle = {
      ...baseline,
      promises: () => [{ must: "dev/example to coredns", because: "it is written" }],
    };
    const { problems } = prove({ bundles: [bundle], context, apiServer: anywhere });
    assert.deepEqual(
      problems.map(({ where, what }) => `${where}: ${what}`),
      ["bundle baseline, promise 1: `dev/example to coredns` names no two ends"],
    );
  });
});

describe("A peer", () => {
  const ports = [{ ports: [{ port: "443", protocol: "TCP" }] }];
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: { selector: { app: "web" }, ports: [{ port: 443, targetPort: 443 }] },
  };
  const examples = [pod("shop", "web", { app: "web" }), service];

  for (const [way, peer, name, other] of [
    [
      "its labels",
      { toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "shop", "k8s:app": "web" } }] },
      "shop/web",
      "world",
    ],
    ["its Service", { toServices: [{ k8sService: { serviceName: "web", namespace: "shop" } }] }, "shop/web", "world"],
    ["an entity", { toEntities: ["kube-apiserver"] }, "kube-apiserver", "shop/web"],
    ["its address", { toCIDR: ["203.0.113.0/24"] }, "203.0.113.0/24", "shop/web"],
    ["its DNS name", { toFQDNs: [{ matchName: "example.org" }] }, "example.org", "shop/web"],
  ] as const) {
    it(`may be named by ${way}, and nobody else is meant [S4-25]`, () => {
      const bundle: Bundle = {
        ...adding(inDev("peer", { endpointSelector: {}, egress: [{ ...peer, toPorts: ports }] })),
        promises: () => [
          { must: `dev/example -> ${name} TCP 443`, because: "it is the peer" },
          { never: `dev/example -> ${name} TCP 80`, because: "it is another port" },
          { never: `dev/example -> ${other} TCP 443`, because: "it is another peer" },
        ],
        examples: () => examples,
      };
      const closed: Bundle = { ...baseline, promises: () => [] };
      const { problems } = prove({ bundles: [closed, bundle], context, apiServer: ["on another node"] });
      assert.equal(formatProblems(problems), "");
    });
  }
});
