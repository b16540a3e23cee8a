/** The same platform on another kind of cluster: what changes, and that the policies and their promises do not. */
import assert from "node:assert/strict";

import { candidateWith, judgeStack } from "../components/candidate.ts";
import { clusterFacts } from "../components/cluster/facts.ts";
import { gatewayValues } from "../components/gateway/values.ts";
import type { Settings } from "../components/settings.ts";
import type { Manifest } from "../policies/bundle.ts";
import { bundles } from "../policies/bundles.ts";
import { prove, type Proof } from "../policies/prove.ts";
import { readWorld } from "../policies/reachability/index.ts";
import { matrixReport } from "../policies/reachability/report/matrix-report.ts";
import { fullContext } from "./support/bundle-context.ts";
import { tableRowsIn, textOf } from "./support/documents.ts";
import { settingsOf } from "./support/settings.ts";

const existing = { podCidr: "10.244.0.0/16", apiServerHost: "api.example.com", apiServerPort: 6443 };

/** Stack files for each place, which say the same of policies. */
const places: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  kind: { target: "kind" },
  aks: { target: "aks", aks: { location: "westeurope" } },
  "bare metal": {
    target: "existing",
    kubeconfig: "given",
    existing: { ...existing, routing: ["native"], announcements: "possible", exposure: "loadBalancer" },
    cilium: { routing: "native", lbIpam: true, l2Announcements: true },
  },
  EKS: { target: "existing", kubeconfig: "given", existing: { ...existing, exposure: "loadBalancer" } },
};

function settingsAt(place: string): Settings {
  return settingsOf({
    ...places[place],
    namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
    policies: {
      bundles: ["baseline", "environment-isolation", "gateway", "apim-openai", "demo-star-wars"],
      environmentIsolation: { environments: ["dev", "uat"] },
    },
  });
}

function proofAt(place: string): Proof {
  const judged = judgeStack("test", settingsAt(place));
  return prove(candidateWith(judged.wanted, judged));
}

/** Without what depends on how traffic from outside arrives, which is a fact of each place. */
function isAlike({ metadata: { name } }: Manifest): boolean {
  return name !== "data-plane" && name !== "public-facing";
}

describe("The same platform elsewhere", () => {
  it("is a row for each place in docs/portability.md", () => {
    assert.deepEqual(
      tableRowsIn(textOf("docs/portability.md")).map(([place]) => place),
      ["bare metal", "AKS", "EKS, without its CNI", "GKE", "a cluster with Cilium"],
    );
  });

  it("hands out and announces addresses itself on bare metal, with native routing [S1-51]", () => {
    const { cilium } = settingsAt("bare metal");
    assert.deepEqual(
      [cilium.routing, cilium.lbIpam, cilium.l2Announcements, clusterFacts(settingsAt("bare metal")).exposure],
      ["native", true, true, "loadBalancer"],
    );
    assert.throws(() => settingsOf({ ...places["aks"], cilium: { l2Announcements: true } }), /l2Announcements/);
  });

  it("takes Azure's load balancer instead of ports of a machine on AKS [S1-52]", () => {
    const values = (place: string): unknown =>
      gatewayValues(settingsAt(place), clusterFacts(settingsAt(place)))["nginx"];
    assert.deepEqual(values("aks"), { service: { type: "LoadBalancer", externalTrafficPolicy: "Local" } });
    assert.match(JSON.stringify(values("kind")), /"type":"NodePort"/);
    const rule = (place: string): unknown =>
      proofAt(place).manifests.find(({ metadata }) => metadata.name === "data-plane")?.spec["ingress"];
    // What arrives from outside is the world there, and may be another node here.
    assert.match(JSON.stringify(rule("aks")), /"fromEntities":\["world"\]/);
    assert.match(JSON.stringify(rule("kind")), /"fromEntities":\["world","host","remote-node"\]/);
  });

  it("carries no address in its policies, but those that the stack says [S1-53]", () => {
    const said = ["203.0.113.0/24", "172.18.255.200", "172.18.255.210", ...fullContext.clusterRanges];
    const addresses = bundles.flatMap((bundle) =>
      [...JSON.stringify(bundle.manifests(fullContext)).matchAll(/\b\d+\.\d+\.\d+\.\d+(\/\d+)?/g)].map(
        ([text]) => text,
      ),
    );
    assert.deepEqual(
      addresses.filter((text) => !said.includes(text)),
      [],
    );
  });

  for (const place of Object.keys(places)) {
    it(`keeps every promise, and shows its matrix: ${place} [S1-55] [S1-61]`, () => {
      const { problems, results, manifests } = proofAt(place);
      assert.deepEqual(problems, []);
      assert.ok(results.length > 0 && results.every(({ kept }) => kept));
      const { world } = readWorld({ manifests: manifests.map((object) => ({ object: { ...object } })), externals: [] });
      assert.equal(matrixReport({ world, findings: [] }).kind, "matrix");
    });
  }

  it("applies the same policies everywhere, but for who comes in from outside [S1-61]", () => {
    const [here, ...elsewhere] = Object.keys(places).map((place) => proofAt(place).manifests.filter(isAlike));
    for (const each of elsewhere) assert.deepEqual(each, here);
  });
});
