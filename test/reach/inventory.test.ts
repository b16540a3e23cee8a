/** Manifests of an application, judged on the platform that they are to run on. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { judgeStack } from "../../components/candidate.ts";
import { diff } from "../../reach/index.ts";
import { inventoryText } from "../../scripts/inventory.ts";
import { settingsOf } from "../support/settings.ts";
import { linesOf, ran, type Ran } from "./ran.ts";

/** What `npm run inventory` writes of a stack that says this. */
function inventoryOf(stack: Readonly<Record<string, unknown>>): string {
  return inventoryText(judgeStack("acme", settingsOf(stack)));
}

const twoEnvironments = {
  namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
  policies: {
    bundles: ["baseline", "environment-isolation"],
    environmentIsolation: { environments: ["dev", "uat"] },
  },
};

const platform = inventoryOf(twoEnvironments);
const promised = platform.split(/^ +- (?:must|never): /m).length - 1;

function workload(name: string, namespace = "dev"): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec: { template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: main }] } } }
`;
}

function policy(name: string, spec: string, namespace = "dev"): string {
  return `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
${spec}`;
}

const webToApi = [
  policy(
    "web",
    `  endpointSelector: { matchLabels: { app: web } }
  egress: [{ toEndpoints: [{ matchLabels: { app: api } }], toPorts: [{ ports: [{ port: "8080", protocol: TCP }] }] }]
`,
  ),
  policy(
    "api",
    `  endpointSelector: { matchLabels: { app: api } }
  ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }], toPorts: [{ ports: [{ port: "8080", protocol: TCP }] }] }]
