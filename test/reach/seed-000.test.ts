/**
 * A published bundle for API Management and OpenAI that looks careful and locks everything out: the verdicts that Cilium's
 * own engine gave for it, and what lint must say about it.
 */
import assert from "node:assert/strict";

import { compareAt, type Question } from "../../policies/reachability/diff.ts";
import type { CiliumVersion, World } from "../../policies/reachability/model.ts";
import { decide } from "../../policies/reachability/verdict.ts";
import { lint } from "../../reach/index.ts";
import { readScenario } from "../../reach/scenario.ts";
import { usual } from "../../reach/surroundings.ts";

const bundle = "test/fixtures/reach/seeds/000-apim-openai";

const outside = [
  { name: "my.azure-api.net", fqdn: "my.azure-api.net", ip: "192.0.2.1" },
  { name: "x.openai.azure.com", fqdn: "x.openai.azure.com", ip: "192.0.2.2" },
  { name: "kv.vault.azure.net", fqdn: "kv.vault.azure.net", ip: "192.0.2.3" },
  { name: "bad.onion", fqdn: "bad.onion", ip: "192.0.2.4" },
  { name: "168.63.129.16", ip: "168.63.129.16" },
  { name: "host", entity: "host" },
  { name: "kube-apiserver", entity: "kube-apiserver" },
] as const;

const inDefault = ["backend", "ai", "frontend", "apim-gw", "svc", "isolated"].map((name) => `default/${name}`);
const pods = [...inDefault, "kube-system/coredns", "monitoring/prometheus"];
const probes = ["TCP 443", "TCP 8080", "TCP 22", "TCP 9090", "UDP 53"];

/** Raw verdicts: names count as known, whether or not a rule lets Cilium learn them. */
async function worldOf(cilium: CiliumVersion = "1.20"): Promise<World> {
  const { world } = await readScenario([bundle], { ...usual, cilium, names: "known", externals: outside });
  return world;
}

function question(from: string, to: string, probe: string): Question {
  const [protocol = "", port = ""] = probe.split(" ");
  return { from, to, protocol: protocol === "UDP" ? "UDP" : "TCP", port: Number(port) };
}

/** `denied by egress`, for example. */
function answer(world: World, { from, to, protocol, port }: Question): string {
  const at = (name: string): number => world.endpoints.findIndex((endpoint) => endpoint.name === name);
  const { outcome, egress } = decide({ from: at(from), to: at(to), protocol, port }, world);
  return outcome === "denied" ? `denied by ${egress.outcome === "deny" ? "egress" : "ingress"}` : outcome;
}

