/** A stack's own folders: what is read from them, what is refused with its line, and what becomes of it in the proof. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { readOwnPolicies } from "../components/own-policies.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import { formatProblems, ProblemsError } from "../policies/problems.ts";
import { prove, type Proof } from "../policies/prove.ts";
import { contextOf } from "./support/bundle-context.ts";
import { runProgram } from "./support/program.ts";
import { written } from "./support/stacks.ts";

const fixtures = join(import.meta.dirname, "fixtures/own");
const file = "Pulumi.test.yaml";

/** Runs where these files are, since places are told relative to the working directory. */
async function inFolder<T>(files: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "own-policies-"));
  const before = process.cwd();
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text.replace(/^\n/, ""));
    }
    process.chdir(folder);
    return await run();
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

const context = contextOf({ namespaces: { dev: { labels: { team: "shop" } }, open: { isolated: false } } });

async function proofOf(folders: readonly string[]): Promise<Proof> {
  const { own } = await readOwnPolicies(folders, file);
  return prove({ bundles: [baseline], context, apiServer: ["on another node"], own });
}

/** Everything that a person is told of these files, whoever finds it. */
async function told(files: Readonly<Record<string, string>>, folders = ["mine"]): Promise<string> {
  return await inFolder(files, async () => {
    try {
      return formatProblems((await proofOf(folders)).problems);
    } catch (error) {
      if (error instanceof ProblemsError) return formatProblems(error.problems);
      throw error;
    }
  });
}

const cnp = (name: string, namespace: string, more = ""): string => `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: ${name}
  namespace: ${namespace}
${more}spec:
  endpointSelector: {}
  ingress:
    - fromEntities: [health]
`;