`,
  ),
];

const workloads = [workload("web"), workload("api")];
const shop = [...workloads, ...webToApi].join("---\n");

describe("An application on its platform", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "application-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs the command on files with these texts, whose paths in what it says are those given here. */
  async function judged(files: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Ran> {
    for (const [name, text] of Object.entries({ "platform.yaml": platform, ...files })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const paths = ["platform.yaml", ...Object.keys(files)];
    const said = await ran(...words.map((word) => (paths.includes(word) ? join(folder, word) : word)));
    const here = (text: string): string => text.replaceAll(`${folder}/`, "");
    return { code: said.code, out: here(said.out), err: here(said.err) };
  }

  const onPlatform = ["--inventory", "platform.yaml"];

  it("is closed by what the platform applies, and reaches what the platform leaves open", async () => {
    const { out } = await judged({ "shop.yaml": shop }, "matrix", "shop.yaml", "--focus", "dev/web", ...onPlatform);
    assert.deepEqual(linesOf(out).slice(0, 4), [
      "FROM     TO                   PORTS           WHAT REMAINS",
      "dev/web  kube-system/coredns  TCP 53; UDP 53  dns *",
      "dev/web  dev/api              TCP 8080",
      "host     dev/web              all ports",
    ]);
  });

  it("is explained with the platform's own rules, and where they come from", async () => {
    const { out } = await judged(
      { "shop.yaml": shop },
      "explain",
      "dev/web",
      "uat/example",
      "80",
      "shop.yaml",
      ...onPlatform,
    );
    assert.ok(out.includes("ccnp isolate-environment-dev spec.egressDeny[0]: bundle environment-isolation\n"), out);
  });

  it("hears which promise of the platform a change breaks, and why, and ends with 1", async () => {
    const head = shop
      .replace("toEndpoints: [{ matchLabels: { app: api } }]", "toEntities: [world]")
      .replace("{ app: web } }\n  egress", "{} }\n  egress");
    const { code, out } = await judged(
      { "base.yaml": shop, "head.yaml": head },
      "diff",
      "base.yaml",
      "head.yaml",
      ...onPlatform,
    );
    assert.equal(code, 1);
    assert.deepEqual(linesOf(out).slice(0, 8), [
      `Promises of acme: ${String(promised - 1)} kept, 1 broken`,
      "BROKEN  never dev/example -> world  (bundle baseline, promise 3)",
      "        promised because nothing leaves the cluster",
      "        dev/example -> world TCP 8080: allowed",
      "          egress: allowed by cnp dev/web spec.egress[0] (S4)",
      "            cnp dev/web spec.egress[0]: head.yaml:16",
      "          ingress: world is no pod, so no policy applies (S6)",
      "",
    ]);
  });

  it("ends with 0 where a promise was broken before as well, and says so", async () => {
    const open = policy("open", "  endpointSelector: {}\n  egress: [{ toEntities: [world] }]\n");
    const base = [shop, open].join("---\n");
    const { code, out } = await judged(
      { "base.yaml": base, "head.yaml": `# the same\n${base}` },
      "diff",
      "base.yaml",
      "head.yaml",
      ...onPlatform,
    );
    assert.equal(code, 0);
    assert.match(out, /^Promises of acme: \d+ kept, 1 broken\n/);
    assert.match(out, /\n        broken before as well\n/);
  });

  it("tells promises in a comment and as JSON", async () => {
    const head = [shop, policy("open", "  endpointSelector: {}\n  egress: [{ toEntities: [world] }]\n")].join("---\n");
    const files = { "base.yaml": shop, "head.yaml": head };
    const comment = await judged(files, "diff", "base.yaml", "head.yaml", "-o", "markdown", ...onPlatform);
    assert.match(comment.out, /\*\*Promises: 1 BROKEN, \d+ kept\*\*/);
    const json = await judged(files, "diff", "base.yaml", "head.yaml", "-o", "json", ...onPlatform);
    const { promises } = JSON.parse(json.out) as { promises: { kept: boolean; before: string; text: string }[] };
    assert.deepEqual(
      promises.filter(({ kept }) => !kept).map(({ text, before }) => [text, before]),
      [["dev/example -> world", "kept"]],
    );
  });

  it("may be new: before its first manifests there is the platform alone", async () => {
    const { code, out } = await judged(
      { "base.yaml": "", "head.yaml": shop },
      "diff",
      "base.yaml",
      "head.yaml",
      ...onPlatform,
    );
    assert.equal(code, 0);
    assert.match(out, /Connectivity: nothing changes; .*\n\nnew, not compared: dev\/web, dev\/api\n$/s);
  });

  it("is refused without manifests where there is no platform", async () => {
    assert.equal((await judged({ "base.yaml": "" }, "matrix", "base.yaml")).code, 2);
    for (const verb of ["matrix", "lint", "check"]) {
      const { code, err } = await judged({}, verb);
      assert.equal(code, 2);
      assert.equal(
        err,
        `reach ${verb}: neither files nor folders of manifests\n` +
          "  expected at least one of them, or a platform: --inventory FILE\n" +
          `  fix: \`reach ${verb} --help\` says more  [reach/usage]\n`,
      );
    }
  });

  it("hears nothing of what is wrong on the platform, and all of its own", async () => {
    const worse = `${platform}---\n${policy("platforms", "  endpointSelector: {}\n  egress: [{ toPots: [] }]\n")}`;
    const own = [shop, policy("own", "  endpointSelector: {}\n  egress: [{ toPots: [] }]\n")].join("---\n");
    const { code, out } = await judged(
      { "worse.yaml": worse, "own.yaml": own },
      "lint",
      "own.yaml",
      "--inventory",
      "worse.yaml",
    );
    assert.equal(code, 0);
    assert.match(out, /CiliumNetworkPolicy dev\/own, spec\.egress\[0\]\.toPots/);
    assert.ok(!out.includes("dev/platforms"), out);
    assert.match((await judged({ "worse.yaml": worse }, "lint", "--inventory", "worse.yaml")).out, /dev\/platforms/);
  });

  it("cannot give a namespace of the platform another label", async () => {
    const own = `apiVersion: v1
kind: Namespace
metadata: { name: dev, labels: { environment: uat, team: shop } }
---
${shop}`;
    const { out } = await judged({ "own.yaml": own }, "lint", "own.yaml", ...onPlatform);
    assert.deepEqual(linesOf(out), [
      "own.yaml:3: warning: the platform gives this namespace `environment: dev`, which is what counts here  [inventory/other-label]",
      "  in Namespace dev, metadata.labels.environment",
      "  expected the platform's label, or none",
      "  fix: have the platform's stack file changed if another one is meant",
      "",
      "1 finding: 1 warning",
    ]);
    const explained = await judged(
      { "own.yaml": own },
      "explain",
      "dev/web",
      "uat/example",
      "80",
      "own.yaml",
      ...onPlatform,
    );
    assert.match(explained.out, /^dev\/web -> uat\/example TCP 80: denied\n/);
  });

  it("is told when it takes the place of a policy of the platform, and what that breaks", async () => {
    const open = policy("allow-dns", "  endpointSelector: {}\n  ingress: [{ fromEntities: [all] }]\n");
    const head = [shop, open].join("---\n");
    const { code, out } = await judged(
      { "base.yaml": shop, "head.yaml": head },
      "diff",
      "base.yaml",
      "head.yaml",
      ...onPlatform,
    );
    assert.equal(code, 1);
    assert.match(out, /BROKEN  must dev\/example -> kube-system\/coredns UDP 53; TCP 53/);
    const found = await judged({ "head.yaml": head }, "lint", "head.yaml", ...onPlatform);
    assert.match(
      found.out,
      /takes the place of the platform's object of this name \(bundle baseline, policies\/baseline\/allow-dns\.yaml:4\)/,
    );
  });

  it("is judged with the API server in each place where the platform may have it", async () => {
    const nodes = policy("nodes", "  endpointSelector: {}\n  egress: [{ toEntities: [host] }]\n");
    const head = [shop, nodes].join("---\n");
    const files = { "base.yaml": shop, "head.yaml": head };
    const local = await judged(files, "diff", "base.yaml", "head.yaml", ...onPlatform);
    assert.match(local.out, /BROKEN  never dev\/example -> kube-apiserver/);
    assert.equal((await judged(files, "diff", "base.yaml", "head.yaml", ...onPlatform, "--target", "aks")).code, 0);
    const cloud = inventoryOf({ ...twoEnvironments, target: "aks", aks: { location: "westeurope" } });
    const remote = await judged(
      { ...files, "cloud.yaml": cloud },
      "diff",
      "base.yaml",
      "head.yaml",
      "--inventory",
      "cloud.yaml",
    );
    assert.equal(remote.code, 0);
  });

  it("may ask for authentication where the platform has it", async () => {
    const own = [
      ...workloads,
      ...webToApi.map((text) => text.replace("toPorts", "authentication: { mode: required }, toPorts")),
    ].join("---\n");
    assert.match(
      (await judged({ "own.yaml": own }, "lint", "own.yaml", ...onPlatform)).out,
      /lint\/authentication-off/,
    );
    const mesh = inventoryOf({ ...twoEnvironments, cilium: { meshAuth: "spire" } });
    const { out } = await judged(
      { "own.yaml": own, "mesh.yaml": mesh },
      "lint",
      "own.yaml",
      "--inventory",
      "mesh.yaml",
    );
    assert.equal(out, "no findings: Cilium takes these manifests as they are written\n");
  });

  it("is repaired in its own files, never in the platform's", async () => {
    const flow = JSON.stringify({
      flow: {
        time: "2026-11-21T12:00:00Z",
        verdict: "DROPPED",
        drop_reason_desc: "POLICY_DENIED",
        traffic_direction: "EGRESS",
        IP: { source: "10.0.0.1", destination: "10.0.0.2" },
        l4: { TCP: { source_port: 40000, destination_port: 9090, flags: { SYN: true } } },
        source: {
          namespace: "dev",
          labels: ["k8s:app=web", "k8s:io.kubernetes.pod.namespace=dev"],
          pod_name: "web-1",
          workloads: [{ name: "web", kind: "Deployment" }],
        },
        destination: {
          namespace: "dev",
          labels: ["k8s:app=api", "k8s:io.kubernetes.pod.namespace=dev"],
          pod_name: "api-1",
          workloads: [{ name: "api", kind: "Deployment" }],
        },
        is_reply: false,
      },
    });
    const files = { "shop.yaml": shop, "flow.json": flow };
    const { code, out } = await judged(files, "why", "--flow", "flow.json", "shop.yaml", ...onPlatform);
    assert.equal(code, 0, out);
    assert.deepEqual(
      [...out.matchAll(/^--- a\/(.*)$/gm)].map(([, file = ""]) => file.split("/").at(-1)),
      ["shop.yaml"],
    );
    assert.match(out, /cnp dev\/allow-dns spec\.egress\[0\]: bundle baseline, policies\/baseline\/allow-dns\.yaml:4/);
  });

  it("can be asked for its own promises and the platform's together", async () => {
    const promises = "- never: dev/web -> dev/api TCP 9090\n";
    const { code, out } = await judged(
      { "promises.yaml": promises, "shop.yaml": shop },
      "check",
      "promises.yaml",
      "shop.yaml",
      ...onPlatform,
    );
    assert.equal(code, 0);
    assert.equal(linesOf(out).at(-1), `${String(promised + 1)} promises: ${String(promised + 1)} kept, 0 broken`);
    const alone = await judged({ "shop.yaml": shop }, "check", "platform.yaml", "shop.yaml", ...onPlatform);
    assert.equal(linesOf(alone.out).at(-1), `${String(promised)} promises: ${String(promised)} kept, 0 broken`);
  });

  it("is the same for programs", async () => {
    const head = shop.replace("toEndpoints: [{ matchLabels: { app: api } }]", "toEntities: [world]");
    await judged({ "base.yaml": shop, "head.yaml": head }, "matrix", "base.yaml");
    const { changes } = await diff([join(folder, "base.yaml")], [join(folder, "head.yaml")], {
      inventory: join(folder, "platform.yaml"),
    });
    assert.deepEqual(
      changes.map(({ kind, risk }) => `${kind} ${risk}`),
      ["ALLOWED world", "DENIED same namespace"],
    );
  });
});

