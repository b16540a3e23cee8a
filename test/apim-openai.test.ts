/** The bundle of APIM and OpenAI: what became of each published policy, seen in what is possible. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { apimOpenai } from "../policies/apim-openai/bundle.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { lint } from "../reach/index.ts";
import { contextOf } from "./support/bundle-context.ts";
import { allowEverything, edgesOf, objectsOf, outcome, told, worldOf } from "./support/bundle-world.ts";

const bundles = [baseline, apimOpenai];
const chosen = { bundles: ["baseline", "apim-openai"] };
const plain = contextOf({ policies: chosen });
const watched = contextOf({ namespaces: { monitoring: {} }, policies: chosen });

/** With what the stack says to the bundle. */
function telling(choices: Readonly<Record<string, unknown>>) {
  return contextOf({ policies: { ...chosen, apimOpenai: choices } });
}

function named(name: string, context = plain) {
  return apimOpenai.manifests(context).find(({ metadata }) => metadata.name === name);
}

describe("The APIM and OpenAI bundle", () => {
  const world = worldOf(objectsOf(bundles, plain));
  const here = (question: string): string =>
    outcome(question.replaceAll(/(^|-> )(?=[a-z-]+( |$))/g, "$1apim-openai/"), world);

  it("is these objects, all of them in its namespace [S0-01] [S0-04]", () => {
    assert.deepEqual(
      apimOpenai.manifests(plain).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`),
      [
        "CiliumNetworkPolicy apim-openai/app-to-apim",
        "CiliumNetworkPolicy apim-openai/app-to-openai",
        "CiliumNetworkPolicy apim-openai/allow-azure-services",
        "CiliumNetworkPolicy apim-openai/apim-gateway",
        "CiliumNetworkPolicy apim-openai/apim-gateway-from-frontend",
        "CiliumNetworkPolicy apim-openai/apim-gateway-from-backend",
        "CiliumNetworkPolicy apim-openai/inter-service",
        "CiliumNetworkPolicy apim-openai/inter-service-from-frontend-tier",
        "CiliumNetworkPolicy apim-openai/inter-service-from-backend-tier",
        "CiliumNetworkPolicy apim-openai/scrape",
        "CiliumNetworkPolicy apim-openai/public-facing",
        "CiliumNetworkPolicy apim-openai/prevent-lateral-movement",
      ],
    );
  });

  it("says of each published row what became of it [S0-01]", () => {
    const readme = readFileSync(join(import.meta.dirname, "../policies/apim-openai/README.md"), "utf8");
    const rows = [...readme.matchAll(/^\| (S0-\d\d) +\|[^|]+\| ([^|]+?) *\|$/gm)].map(([, id, what]) => [id, what]);
    assert.deepEqual(
      rows.map(([id]) => id),
      [
        ...["S0-01", "S0-02", "S0-03", "S0-04", "S0-05", "S0-06", "S0-07", "S0-08", "S0-09", "S0-10", "S0-11"],
        ...["S0-12", "S0-13", "S0-15", "S0-16", "S0-21", "S0-23", "S0-24", "S0-31", "S0-32", "S0-36"],
      ],
    );
    assert.ok(rows.every(([, what = ""]) => what.length > 20));
  });

  it("opens these connections besides DNS and the node, and no others [S0-02] [S0-36]", () => {
    assert.deepEqual(edgesOf("apim-openai", worldOf(objectsOf(bundles, watched))), [
      "apim-openai/backend -> apim-openai/apim-gateway TCP 443, 8080",
      "apim-openai/backend -> myapim.azure-api.net TCP 443",
      "apim-openai/backend -> mycompany-prod.azure-api.net TCP 443",
      "apim-openai/ai -> api.openai.com TCP 443",
      "apim-openai/ai -> myopenai.openai.azure.com TCP 443",
      "apim-openai/identity -> login.microsoftonline.com TCP 443",
      "apim-openai/identity -> mykeyvault.vault.azure.net TCP 443",
      "apim-openai/identity -> mystorage.blob.core.windows.net TCP 443",
      "apim-openai/frontend -> apim-openai/orders TCP 8080, 9090",
      "apim-openai/frontend -> apim-openai/stock TCP 8080, 9090",
      "apim-openai/frontend -> apim-openai/apim-gateway TCP 443, 8080",
      "apim-openai/orders -> apim-openai/stock TCP 8080, 9090",
      "apim-openai/stock -> apim-openai/orders TCP 8080, 9090",
      "monitoring/prometheus -> apim-openai/orders TCP 8080, 9090",
      "world -> apim-openai/public-facing TCP 443",
      "remote-node -> apim-openai/public-facing TCP 443",
      "kube-apiserver -> apim-openai/public-facing TCP 443",
    ]);
  });

  it("leaves names to be resolved, in sight of the proxy, for whoever calls by name [S0-03]", () => {
    assert.deepEqual(told("apim-openai/backend -> kube-system/coredns UDP 53", world), [
      "apim-openai/backend -> kube-system/coredns UDP 53: allowed",
      "egress: allowed by cnp apim-openai/allow-dns spec.egress[0], restricted at L7 (S21)",
      "remains: dns *",
      "ingress: no policy selects kube-system/coredns (S1)",
    ]);
  });

  it("lets the backend reach API Management by name and server name [S0-05] [S0-31]", () => {
    assert.deepEqual(told("apim-openai/backend -> myapim.azure-api.net TCP 443", world), [
      "apim-openai/backend -> myapim.azure-api.net TCP 443: allowed",
      "egress: allowed by cnp apim-openai/app-to-apim spec.egress[0], restricted at L7 (S21)",
      "remains: TLS server name myapim.azure-api.net, mycompany-prod.azure-api.net",
      "ingress: myapim.azure-api.net is no pod, so no policy applies (S6)",
    ]);
    assert.equal(outcome("apim-openai/backend -> myapim.azure-api.net TCP 80", world), "denied");
    assert.equal(outcome("apim-openai/backend -> other.azure-api.net TCP 443", world), "denied");
    assert.equal(outcome("apim-openai/backend -> management.azure.com TCP 443", world), "denied");
  });

  it("lets the AI service reach OpenAI by name and server name [S0-06] [S0-32]", () => {
    assert.deepEqual(told("apim-openai/ai -> api.openai.com TCP 443", world), [
      "apim-openai/ai -> api.openai.com TCP 443: allowed",
      "egress: allowed by cnp apim-openai/app-to-openai spec.egress[0], restricted at L7 (S21)",
      "remains: TLS server name api.openai.com, myopenai.openai.azure.com",
      "ingress: api.openai.com is no pod, so no policy applies (S6)",
    ]);
    assert.equal(outcome("apim-openai/half-ai -> api.openai.com TCP 443", world), "denied");
    assert.equal(outcome("apim-openai/backend -> api.openai.com TCP 443", world), "denied");
  });

  it("lets the frontend reach the self-hosted gateway, with both sides said [S0-07]", () => {
    assert.deepEqual(told("apim-openai/frontend -> apim-openai/apim-gateway TCP 8080", world), [
      "apim-openai/frontend -> apim-openai/apim-gateway TCP 8080: allowed",
      "egress: allowed by cnp apim-openai/apim-gateway-from-frontend spec.egress[0] (S4)",
      "ingress: allowed by cnp apim-openai/apim-gateway spec.ingress[0] (S4)",
    ]);
    assert.equal(here("ai -> apim-gateway TCP 443"), "denied");
    assert.equal(here("frontend -> apim-gateway TCP 9090"), "denied");
  });

  it("denies the ranges of the stack whatever another policy allows, and never the whole world [S0-08]", () => {
    assert.equal(named("denied-ranges"), undefined);
    const context = telling({ deniedRanges: ["203.0.113.0/24"] });
    assert.deepEqual(prove({ bundles, context, apiServer: ["outside the cluster"] }).problems, []);
    const open = worldOf([...objectsOf(bundles, context), allowEverything("apim-openai")]);
    assert.equal(outcome("apim-openai/backend -> 203.0.113.7 TCP 443", open), "denied");
    assert.equal(outcome("apim-openai/backend -> 198.51.100.7 TCP 443", open), "allowed");
    assert.deepEqual(
      refusedBy(() => telling({ deniedRanges: ["0.0.0.0/0"] })),
      [
        "Pulumi.test.yaml › policies.apimOpenai.deniedRanges[0]: wrong format, got `0.0.0.0/0`",
        "  expected a part of the world: a deny beats every allow  [settings/wrong-format]",
      ],
    );
  });

  it("lets the world reach what faces it, whatever it is when it arrives, and calls that no limit of rates [S0-09]", () => {
    assert.deepEqual(named("public-facing")?.spec["ingress"], [
      {
        fromEntities: ["world", "host", "remote-node"],
        toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }],
      },
    ]);
    assert.equal(outcome("world -> apim-openai/public-facing TCP 443", world), "allowed");
    assert.equal(outcome("world -> apim-openai/public-facing TCP 80", world), "denied");
    assert.doesNotMatch(JSON.stringify(apimOpenai.manifests(plain)), /rate/i);
  });

  it("lets tiers call the backend's, on two ports [S0-10]", () => {
    for (const port of [8080, 9090]) {
      assert.equal(here(`frontend -> orders TCP ${String(port)}`), "allowed");
      assert.equal(here(`stock -> orders TCP ${String(port)}`), "allowed");
      assert.equal(here(`ai -> orders TCP ${String(port)}`), "denied");
      assert.equal(here(`orders -> frontend TCP ${String(port)}`), "denied");
    }
    assert.equal(here("frontend -> orders TCP 8081"), "denied");
  });

  it("lets pods with an Azure identity reach Key Vault, storage and their tokens, by name and server name [S0-11]", () => {
    for (const name of ["mykeyvault.vault.azure.net", "mystorage.blob.core.windows.net", "login.microsoftonline.com"]) {
      assert.equal(outcome(`apim-openai/identity -> ${name} TCP 443`, world), "allowed");
      assert.equal(outcome(`apim-openai/identity -> ${name} TCP 80`, world), "denied");
      assert.equal(outcome(`apim-openai/backend -> ${name} TCP 443`, world), "denied");
    }
  });

  it("lets Prometheus scrape, with its own side where the stack has closed it and nothing in its way elsewhere [S0-12]", () => {
    assert.equal(named("scrape-from-prometheus"), undefined);
    assert.equal(named("scrape-from-prometheus", watched)?.metadata.namespace, "monitoring");
    for (const context of [plain, watched]) {
      const its = worldOf(objectsOf(bundles, context));
      assert.equal(outcome("monitoring/prometheus -> apim-openai/orders TCP 9090", its), "allowed");
      assert.equal(outcome("monitoring/prometheus -> apim-openai/stock TCP 9090", its), "denied");
      assert.equal(outcome("monitoring/grafana -> apim-openai/orders TCP 9090", its), "denied");
    }
    assert.equal(outcome("monitoring/prometheus -> world TCP 443", world), "allowed");
    const closed = worldOf(objectsOf(bundles, watched));
    assert.equal(outcome("monitoring/prometheus -> world TCP 443", closed), "denied");
  });

  it("keeps isolated pods from shells, desktops and shares whatever is allowed, and from nothing else [S0-13]", () => {
    const open = worldOf([...objectsOf(bundles, plain), allowEverything("apim-openai")]);
    for (const to of ["apim-openai/orders", "kube-system/coredns", "host", "remote-node"]) {
      for (const port of [22, 3389, 445]) {
        assert.equal(outcome(`apim-openai/isolated -> ${to} TCP ${String(port)}`, open), "denied");
        assert.equal(outcome(`apim-openai/stock -> ${to} TCP ${String(port)}`, open), "allowed");
      }
      assert.equal(outcome(`apim-openai/isolated -> ${to} TCP 8080`, open), "allowed");
    }
    const alone = worldOf([...apimOpenai.examples(plain), ...apimOpenai.manifests(plain).slice(-1)]);
    assert.equal(outcome("apim-openai/isolated -> world TCP 443", alone), "allowed");
  });

  it("takes names from the stack, wherever they stand [S0-21]", () => {
    const context = telling({
      namespace: "shop",
      openaiNames: ["shop.openai.azure.com"],
      apimNames: [],
      azureNames: [],
    });
    assert.deepEqual(prove({ bundles, context, apiServer: ["outside the cluster"] }).problems, []);
    assert.deepEqual(named("app-to-openai", context), {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "app-to-openai", namespace: "shop" },
      spec: {
        description: "The AI service may call OpenAI.",
        endpointSelector: { matchLabels: { "k8s:app": "ai-service", "k8s:tier": "ml-client" } },
        egress: [
          {
            toFQDNs: [{ matchName: "shop.openai.azure.com" }],
            toPorts: [{ ports: [{ port: "443", protocol: "TCP" }], serverNames: ["shop.openai.azure.com"] }],
          },
        ],
      },
    });
    // Without names there is nothing that an empty list could be mistaken for.
    assert.deepEqual([named("app-to-apim", context), named("allow-azure-services", context)], [undefined, undefined]);
  });

  it("takes exact names only [S0-23]", () => {
    assert.deepEqual(
      refusedBy(() => telling({ apimNames: ["*.azure-api.net"] })),
      [
        "Pulumi.test.yaml › policies.apimOpenai.apimNames[0]: wrong format, got `*.azure-api.net`",
        "  expected a full DNS name in lower case without a wildcard, for example `api.example.com`  [settings/wrong-format]",
      ],
    );
  });

  it("puts nobody outside its namespace into default deny and holds nothing that Cilium drops [S0-15] [S0-16]", () => {
    assert.deepEqual(
      apimOpenai
        .manifests(plain)
        .filter(({ kind, metadata }) => kind !== "CiliumNetworkPolicy" || metadata.namespace !== "apim-openai"),
      [],
    );
    assert.equal(outcome("kube-system/coredns -> 168.63.129.16 UDP 53", world), "allowed");
  });

  it("has no such object as the two of the published ones that lint says Cilium refuses or guts [S0-15] [S0-16]", async () => {
    const published = await lint([join(import.meta.dirname, "fixtures/reach/seeds/000-apim-openai")]);
    assert.deepEqual(
      published
        .filter(({ severity }) => severity === "refused" || severity === "dropped")
        .map(({ severity, object, field }) => `${severity}: ${object ?? ""}, ${field ?? ""}`),
      [
        "refused: CiliumNetworkPolicy default/openai-audit-logging, spec.enableDefaultDeny",
        "dropped: CiliumClusterwideNetworkPolicy cluster-security-baseline, spec.egressDeny[0].toFQDNs",
      ],
    );
    assert.deepEqual([named("openai-audit-logging"), named("cluster-security-baseline")], [undefined, undefined]);
  });

  it("gives lint nothing to say, whether the stack closes Prometheus or not [S0-01]", async () => {
    for (const context of [plain, watched]) {
      const folder = mkdtempSync(join(tmpdir(), "apim-openai-"));
      try {
        const file = join(folder, "bundle.yaml");
        writeFileSync(
          file,
          objectsOf(bundles, context)
            .map((object) => stringify(object))
            .join("---\n"),
        );
        assert.deepEqual(await lint([file]), []);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  });
});

function refusedBy(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemsError) return formatProblems(error.problems).split("\n");
    throw error;
  }
  return [];
}
