/**
 * The commands that our documents tell their readers to type, typed: by a shell, as they stand there.
 *
 * test/docs.test.ts holds every command of every document against this file.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { toolPaths } from "../../scripts/tools/tool-paths.ts";
import { commandsIn, fencesIn, sectionOf, textOf } from "../support/documents.ts";
import { Cluster } from "./support/cluster.ts";
import { inSequence } from "./support/hooks.ts";
import { Project } from "./support/project.ts";
import { outputOf, start, type Said } from "./support/running.ts";

describe("the commands of the documents", function () {
  const project = new Project();
  const { path, pulumiHome = "" } = toolPaths(["pulumi", "pulumi-resource-kubernetes", "kubectl"]);

  /** Somebody's own Pulumi: their CLI, their backend, their passphrase. */
  const ownPulumi = {
    PATH: [dirname(path.pulumi ?? ""), dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${join(project.dir, "own-state")}`,
    PULUMI_CONFIG_PASSPHRASE: "their own",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Nobody is at the keyboard.
    PULUMI_SKIP_CONFIRMATIONS: "true",
  };

  /** Somebody's own kubectl, which speaks to the cluster that `up` made. */
  const ownKubectl = {
    PATH: [dirname(path.kubectl ?? ""), process.env["PATH"] ?? ""].join(delimiter),
    KUBECONFIG: join(project.dir, ".platform/kwok/kubeconfig"),
  };

  async function type(command: string): Promise<Said> {
    const own = command.startsWith("pulumi") ? ownPulumi : command.startsWith("kubectl") ? ownKubectl : {};
    return await start(command, "bash", ["-c", command], { cwd: project.dir, env: { ...process.env, ...own } }).done;
  }

  async function succeeds(command: string): Promise<string> {
    return outputOf(await type(command));
  }

  function lastLine(output: string): string {
    return output.trimEnd().split("\n").at(-1) ?? "";
  }

  const withoutAddOns = {
    "platform:kyverno": { enabled: false },
    "platform:argocd": { enabled: false },
    "platform:gateway": { enabled: false },
  };

  inSequence();

  before(() => {
    mkdirSync(join(project.dir, "own-state"));
    // Only quicker: the story has them all.
    for (const stack of ["kwok", "kind"]) {
      project.configure(stack, (config) => Object.assign(config, withoutAddOns));
    }
  });

  after(async () => {
    await project.remove();
  });

  for (const command of [
    "npm run setup -- kwok",
    "npm run images -- kwok",
    "npm run golden",
    "npm run docs",
    "npm run format",
    "cp Pulumi.kwok.yaml Pulumi.second.yaml",
    "npm run preview -- second",
    "pulumi stack init aks",
    "pulumi stack init prod --copy-config-from aks",
    "pulumi stack init kind",
    "pulumi preview -s kind",
    "npm run up",
    "npm run preview",
    "npm run preview -- kwok --refresh --expect-no-changes",
    "npm run refresh -- kwok",
  ]) {
    it(command, async () => {
      await succeeds(command);
    });
  }

  it("copy a stack file that says nothing of the stack it came from", () => {
    const [aks, prod] = ["aks", "prod"].map((stack) =>
      project
        .read(`Pulumi.${stack}.yaml`)
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("encryptionsalt:"))
        .sort(),
    );
    assert.deepEqual(prod, aks);
  });

  // Of the page on troubleshooting.
  for (const [id, command, expected] of [
    ["S0-17", "npm run doctor -- kwok", /^ok {3}DaemonSet cilium [1-9]\d* of \d+\n(ok .*\n){4,}$/m],
    ["S0-17", "kubectl get cnp,ccnp -A", /^dev +\S*allow-dns +\S+ +True$/m],
    ["S0-17", "kubectl wait --for=condition=Valid cnp --all -A --timeout=60s", /allow-dns condition met/],
    ["S0-17", "kubectl get cep -A", /^No resources found/],
    ["S0-19", "kubectl --namespace kube-system get pods --selector k8s-app=cilium", /^cilium-\w+ +1\/1 +Running/m],
    ["S4-13", "kubectl --namespace kube-system get daemonsets,deployments", /daemonset\.apps\/cilium-envoy/],
    ["S0-26", "kubectl --namespace dev describe cnp allow-dns", /Message: +Policy validation succeeded/],
    ["S0-35", "kubectl --namespace kube-system get pods --selector k8s-app=kube-dns", /^No resources found/],
    [
      "S0-33",
      "kubectl --namespace dev run test-dns-policy --image=busybox --restart=Never -- sh -c 'nslookup kubernetes.default.svc.cluster.local; sleep 3600'",
      /pod\/test-dns-policy created/,
    ],
    ["S0-34", "kubectl --namespace dev get pods --show-labels", /run=test-dns-policy/],
    ["S0-33", "kubectl --namespace dev delete pod test-dns-policy", /"test-dns-policy" deleted/],
    [
      "S1-57",
      "kubectl --namespace platform-gateway get pods --selector app.kubernetes.io/name=platform-nginx",
      /^No resources found/,
    ],
    [
      "S1-57",
      "kubectl --namespace platform-gateway describe pods --selector app.kubernetes.io/name=platform-nginx",
      /^No resources found/,
    ],
    [
      "S1-57",
      "kubectl --namespace platform-gateway logs --tail=200 --selector app.kubernetes.io/name=platform-nginx",
      /^No resources found/,
    ],
  ] as const) {
    it(`${command} [${id}]`, async () => {
      assert.match(await succeeds(command), expected);
    });
  }

  it("refuses what the kind does not have, before anything is applied [S0-18]", async () => {
    const command = "kubectl apply --dry-run=server -f test/fixtures/reach/seeds/000-apim-openai/policies.yaml";
    const { code, output } = await type(command);
    assert.equal(code, 1, output);
    assert.match(output, /unknown field "spec\.egressDeny\[0\]\.toFQDNs"/);
    assert.match(output, /spec\.enableDefaultDeny in body must be of type object: "boolean"/);
    assert.match(output, /ciliumnetworkpolicy\.cilium\.io\/app-to-apim created \(server dry run\)/);
  });

  // Of the page on migration.
  const flow = {
    time: "2026-11-20T08:00:00Z",
    verdict: "FORWARDED",
    Type: "L3_L4",
    source: { namespace: "dev", pod_name: "example" },
    destination: { namespace: "kube-system", pod_name: "coredns" },
    l4: { UDP: { source_port: 41234, destination_port: 53 } },
  };

  it("save policies, and show what they come to [S0-38]", async () => {
    assert.equal(
      lastLine(await succeeds("npm run backup -- kwok --into saved")),
      "saved 2 CiliumNetworkPolicy, 2 NetworkPolicy",
    );
    await succeeds("kubectl get pods,namespaces,services -A -o yaml > running.yaml");
    assert.match(await succeeds("npx reach matrix saved running.yaml"), /pairs may talk/);
    await succeeds("npx reach lint saved running.yaml");
  });

  it("put back what is gone, and refuse what was changed since [S0-38]", async () => {
    const cluster = new Cluster(project.kubeconfig("kwok"));
    await cluster.deletePolicy("dev", "allow-dns");
    const tried = await succeeds("npm run restore -- kwok --from saved");
    assert.match(
      tried,
      /: 3 as before\n {2}create {5}CiliumNetworkPolicy dev\/allow-dns\nnothing has been done: say --yes\n$/,
    );
    assert.match(await succeeds("npm run restore -- kwok --from saved --yes"), /\nrestored 1\n$/);
    assert.equal(await cluster.policyValidity("dev", "allow-dns"), "True");

    await cluster.deletePolicy("dev", "allow-dns");
    await cluster.applyPolicy("dev", "allow-dns", [{ port: "80", protocol: "TCP" }]);
    await cluster.deletePolicy("uat", "allow-dns");
    const { code, output } = await type("npm run restore -- kwok --from saved --yes");
    assert.equal(code, 1, output);
    assert.match(
      output,
      /CiliumNetworkPolicy dev\/allow-dns: was deleted and made anew since the backup of [^:]+:\d\d:[^:]+: metadata\.labels, spec\./,
    );
    // Nothing was done, not even what could have been.
    assert.equal(await cluster.policyValidity("dev", "allow-dns"), "True");
    assert.equal(lastLine(await succeeds("npm run doctor -- kwok")), "ok   1 policies");
    assert.match(await succeeds("npm run restore -- kwok --from saved --overwrite --yes"), /\nrestored 2\n$/);
    assert.match(await succeeds("npm run restore -- kwok --from saved"), /: 4 as before\n$/);
  });

  it("say what enforcing an observed bundle would close [S0-38]", async () => {
    writeFileSync(join(project.dir, "flows.jsonl"), `${JSON.stringify({ flow })}\n`);
    const before = project.read("Pulumi.kwok.yaml");
    project.configure("kwok", (config) => {
      config["platform:policies"] = { observe: ["baseline"] };
    });
    try {
      const said = await succeeds("npm run observe -- kwok --flows flows.jsonl --workloads running.yaml");
      assert.match(said, /enforced, they would close no connection that was used\n$/);
    } finally {
      writeFileSync(join(project.dir, "Pulumi.kwok.yaml"), before);
    }
  });

  it("write NetworkPolicies that an API server takes [S1-54]", async () => {
    await succeeds("npm run --silent export -- --stack kwok --to kubernetes > plain.yaml");
    const taken = await succeeds("kubectl apply --dry-run=server -f plain.yaml");
    assert.match(taken, /networkpolicy\.networking\.k8s\.io\/allow-dns created \(server dry run\)/);
    await succeeds(
      "npm run --silent export -- --stack kwok --to kubernetes --inside 10.0.0.0/14 --inside 10.128.0.0/20 --into plain",
    );
  });

  it("adopt a Helm release that was there before, change it without a replacement, and give it back", async () => {
    const text = sectionOf(textOf("docs/brownfield.md"), "## A Helm release that somebody else installed");
    const [stackFile = ""] = fencesIn(text, "yaml");
    writeFileSync(join(project.dir, "Pulumi.theirs.yaml"), stackFile);
    writeFileSync(join(project.dir, "kubeconfig.yaml"), project.kubeconfig("kwok"));
    const commands = commandsIn(text);
    assert.equal(commands.length, 8);

    const said = new Map<string, string>();
    for (const command of commands) said.set(command, await succeeds(command));

    const preview = said.get("pulumi preview --stack theirs --diff") ?? "";
    assert.match(preview, /~ kubernetes:helm\.sh\/v3:Release: \(update\)\s+\[id=kube-system\/cilium\]/);
    assert.doesNotMatch(preview, /\(replace|to replace/);
    // Forgotten, and still there: upgraded once by the adoption.
    const releases = await new Cluster(project.kubeconfig("kwok")).releases();
    assert.deepEqual(releases, { "kube-system/cilium": "deployed" });
    const state = readFileSync(join(project.dir, "own-state/.pulumi/stacks/platform/theirs.json"), "utf8");
    assert.doesNotMatch(state, /cilium-release/);
  });

  it("npm run down", async () => {
    await succeeds("npm run down");
  });
});