describe("An inventory", () => {
  const rows: readonly [string, string, string][] = [
    [
      "that is only manifests",
      "apiVersion: v1\nkind: Namespace\nmetadata: { name: dev }\n",
      "FILE: no platform says here what it is\n  expected one file as `npm run inventory` writes it  [inventory/no-inventory]\n",
    ],
    [
      "of two platforms",
      `${platform}---\n${platform.slice(0, platform.indexOf("---\n"))}`,
      "FILE: more than one platform\n",
    ],
    [
      "with an API server nowhere",
      platform.replace(/ {2}apiServer:\n(?: {4}- .*\n)*/, "  apiServer: [here]\n"),
      'FILE:2 › spec.apiServer: is not what this version of reach reads\n  expected a list of "on another node", "on the pod\'s node", "outside the cluster"\n',
    ],
    [
      "with a promise that is none",
      platform.replace("never: dev/example -> world", "never: dev/example"),
      "bundle baseline, promise 3: `dev/example` names no two ends\n",
    ],
    [
      "of a Cilium that nobody knows",
      platform.replace("version: 1.20.2", "version: 1.30.0"),
      "inventory of acme: verdicts of Cilium `1.30.0` are not known\n  expected 1.18, 1.19, 1.20\n  fix: say --cilium with the nearest of them  [reach/unknown-version]\n",
    ],
  ];
  for (const [title, text, told] of rows) {
    it(`is refused: one ${title}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "inventory-"));
      const file = join(folder, "platform.yaml");
      try {
        writeFileSync(file, text);
        const { code, err } = await ran("matrix", "--inventory", file);
        assert.equal(code, 2);
        assert.ok(err.includes(told.replaceAll("FILE", file)), err);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
