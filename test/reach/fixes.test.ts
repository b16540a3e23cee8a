/** `reach lint --fix`: what has one certain remedy is written, as little as can be, and nothing else is touched. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lintCodes } from "../../policies/lint/lint.ts";
import { fixesFor } from "../../reach/fixes.ts";
import { lint } from "../../reach/index.ts";
import { casesOfMeaning } from "../lint-rules-of-meaning.ts";
import { cases } from "../lint-rules.ts";
import { linesOf, ran } from "./ran.ts";

interface Fixed {
  readonly code: number;
  readonly out: string;
  readonly told: string;
  /** The file afterwards. */
  readonly text: string;
}

/** Runs the command on a file with this text, in its folder. */
async function fixed(text: string, options: readonly string[] = [], name = "a.yaml"): Promise<Fixed> {
  const folder = mkdtempSync(join(tmpdir(), "reach-fix-"));
  const before = process.cwd();
  try {
    writeFileSync(join(folder, name), text);
    process.chdir(folder);
    const { code, out, err } = await ran("lint", name, "--fix", ...options);
    return { code, out, told: err, text: readFileSync(name, "utf8") };
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

const service = `---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: dev }
spec: { selector: { app: api }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: api, namespace: dev, labels: { app: api } }
spec: { containers: [{ name: a, image: a, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: dev, labels: { app: web } }
spec: { containers: [{ name: a, image: a }] }
`;

const messy = `# Ours.
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web
  namespace: dev
  annotations:
    reach.cilium-platform/allow: |
      lint/every-name: gone
      lint/wildcard-name: the crawler follows links
      lint/literal-secret: gone too
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress:
    # Names
    - toEndpoints: [{ matchLabels: { k8s-app: kube-dns, io.kubernetes.pod.namespace: kube-system } }]
      toPorts:
        - ports:
            - port: "53"
              protocol: UDP # over UDP
            - { port: "53", protocol: TCP }
    - toFQDNs: [{ matchPattern: "*.example.org" }]
      toPorts: [{ ports: [{ port: "443", protocol: tcp }], serverNames: [example.org, "www.example.org"] }]
    - toEndpoints:
        - matchLabels: { app: api }
      toPorts:
        - ports: [{ port: 80, protocol: TCP }] # the Service's
          rules: { http: [{ method: get, path: "/static/*" }] }
    - toCIDR: [169.254.169.254]
    - toServices: [{ k8sService: { serviceName: kubernetes, namespace: default } }]
${service}`;

const mended = `# Ours.
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web
  namespace: dev
  annotations:
    reach.cilium-platform/allow: |
      lint/wildcard-name: the crawler follows links
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress:
    # Names
    - toEndpoints: [{ matchLabels: { k8s-app: kube-dns, io.kubernetes.pod.namespace: kube-system } }]
      toPorts:
        - ports:
            - port: "53"
              protocol: UDP # over UDP
            - { port: "53", protocol: TCP }
          rules:
            dns:
              - matchPattern: "*"
    - toFQDNs: [{ matchPattern: "*.example.org" }, { matchName: example.org }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }], serverNames: [example.org, "www.example.org"] }]
    - toEndpoints:
        - matchLabels: { app: api }
      toPorts:
        - ports: [{ port: "8080", protocol: TCP }] # the Service's
          rules: { http: [{ method: GET, path: "/static/.*" }] }
    - toCIDR: [169.254.169.254/32]
    - toEntities:
        - kube-apiserver
${service}`;

const policy = (entry: string, more = ""): string => `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: web, namespace: dev${more} }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - ${entry}
${service}`;

describe("reach lint --fix", () => {
  it("writes every certain remedy, keeps comments and layout, and tells each with its place", async () => {
    const { text, told, out, code } = await fixed(messy);
    assert.equal(text, mended);
    assert.deepEqual(linesOf(told), [
      "fixed: a.yaml:23: write `TCP`  [reachability/protocol-spelling]",
      'fixed: a.yaml:27: write `"80"`  [cilium/refused]',
      "fixed: a.yaml:29: write `169.254.169.254/32`  [reachability/bare-address]",
      "fixed: a.yaml:30: write `toEntities: [kube-apiserver]`  [reachability/service-not-found]",
      "fixed: a.yaml:27: write `8080`  [lint/service-port]",
      "fixed: a.yaml:28: write `/static/.*`  [lint/path-not-prefix]",
      "fixed: a.yaml:28: write `GET`  [lint/method-case]",
      "fixed: a.yaml:17: add `rules.dns` for every name beside the ports  [lint/dns-without-proxy]",
      "fixed: a.yaml:22: add `matchName: example.org`  [lint/apex-not-matched]",
      "fixed: a.yaml:7: remove `lint/every-name: gone`  [lint/unused-suppression]",
      "fixed: a.yaml:7: remove `lint/literal-secret: gone too`  [lint/unused-suppression]",
      "11 findings fixed in 1 file",
      "Connectivity: 4 pairs become DENIED, 1 narrowed at L7; 14 pairs unchanged, 0 unknown (Cilium 1.20)",
    ]);
    assert.deepEqual(linesOf(out), ["no findings: Cilium takes these manifests as they are written; 1 accepted"]);
    assert.equal(code, 0);
  });

  it("finds nothing to fix in what it has fixed", async () => {
    const { text, told } = await fixed(mended);
    assert.equal(text, mended);
    assert.equal(told, "nothing to fix: no finding has one certain remedy\n");
  });

  it("prints a patch instead with --dry-run, and writes nothing", async () => {
    const bare = policy("toCIDR: [169.254.169.254] # metadata");
    const { text, out } = await fixed(bare, ["--dry-run"]);
    assert.equal(text, bare);
    assert.deepEqual(linesOf(out), [
      "--- a/a.yaml",
      "+++ b/a.yaml",
      "@@ -4,7 +4,7 @@",
      " spec:",
      "   endpointSelector: { matchLabels: { app: web } }",
      "   egress:",
      "-    - toCIDR: [169.254.169.254] # metadata",
      "+    - toCIDR: [169.254.169.254/32] # metadata",
      " ---",
      " apiVersion: v1",
      " kind: Service",
    ]);
  });

  it("says that --dry-run alone means nothing", async () => {
    const { code, err } = await ran("lint", "test/fixtures/reach/shop/base", "--dry-run");
    assert.equal(code, 2);
    assert.match(err, /reach lint: `--dry-run` says what `--fix` would change\n {2}expected both, or neither/);
  });

  it("changes connections as a fix says: the target port opens what the Service's port did not", async () => {
    const { text, told } = await fixed(
      policy(
        `toEndpoints: [{ matchLabels: { app: api } }]\n      toPorts: [{ ports: [{ port: "80", protocol: TCP }] }]`,
      ),
    );
    assert.match(text, /\{ port: "8080", protocol: TCP \}/);
    assert.deepEqual(linesOf(told), [
      "fixed: a.yaml:8: write `8080`  [lint/service-port]",
      "1 finding fixed in 1 file",
      "Connectivity: 1 pair becomes ALLOWED, 1 pair becomes DENIED; 17 pairs unchanged, 0 unknown (Cilium 1.20)",
    ]);
  });

  it("writes numbers where numbers stand, and JSON as JSON", async () => {
    const object = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "web", namespace: "dev" },
      spec: {
        podSelector: { matchLabels: { app: "web" } },
        policyTypes: ["Egress"],
        egress: [{ to: [{ podSelector: { matchLabels: { app: "api" } } }], ports: [{ port: 80, protocol: "TCP" }] }],
      },
    };
    const list = { apiVersion: "v1", kind: "List", items: [object, ...(JSON.parse(servicesAsJson) as unknown[])] };
    const { text } = await fixed(`${JSON.stringify(list, null, 2)}\n`, [], "a.json");
    assert.equal(
      text,
      `${JSON.stringify(list, null, 2).replace('"port": 80,\n                "protocol"', '"port": 8080,\n                "protocol"')}\n`,
    );
  });

  it("removes an annotation with its last line, and the annotations with their last one", async () => {
    const suppressed = policy(
      "toEntities: [world]",
      `, annotations: { reach.cilium-platform/allow: "lint/every-name: gone" }`,
    );
    assert.equal((await fixed(suppressed)).text, policy("toEntities: [world]"));
    const two = policy(
      "toEntities: [world]",
      `, annotations: { team: shop, reach.cilium-platform/allow: "lint/every-name: gone" }`,
    );
    assert.equal((await fixed(two)).text, policy("toEntities: [world]", ", annotations: { team: shop }"));
  });

  for (const [what, entry] of [
    [
      "a path that may be one path",
      `toPorts: [{ ports: [{ port: "8080", protocol: TCP }], rules: { http: [{ path: /api/ }] } }]`,
    ],
    [
      "a Service's port that begins a range",
      `toEndpoints: [{ matchLabels: { app: api } }]\n      toPorts: [{ ports: [{ port: "80", endPort: 90, protocol: TCP }] }]`,
    ],
    [
      "the API server's Service with a port, which is another one on each cluster",
      `toServices: [{ k8sService: { serviceName: kubernetes, namespace: default } }]\n      toPorts: [{ ports: [{ port: "443", protocol: TCP }] }]`,
    ],
    ["a well-known name that the policy does not speak of", `toFQDNs: [{ matchPattern: "*.ghcr.io" }]`],
    [
      "a label with a foreign source, and an empty list",
      `toEndpoints: [{ matchLabels: { "container:app": api } }]\n    - toCIDR: []`,
    ],
    ["a guardrail that isolates", `toEntities: [world]\n  egressDeny:\n    - toFQDNs: [{ matchName: a.example.org }]`],
  ] as const) {
    it(`leaves alone ${what}`, async () => {
      const text = policy(entry);
      const { text: after, told, out } = await fixed(text);
      assert.equal(after, text);
      assert.equal(told, "nothing to fix: no finding has one certain remedy\n");
      assert.match(out, /\d+ findings?: /);
    });
  }

  it("leaves alone what its author accepts, and what came from standard input", async () => {
    const accepted = policy(
      "toCIDR: [169.254.169.254]",
      `, annotations: { reach.cilium-platform/allow: "reachability/bare-address: as our generator writes it" }`,
    );
    assert.equal((await fixed(accepted)).text, accepted);
  });

  it("leaves each finding that it says to have fixed fixed, and is idempotent, on every case of the rules", async () => {
    const folder = mkdtempSync(join(tmpdir(), "reach-fix-"));
    const before = process.cwd();
    const used = new Set<string>();
    try {
      process.chdir(folder);
      for (const { text, title } of [...cases, ...casesOfMeaning]) {
        writeFileSync("a.yaml", text);
        const { made, texts } = await fixesFor(["a.yaml"], {}, {});
        for (const { path, after } of texts) writeFileSync(path, after);
        const left = (await lint(["a.yaml"])).map(({ code, object, field, what }) =>
          [code, object, field, what].join(" "),
        );
        for (const { finding } of made) {
          used.add(finding.code);
          const { code, object, field, what } = finding;
          assert.ok(!left.includes([code, object, field, what].join(" ")), `${title}: ${what}`);
        }
        assert.deepEqual((await fixesFor(["a.yaml"], {}, {})).made, [], title);
      }
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
    const certain = lintCodes.flatMap(({ code, certain: which }) => (which === undefined ? [] : [code]));
    assert.deepEqual([...used].filter((code) => code.startsWith("lint/")).sort(), [...certain].sort());
  });
});

const servicesAsJson = JSON.stringify([
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "api", namespace: "dev" },
    spec: { selector: { app: "api" }, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "api", namespace: "dev", labels: { app: "api" } },
    spec: { containers: [{ name: "a", image: "a", ports: [{ containerPort: 8080 }] }] },
  },
]);