describe("A stack's own folder", () => {
  it("is applied, spoken of and promised: policies after those of the bundles, workloads never", async () => {
    const { manifests, results, problems, warnings } = await proofOf([join(fixtures, "good")]);
    assert.equal(formatProblems([...problems, ...warnings]), "");
    assert.deepEqual(
      manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`),
      [
        "NetworkPolicy dev/default-deny",
        "CiliumNetworkPolicy dev/allow-dns",
        "GeneratingPolicy /default-deny-namespaces",
        "ValidatingPolicy /protect-default-deny-netpol",
        "ValidatingPolicy /protect-isolation",
        "CiliumNetworkPolicy dev/api",
        "CiliumNetworkPolicy dev/api-from-web",
      ],
    );
    assert.deepEqual(
      results.slice(-3).map(({ kind, text, kept }) => `${kind} ${text}: ${String(kept)}`),
      [
        "must dev/web -> dev/api TCP 8080: true",
        "never dev/web -> dev/api TCP 80: true",
        "never dev/example -> dev/api: true",
      ],
    );
  });

  it("breaks the proof by a promise that does not hold, with its line", async () => {
    const { problems } = await proofOf([join(fixtures, "broken")]);
    assert.equal(
      formatProblems(problems.map((problem) => ({ ...problem, where: problem.where.replace(`${fixtures}/`, "") }))),
      "broken/promises.yaml:3: `must: dev/example -> dev/other-example TCP 8080` does not hold: " +
        "dev/example -> dev/other-example TCP 8080: denied\n" +
        "      egress: isolated by knp dev/default-deny spec.egress, cnp dev/allow-dns spec.egress[0], and nothing allows it (S2)\n" +
        "        missing: an egress rule for dev/example that allows TCP 8080 to dev/other-example\n" +
        "      ingress: isolated by knp dev/default-deny spec.ingress, and nothing allows it (S2)\n" +
        "        missing: an ingress rule for dev/other-example that allows TCP 8080 from dev/example\n" +
        "  expected it to hold, because neighbours call each other  [policies/broken-promise]",
    );
  });

  it("may break what a bundle promises, and the walk then names its line", async () => {
    const text = await told({
      "mine/policies/open.yaml": cnp("open", "dev").replace("[health]", "[world]"),
    });
    assert.match(text, /bundle baseline, promise 6: `never: world -> dev\/example` does not hold/);
    assert.match(text, /cnp dev\/open spec\.ingress\[0\]: mine\/policies\/open\.yaml:9\n/);
  });

  it("is judged by lint and by Cilium's rules, with the line of the field", async () => {
    const text = await told({
      "mine/policies/a.yaml": `${cnp("first", "dev")}  egress:
    - toFQDNs: [{ matchName: example.org }]
      toPorts:
        - ports: [{ port: "443", protocol: TCP }]
          rules:
            http: [{ path: /orders }]
  enableDefaultDeny: true
`,
    });
    assert.match(text, /a\.yaml:16 › CiliumNetworkPolicy dev\/first › spec\.enableDefaultDeny: `true`/);
    assert.match(
      text,
      /^mine\/policies\/a\.yaml:15 › CiliumNetworkPolicy dev\/first › spec\.egress\[0\]\.toPorts\[0\]\.rules\.http: HTTP/,
    );
  });

  it("is used where a suppression says why", async () => {
    const suppressed = cnp(
      "first",
      "dev",
      `  annotations: { reach.cilium-platform/allow: "lint/http-on-tls-port: h2c" }\n`,
    );
    const rule = `  egress:
    - toEndpoints: [{ matchLabels: { k8s:app: api } }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }], rules: { http: [{ path: /orders }] } }]
`;
    assert.equal(await told({ "mine/policies/a.yaml": suppressed + rule }), "");
    assert.match(await told({ "mine/policies/a.yaml": cnp("first", "dev") + rule }), /\[lint\/http-on-tls-port\]/);
  });

  it("is told which workloads nobody can read, and used all the same", async () => {
    const rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web, namespace: dev }\n";
    await inFolder({ "mine/workloads/a.yaml": rollout, "mine/policies/a.yaml": cnp("a", "dev") }, async () => {
      const { own, warnings } = await readOwnPolicies(["mine"], file);
      assert.equal(
        formatProblems(warnings),
        "mine/workloads/a.yaml:1: Rollout of argoproj.io/v1alpha1 is not read (1 object)\n" +
          "  expected policies, namespaces, services, and pods or the objects by which Kubernetes itself makes pods  [input/kind-not-read]",
      );
      assert.deepEqual(own.workloads, []);
      assert.equal(own.policies.length, 1);
    });
  });

  for (const [what, files, expected] of [
    [
      "a folder that is not there",
      {},
      "Pulumi.test.yaml › policies.folders[0]: there is no folder `mine`\n" +
        "  expected a folder, relative to the project  [own/no-folder]",
    ],
    [
      "a folder that holds nothing it could use",
      { "mine/README.md": "# Ours" },
      "Pulumi.test.yaml › policies.folders[0]: `mine` holds none of them\n" +
        "  expected policies/ (applied), workloads/ (only spoken of), promises.yaml or promises/  [own/empty-folder]",
    ],
    [
      "what stands where nothing reads it",
      { "mine/promises.yaml": "[]", "mine/policy/a.yaml": cnp("a", "dev"), "mine/kustomization.yaml": "resources: []" },
      "mine/kustomization.yaml: nothing reads this here, so what it holds would neither be applied nor proved\n" +
        "  expected policies/ (applied), workloads/ (only spoken of), promises.yaml or promises/  [own/misplaced]\n\n" +
        "mine/policy: nothing reads this here, so what it holds would neither be applied nor proved\n" +
        "  expected policies/ (applied), workloads/ (only spoken of), promises.yaml or promises/\n" +
        "  fix: did you mean `policies/`?  [own/misplaced]",
    ],
    [
      "syntax and promises that cannot be read, all at once",
      { "mine/policies/a.yaml": "kind: [", "mine/promises.yaml": "- must: dev/a to dev/b\n" },
      "mine/policies/a.yaml:1:8: unexpected end of the stream within a flow collection\n" +
        "  expected YAML or JSON  [input/syntax]\n\n" +
        "mine/promises.yaml:1: `dev/a to dev/b` names no two ends\n" +
        "  expected `must: namespace/workload -> namespace/workload TCP 443` or `never: dev/* -> uat/*`  [promises/malformed]",
    ],
    [
      "a workload among what is applied, and any other kind",
      {
        "mine/policies/a.yaml": `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: dev }
spec: { containers: [] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web, namespace: dev }
`,
      },
      "mine/policies/a.yaml:1 › Pod dev/web: `Pod` is no policy, and what stands in policies/ is applied\n" +
        "  expected NetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, CiliumCIDRGroup\n" +
        "  fix: move it to workloads/, where it is only spoken of  [own/not-a-policy]\n\n" +
        "mine/policies/a.yaml:6 › ConfigMap dev/web: `ConfigMap` is no policy, and what stands in policies/ is applied\n" +
        "  expected NetworkPolicy, CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, CiliumCIDRGroup  [own/not-a-policy]",
    ],
    [
      "a policy among what is only spoken of",
      { "mine/workloads/a.yaml": cnp("a", "dev") },
      "mine/workloads/a.yaml:1 › CiliumNetworkPolicy dev/a: `CiliumNetworkPolicy` is a policy, and what stands in workloads/ is never applied\n" +
        "  expected objects that make pods, and Services\n" +
        "  fix: move it to policies/  [own/not-applied]",
    ],
    [
      "namespaces that will not be there, or none",
      {
        "mine/policies/a.yaml": cnp("a", "devs"),
        "mine/workloads/a.yaml":
          "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec: { containers: [{ name: web, image: web }] }\n",
      },
      "mine/policies/a.yaml:5 › CiliumNetworkPolicy devs/a › metadata.namespace: there will be no namespace `devs`\n" +
        "  expected a namespace of the stack, of an add-on that it installs, `default` or `kube-system`\n" +
        "  fix: did you mean `dev`?  [own/namespace]\n\n" +
        "mine/workloads/a.yaml:1 › Pod web › metadata.namespace: the object names no namespace\n" +
        "  expected a namespace of the stack, of an add-on that it installs, `default` or `kube-system`  [own/namespace]",
    ],
    [
      "a name that a bundle uses",
      { "mine/policies/a.yaml": cnp("allow-dns", "dev") },
      "mine/policies/a.yaml:4 › CiliumNetworkPolicy dev/allow-dns › metadata.name: a bundle of the stack brings CiliumNetworkPolicy `dev/allow-dns`\n" +
        "  expected a name that no bundle uses\n" +
        "  fix: call it otherwise, for example `own-allow-dns`: policies add up, whatever they are called  [own/taken]",
    ],
    [
      "a name that Kubernetes does not take [S3-03]",
      { "mine/policies/a.yaml": cnp("readFlightsRule", "dev") },
      "mine/policies/a.yaml:4 › CiliumNetworkPolicy dev/readFlightsRule › metadata.name: the API server takes no object of the name `readFlightsRule`\n" +
        "  expected at most 253 of `a`-`z`, `0`-`9`, `-` and `.`, starting and ending with a letter or a digit\n" +
        "  fix: use small letters, digits, `-` and `.`  [lint/invalid-name]",
    ],
    [
      "one object twice, in two folders",
      { "mine/policies/a.yaml": cnp("a", "dev"), "theirs/policies/a.yaml": cnp("a", "dev") },
      "theirs/policies/a.yaml:1: CiliumNetworkPolicy dev/a is written a second time, first at mine/policies/a.yaml:1\n" +
        "  expected one object of each kind, namespace and name\n" +
        "  fix: remove or rename one of the two  [input/same-name]",
    ],
    [
      "what was read out of a cluster",
      {
        "mine/policies/a.yaml": `${cnp("a", "dev", "  uid: 1f0e\n  creationTimestamp: null\n")}status: { conditions: [] }\n`,
      },
      "mine/policies/a.yaml:1 › CiliumNetworkPolicy dev/a: `status`, `metadata.uid`: not for the author of an object to write\n" +
        "  expected apiVersion, kind, metadata (name, namespace, labels, annotations) and spec\n" +
        "  fix: remove what a cluster added when the object was read out of it  [own/from-a-cluster]",
    ],
    [
      "another version of a kind, and several specs",
      {
        "mine/policies/a.yaml": cnp("a", "dev").replace("cilium.io/v2", "cilium.io/v3"),
        "mine/policies/b.yaml":
          "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: b, namespace: dev }\nspecs: []\n",
      },
      "mine/policies/a.yaml:1 › CiliumNetworkPolicy dev/a › apiVersion: `cilium.io/v3` has no CiliumNetworkPolicy here\n" +
        "  expected `cilium.io/v2`  [own/other-version]\n\n" +
        "mine/policies/b.yaml:1 › CiliumNetworkPolicy dev/b: `specs` holds several policies\n" +
        "  expected one object for each policy, with its `spec`  [own/no-spec]",
    ],
    [
      "a namespace of another labelling",
      {
        "mine/workloads/a.yaml":
          "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: dev\n  labels: { team: shop, tier: gold }\n",
      },
      "mine/workloads/a.yaml:1 › Namespace dev › metadata.labels: the stack does not give the namespace `tier: gold`\n" +
        "  expected the labels that the namespace will have, since policies may ask for them\n" +
        "  fix: say them under `namespaces.dev.labels` of the stack, or take them out here  [own/namespace-labels]",
    ],
    [
      "nothing of a namespace that the stack makes just so",
      {
        "mine/workloads/a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: { name: dev, labels: { team: shop } }\n",
      },
      "",
    ],
  ] as readonly (readonly [string, Readonly<Record<string, string>>, string])[]) {
    it(`is refused for ${what}`, async () => {
      assert.equal(await told(files, foldersIn(files)), expected);
    });
  }
});

function foldersIn(files: Readonly<Record<string, string>>): string[] {
  return [...new Set(["mine", ...Object.keys(files).map((path) => path.split("/")[0] ?? "")])];
}

describe("The program of a stack with own policies", function () {
  this.timeout(60_000);

  const stack = (folder: string) =>
    written("own", {
      target: "kwok",
      namespaces: { dev: {} },
      policies: { folders: [join(fixtures, folder)] },
    });

  it("applies them beside the bundles, letter by letter, and no workload", async () => {
    const { resources, said } = await runProgram(stack("good"));
    const own = resources.filter(({ name }) => name.startsWith("policies-dev-"));
    assert.deepEqual(own.map(({ name }) => name).sort(), [
      "policies-dev-allow-dns",
      "policies-dev-api",
      "policies-dev-api-from-web",
      "policies-dev-default-deny",
    ]);
    assert.deepEqual(own.find(({ name }) => name === "policies-dev-api")?.inputs["spec"], {
      description: "The web front calls the API.",
      endpointSelector: { matchLabels: { "k8s:app": "api" } },
      ingress: [
        {
          fromEndpoints: [{ matchLabels: { "k8s:app": "web" } }],
          toPorts: [{ ports: [{ port: "8080", protocol: "TCP" }] }],
        },
      ],
    });
    assert.doesNotMatch(said, /\[(own|lint|input|policies)\//);
    assert.deepEqual(
      resources.filter(({ inputs }) => JSON.stringify(inputs).includes("example.invalid")).map(({ name }) => name),
      [],
    );
  });

  it("registers nothing where an own promise is broken", async () => {
    await assert.rejects(runProgram(stack("broken")), (error) => {
      assert.ok(error instanceof Error);
      assert.match(
        error.message,
        /promises\.yaml:3: `must: dev\/example -> dev\/other-example TCP 8080` does not hold/,
      );
      return true;
    });
  });
});
