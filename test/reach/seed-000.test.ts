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

  it("are told by lint with what Cilium refuses, drops and never learns", async () => {
    const found = await lint([bundle]);
    assert.deepEqual(
      found.map(
        ({ severity, place, object, field }) => `${severity}: ${object ?? ""}, ${field ?? ""} (${place ?? ""})`,
      ),
      [
        `refused: CiliumNetworkPolicy default/openai-audit-logging, spec.enableDefaultDeny (${bundle}/policies.yaml:295)`,
        `dropped: CiliumClusterwideNetworkPolicy cluster-security-baseline, spec.egressDeny[0].toFQDNs (${bundle}/policies.yaml:267)`,
        `note: CiliumEgressGatewayPolicy apim-egress-gateway, metadata.namespace (${bundle}/policies.yaml:241)`,
        `note: CiliumEgressGatewayPolicy default/apim-egress-gateway, kind (${bundle}/policies.yaml:238)`,
        `note: CiliumNetworkPolicy default/app-to-apim, spec.egress[0].toFQDNs[0] (${bundle}/policies.yaml:63)`,
        `note: CiliumNetworkPolicy default/app-to-apim, spec.egress[0].toFQDNs[1] (${bundle}/policies.yaml:64)`,
        `note: CiliumNetworkPolicy default/app-to-openai, spec.egress[0].toFQDNs[0] (${bundle}/policies.yaml:88)`,
        `note: CiliumNetworkPolicy default/app-to-openai, spec.egress[0].toFQDNs[1] (${bundle}/policies.yaml:89)`,
      ],
    );
  });
});