describe("The published APIM and OpenAI policies", () => {
  const rows: readonly [string, readonly string[], readonly string[], readonly string[], string][] = [
    [
      "the backend cannot reach API Management",
      ["default/backend"],
      ["my.azure-api.net"],
      ["TCP 443"],
      "denied by egress",
    ],
    ["the AI service cannot reach OpenAI", ["default/ai"], ["x.openai.azure.com"], ["TCP 443"], "denied by egress"],
    ["nobody reaches the Key Vault, on any port", inDefault, ["kv.vault.azure.net"], probes, "denied by egress"],
    [
      "Prometheus cannot scrape",
      ["monitoring/prometheus"],
      ["default/svc"],
      ["TCP 9090", "TCP 8080"],
      "denied by egress",
    ],
    [
      "the frontend cannot reach the gateway",
      ["default/frontend"],
      ["default/apim-gw"],
      ["TCP 443", "TCP 8080"],
      "denied by egress",
    ],
    ["the DNS service cannot ask upstream", ["kube-system/coredns"], ["168.63.129.16"], ["UDP 53"], "denied by egress"],
    [
      "everybody else reaches the DNS service, on every port",
      [...inDefault, "monitoring/prometheus"],
      ["kube-system/coredns"],
      probes,
      "allowed",
    ],
    ["every pod reaches the API server, on every port", pods, ["kube-apiserver"], probes, "allowed"],
    ["the node reaches every pod", ["host"], pods, probes, "allowed"],
  ];
  for (const [title, from, to, ports, expected] of rows) {
    it(title, async () => {
      const world = await worldOf();
      const questions = from.flatMap((client) =>
        to.flatMap((server) => ports.map((probe) => question(client, server, probe))),
      );
      const answers = new Set(questions.map((each) => answer(world, each)));
      assert.deepEqual([...answers], [expected]);
    });
  }

  for (const cilium of ["1.18", "1.20"] as const) {
    it(`open two connections without block-malicious-egress, and nothing else (Cilium ${cilium})`, async () => {
      const before = await worldOf(cilium);
      const rules = before.rules.filter(({ origin }) => origin.policy.name !== "block-malicious-egress");
      const names = [...pods, ...outside.map(({ name }) => name)];
      const questions = names.flatMap((from) =>
        names
          .filter((to) => to !== from && (pods.includes(from) || pods.includes(to)))
          .flatMap((to) => probes.map((probe) => question(from, to, probe))),
      );
      const changes = compareAt(before, { ...before, rules }, questions);
      assert.deepEqual(
        changes.map(({ from, to, protocol, port, kind }) => `${from} -> ${to} ${protocol} ${String(port)}: ${kind}`),
        ["default/backend -> my.azure-api.net TCP 443: ALLOWED", "default/ai -> x.openai.azure.com TCP 443: ALLOWED"],
      );
    });
  }

  describe("are told by lint", () => {
    const golden: readonly [string, readonly string[]][] = [
      [
        "7 closes everything outside, API Management, OpenAI and the Key Vault included",
        [
          "lint/deny-beats-allow: CiliumNetworkPolicy default/block-malicious-egress, spec.egressDeny[0] (130): this denies everything outside the cluster, and a deny wins over every allow, so these allow nothing: cnp default/app-to-apim spec.egress[0] (*.azure-api.net, *.management.azure.com), cnp default/app-to-openai spec.egress[0] (*.openai.azure.com, api.openai.com), cnp default/block-malicious-egress spec.egress[0], cnp default/allow-azure-services spec.egress[0] (*.vault.azure.net, *.blob.core.windows.net, *.queue.core.windows.net, *.table.core.windows.net)",
        ],
      ],
      [
        "2 lets Cilium learn no name, so the rules by name of 4, 5 and 10 never match",
        [
          "lint/dns-without-proxy: CiliumNetworkPolicy default/allow-dns, spec.egress[0].toPorts (30): without `rules.dns` Cilium learns no name from this, so these toFQDNs never match: cnp default/app-to-apim spec.egress[0], cnp default/app-to-openai spec.egress[0], cnp default/allow-azure-services spec.egress[0]",
        ],
      ],
      [
        "4, 5, 15, and 8 as well, have HTTP rules where the traffic is TLS",
        [
          ["app-to-apim, spec.egress[0]", "69"],
          ["app-to-openai, spec.egress[0]", "94"],
          ["rate-limit-external, spec.ingress[0]", "151"],
          ["openai-audit-logging, spec.egress[0]", "288"],
        ].map(
          ([field = "", line = ""]) =>
            `lint/http-on-tls-port: CiliumNetworkPolicy default/${field}.toPorts[0].rules.http (${line}): HTTP rules on port \`443\`, where clients speak TLS: the proxy sees no request in it, so every call fails`,
        ),
      ],
      [
        "14 closes CoreDNS and Prometheus, and its deny list does nothing",
        [
          "cilium/unknown-field: CiliumClusterwideNetworkPolicy cluster-security-baseline, spec.egressDeny[0].toFQDNs (267): Cilium does not know this field, drops it and enforces the rest",
          "lint/deny-of-nobody: CiliumClusterwideNetworkPolicy cluster-security-baseline, spec.egressDeny[0] (267): this names nobody that Cilium could deny, so it only puts its pods into egress default deny",
          "lint/system-isolated: CiliumClusterwideNetworkPolicy cluster-security-baseline, spec.endpointSelector (260): this puts the pods of kube-system into egress default deny too: kube-system/coredns cannot ask any server upstream, so no name outside the cluster resolves",
          "lint/one-sided-edge: CiliumNetworkPolicy default/allow-monitoring, spec.ingress[0].fromEndpoints[0] (207): this line alone opens nothing: monitoring/prometheus is isolated at egress by ccnp cluster-security-baseline spec.egress[0] and 2 more, and nothing there allows it to default/svc",
        ],
      ],
      [
        "15 is refused",
        [
          "cilium/refused: CiliumNetworkPolicy default/openai-audit-logging, spec.enableDefaultDeny (295): `true` has the wrong type",
        ],
      ],
      [
        "12 denies nobody inside the cluster, and isolates its pods",
        [
          "lint/deny-of-pod-range: CiliumNetworkPolicy default/prevent-lateral-movement, spec.egressDeny[0].toCIDR (226): `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`: ranges cover neither pods nor nodes, so this denies nobody inside the cluster, and only puts its pods into egress default deny",
        ],
      ],
      [
        "3 selects nobody",
        [
          "lint/control-plane-pod: CiliumNetworkPolicy kube-system/allow-aks-system, spec.endpointSelector (42): `component: kube-apiserver` selects nobody: the control plane's pods use the network of their node, and a managed one has none",
        ],
      ],
      [
        "6 and 1 let the frontend in and not out",
        [
          "lint/one-sided-edge: CiliumNetworkPolicy default/apim-ingress-control, spec.ingress[0].fromEndpoints[0] (112): this line alone opens nothing: default/frontend is isolated at egress by cnp default/default-deny-all spec.egress[0] and 6 more, and nothing there allows it to default/apim-gw",
        ],
      ],
      [
        "13 has a namespace although it is cluster-scoped, and takes all that leaves the cluster along",
        [
          "input/namespace-without-effect: CiliumEgressGatewayPolicy apim-egress-gateway, metadata.namespace (241): the kind is cluster-scoped, so the namespace `default` limits nothing",
          "lint/gateway-of-everything: CiliumEgressGatewayPolicy default/apim-egress-gateway, spec.destinationCIDRs[0] (248): everything that the pods say to the world leaves by the gateway, not only what needs its address",
        ],
      ],
    ];
    const others = [
      // Names as wide as a cloud's, a rate limit that limits nothing, a record that drops.
      "lint/header-without-mismatch (291)",
      "lint/http-of-everything (152)",
      ...[63, 64, 88, 187, 188, 189, 190, 283].map((line) => `lint/wildcard-name (${String(line)})`),
      "reachability/kind-without-effect (238)",
      "reachability/name-never-learned (63)",
      "reachability/name-never-learned (64)",
      "reachability/name-never-learned (88)",
      "reachability/name-never-learned (89)",
      "lint/one-sided-edge (114)",
      "lint/one-sided-edge (166)",
      "lint/apex-not-matched (64)",
      "lint/selects-nobody (142)",
      "lint/selects-nobody (182)",
    ];

    async function told(): Promise<{ readonly long: string; readonly short: string }[]> {
      return (await lint([bundle])).map(({ code, place = "", object = "", field = "", what }) => {
        const line = place.replace(`${bundle}/policies.yaml:`, "");
        return { long: `${code}: ${object}, ${field} (${line}): ${what}`, short: `${code} (${line})` };
      });
    }

    for (const [title, expected] of golden) {
      it(title, async () => {
        const found = (await told()).map(({ long }) => long);
        assert.deepEqual(
          expected.filter((each) => !found.includes(each)),
          [],
        );
      });
    }

    it("and nothing else but what follows from these", async () => {
      const known = new Set(golden.flatMap(([, each]) => each));
      const rest = (await told()).filter(({ long }) => !known.has(long)).map(({ short }) => short);
      assert.deepEqual(rest.sort(), [...others].sort());
    });
  });
});
