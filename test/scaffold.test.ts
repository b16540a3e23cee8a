/** The scaffold command: what it writes for a new service holds by itself and in a stack, and is missed where it is broken. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readOwnPolicies } from "../components/own-policies.ts";
import { baseline } from "../policies/baseline/bundle.ts";
import { environmentIsolation } from "../policies/environment-isolation/bundle.ts";
import { gateway } from "../policies/gateway/bundle.ts";
import { formatProblem } from "../policies/problems.ts";
import { prove } from "../policies/prove.ts";
import { check, lint } from "../reach/index.ts";
import { loadPromises } from "../reach/input/promises.ts";
import { readScaffoldWords } from "../scripts/scaffold/words.ts";
import { contextOf } from "./support/bundle-context.ts";

const program = join(import.meta.dirname, "../scripts/platform.ts");

const reach = join(import.meta.dirname, "../reach/reach.mjs");

/** As the documents have it. */
const documented =
  "npm run scaffold -- orders --namespace dev --environment dev --port 8080 --caller dev/web --calls dev/db:5432,app=db --outside payments.example.com --host orders.example.com --apart uat";

describe("A scaffold", function () {
  this.timeout(60_000);
  let folder = "";
  const home = process.cwd();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "scaffold-"));
    // Places are told relative to the working directory.
    process.chdir(folder);
  });

  afterEach(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  function run(...words: readonly string[]): { readonly code: number | null; readonly said: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, "scaffold", ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    return { code: status, said: `${stdout}${stderr}` };
  }

  function scaffolded(command = documented): string {
    const { code, said } = run(...command.split(" ").slice(4));
    assert.equal(code, 0, said);
    return said;
  }

  const manifests = ["own/policies", "own/workloads"];

  async function broken(service: string): Promise<readonly string[]> {
    const promises = await loadPromises(join("own/promises", service));
    const results = await check(promises, manifests);
    return results.filter(({ kept }) => !kept).map(({ kind, text }) => `${kind} ${text}`);
  }

  async function findings(): Promise<readonly string[]> {
    return (await lint(manifests)).map(({ code, object = "", field = "" }) => `${code} ${object} ${field}`.trim());
  }

  const stack = {
    namespaces: {
      dev: { labels: { environment: "dev", "platform-gateway-access": "true" } },
      uat: { labels: { environment: "uat" } },
    },
    policies: {
      bundles: ["baseline", "gateway", "environment-isolation"],
      environmentIsolation: { environments: ["dev", "uat"] },
    },
  };

  async function provedWith(written: Readonly<Record<string, unknown>> = stack): Promise<readonly string[]> {
    const { own, warnings } = await readOwnPolicies(["own"], "Pulumi.test.yaml");
    assert.deepEqual(warnings, []);
    const proof = prove({
      bundles: [baseline, environmentIsolation, gateway],
      context: contextOf(written),
      apiServer: ["on another node", "on the pod's node"],
      own,
    });
    return [...proof.problems, ...proof.warnings].map(formatProblem);
  }

  it("says what it wrote, what the stack has to say, and what comes next [S1-45]", () => {
    assert.equal(
      scaffolded(),
      "wrote\n" +
        "  own/policies/dev/orders.yaml                    its policies, and those of its neighbours\n" +
        "  own/workloads/dev/orders.yaml                   its Deployment, and what stands before it\n" +
        "  own/promises/dev/orders.yaml                    20 promises\n" +
        "  own/workloads/dev.yaml                          the namespace, as the stack has to make it\n" +
        "  own/workloads/kube-system/coredns.yaml          stands for a neighbour\n" +
        "  own/workloads/platform-gateway/data-plane.yaml  stands for a neighbour\n" +
        "  own/workloads/dev/web.yaml                      stands for a neighbour\n" +
        "  own/workloads/dev/db.yaml                       stands for a neighbour\n" +
        "  own/workloads/dev/stranger.yaml                 stands for a neighbour\n" +
        "  own/workloads/uat/stranger.yaml                 stands for a neighbour\n" +
        "\n" +
        "the stack file says, beside what it says already\n" +
        "  platform:namespaces:\n" +
        "    dev:\n" +
        "      labels:\n" +
        "        environment: dev\n" +
        '        platform-gateway-access: "true"\n' +
        "  platform:policies:\n" +
        "    bundles:\n" +
        "      - baseline\n" +
        "      - gateway\n" +
        "    folders:\n" +
        "      - own\n" +
        "\n" +
        "next\n" +
        "  npx reach lint own/policies own/workloads\n" +
        "  npx reach check own/promises/dev/orders.yaml own/policies own/workloads\n" +
        "  npm run preview -- <stack>\n",
    );
  });

  it("gives every workload its policies on both sides, name resolution, a route and near misses, without a finding [S1-45]", async () => {
    scaffolded();
    assert.deepEqual(await findings(), []);
    assert.deepEqual(await broken("dev/orders.yaml"), []);
    assert.deepEqual(await provedWith(), []);
    const promises = await loadPromises("own/promises/dev/orders.yaml");
    assert.deepEqual(
      promises.map(({ kind, text }) => `${kind} ${text}`),
      [
        "must dev/web -> dev/orders TCP 8080",
        "never dev/web -> dev/orders UDP 8080",
        "never dev/web -> dev/orders TCP 80",
        "must platform-gateway/data-plane -> dev/orders TCP 8080",
        "never platform-gateway/data-plane -> dev/orders UDP 8080",
        "never platform-gateway/data-plane -> dev/orders TCP 80",
        "never dev/stranger -> dev/orders",
        "never world -> dev/orders",
        "must host -> dev/orders all ports",
        "must dev/orders -> kube-system/coredns UDP 53; TCP 53",
        "never dev/orders -> kube-system/coredns TCP 9153",
        "must dev/orders -> dev/db TCP 5432",
        "never dev/orders -> dev/db UDP 5432",
        "never dev/orders -> dev/stranger",
        "never dev/orders -> kube-apiserver",
        "never dev/orders -> not-listed.invalid",
        "must dev/orders -> payments.example.com TCP 443",
        "never dev/orders -> payments.example.com UDP 443",
        "never dev/orders -> uat/*",
        "never uat/* -> dev/orders",
      ],
    );
  });

  for (const command of [
    "npx reach lint own/policies own/workloads",
    "npx reach check own/promises/dev/orders.yaml own/policies own/workloads",
  ]) {
    it(`is followed by the command it prints: ${command}`, () => {
      assert.ok(scaffolded().includes(command));
      const { status, stdout } = spawnSync(process.execPath, [reach, ...command.split(" ").slice(2)], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(status, 0, stdout);
    });
  }

  it("is enough for a service that talks to nobody", async () => {
    scaffolded("npm run scaffold -- quiet --namespace dev");
    assert.deepEqual(await findings(), []);
    assert.deepEqual(await broken("dev/quiet.yaml"), []);
    assert.deepEqual(await provedWith({ namespaces: { dev: {} } }), []);
  });

  it("takes a neighbour that came before for what it is, and is taken for itself by those that come after", async () => {
    scaffolded(
      "npm run scaffold -- web --namespace dev --port 3000 --calls dev/orders:8080 --label app=web --label tier=front",
    );
    const standIn = readFileSync("own/workloads/dev/orders.yaml", "utf8");
    assert.match(standIn, /^# Stands for a workload that is not described here/);
    scaffolded("npm run scaffold -- orders --namespace dev --port 8080 --caller dev/web");
    assert.match(readFileSync("own/workloads/dev/orders.yaml", "utf8"), /kind: Deployment/);
    assert.match(readFileSync("own/policies/dev/orders.yaml", "utf8"), /k8s:app: web\n\s+k8s:tier: front/);
    assert.deepEqual(await findings(), []);
    assert.deepEqual([...(await broken("dev/web.yaml")), ...(await broken("dev/orders.yaml"))], []);
    assert.deepEqual(await provedWith({ namespaces: { dev: {} } }), []);
  });

  it("overwrites nothing, and writes nothing then", () => {
    scaffolded("npm run scaffold -- orders --namespace dev");
    rmSync("own/policies", { recursive: true });
    writeFileSync("own/promises/dev/orders.yaml", "[]\n");
    const { code, said } = run("orders", "--namespace", "dev", "--port", "80");
    assert.equal(code, 1);
    assert.equal(
      said,
      "2 problems\n" +
        "\n" +
        "own/promises/dev/orders.yaml: is there already, and nothing is overwritten\n" +
        "  expected a service that has no files yet\n" +
        "  fix: choose another name or another folder with --into, or take the file away  [scaffold/exists]\n" +
        "\n" +
        "own/workloads/dev/orders.yaml: is there already, and nothing is overwritten\n" +
        "  expected a service that has no files yet\n" +
        "  fix: choose another name or another folder with --into, or take the file away  [scaffold/exists]\n",
    );
    assert.equal(readFileSync("own/promises/dev/orders.yaml", "utf8"), "[]\n");
    assert.ok(!readdirSync("own").includes("policies"));
  });

  it("tells of a namespace that another service brought without what this one needs", () => {
    scaffolded("npm run scaffold -- orders --namespace dev");
    const { code, said } = run("web", "--namespace", "dev", "--port", "80", "--host", "web.example.com");
    assert.equal(code, 1);
    assert.equal(
      said,
      "1 problem\n" +
        "\n" +
        "own/workloads/dev.yaml: the namespace lacks `platform-gateway-access: true`\n" +
        "  expected the labels that the service needs, here and under `namespaces` of the stack\n" +
        "  fix: add them in both places  [scaffold/namespace-labels]\n",
    );
  });

  it("is refused by the stack whose namespace is made otherwise", async () => {
    scaffolded();
    const { namespaces: _, ...rest } = stack;
    const [told = "", ...others] = await provedWith({
      ...rest,
      namespaces: { dev: { labels: { environment: "dev" } }, uat: { labels: { environment: "uat" } } },
    });
    assert.equal(
      told,
      "own/workloads/dev.yaml:2 › Namespace dev › metadata.labels: the stack does not give the namespace `platform-gateway-access: true`\n" +
        "  expected the labels that the namespace will have, since policies may ask for them\n" +
        "  fix: say them under `namespaces.dev.labels` of the stack, or take them out here  [own/namespace-labels]",
    );
    assert.deepEqual(others, []);
  });

  for (const [what, change, found, inStack] of [
    [
      "a workload without name resolution",
      (text: string) =>
        text.replace(/ {4}- toEndpoints:\n {8}- matchLabels:\n.*kube-system\n[^]*?matchPattern: "\*"\n/, ""),
      [
        "reachability/name-never-learned CiliumNetworkPolicy dev/orders-outside-443 spec.egress[0].toFQDNs[0]",
        "lint/no-name-resolution CiliumNetworkPolicy dev/orders spec.egress[0]",
        "lint/no-name-resolution CiliumNetworkPolicy dev/orders-outside-443 spec.egress[0]",
      ],
      "mended by the baseline",
    ],
    [
      "one side of an edge",
      (text: string) =>
        text.replace(/ {4}- fromEndpoints:\n {8}- matchLabels:\n {12}k8s:app.kubernetes.io\/name: web\n[^]*?TCP\n/, ""),
      ["lint/one-sided-edge CiliumNetworkPolicy dev/web-calls-orders spec.egress[0].toEndpoints[0]"],
      "refused",
    ],
  ] as const) {
    it(`that was broken is told of ${what} by lint [S1-45]`, async () => {
      scaffolded();
      const path = "own/policies/dev/orders.yaml";
      const whole = readFileSync(path, "utf8");
      const less = change(whole);
      assert.notEqual(less, whole);
      writeFileSync(path, less);
      assert.deepEqual(await findings(), found);
      assert.equal((await provedWith()).length > 0, inStack === "refused");
    });
  }

  it("is refused for everything that is wrong with its words, at once", () => {
    const { code, said } = run(
      ...["Orders", "--namespace", "kyverno", "--port", "0", "--label", "app", "--caller", "web", "--calls", "dev/db"],
      ...["--outside", "*.example.com:x", "--host", "orders", "--service-port", "http", "--apart", "kyverno"],
    );
    assert.equal(code, 1);
    assert.equal(
      said,
      "12 problems\n" +
        "\n" +
        "--apart: names its own namespace `kyverno`\n" +
        "  expected another one  [scaffold/contradiction]\n" +
        "\n" +
        "--apart: got `kyverno`\n" +
        "  expected a namespace of your own: that one belongs to Kyverno  [scaffold/wrong-word]\n" +
        "\n" +
        "--caller: got `web`\n" +
        "  expected `<namespace>/<name>`, then labels if they differ: `shop/web,app=web`  [scaffold/wrong-word]\n" +
        "\n" +
        "--calls: got `dev/db`\n" +
        "  expected `<namespace>/<name>:<port>`, the port being that of the container  [scaffold/wrong-word]\n" +
        "\n" +
        "--host: got `orders`\n" +
        "  expected a full host name in lower case without a wildcard, for example `shop.example.com`  [scaffold/wrong-word]\n" +
        "\n" +
        "--label: got `app`\n" +
        "  expected `<key>=<value>`  [scaffold/wrong-word]\n" +
        "\n" +
        "--namespace: got `kyverno`\n" +
        "  expected a namespace of your own: that one belongs to Kyverno  [scaffold/wrong-word]\n" +
        "\n" +
        "--outside: got `*.example.com`\n" +
        "  expected a full DNS name in lower case without a wildcard, for example `api.example.com`  [scaffold/wrong-word]\n" +
        "\n" +
        "--outside: got `x`\n" +
        "  expected a whole number from 1 to 65535  [scaffold/wrong-word]\n" +
        "\n" +
        "--port: got `0`\n" +
        "  expected a whole number from 1 to 65535  [scaffold/wrong-word]\n" +
        "\n" +
        "--service-port: got `http`\n" +
        "  expected a whole number from 1 to 65535  [scaffold/wrong-word]\n" +
        "\n" +
        "<service>: got `Orders`\n" +
        "  expected at most 63 of `a`-`z`, `0`-`9` and `-`, starting and ending with a letter or a digit  [scaffold/wrong-word]\n",
    );
  });

  it("is refused for words that contradict each other", () => {
    const { code, said } = run(
      ...["orders", "--namespace", "dev", "--caller", "dev/orders", "--calls", "uat/db:1", "--host", "a.example.com"],
      ...["--apart", "uat", "--apart", "dev"],
    );
    assert.equal(code, 1);
    assert.equal(
      said,
      "5 problems\n" +
        "\n" +
        "--apart: names its own namespace `dev`\n" +
        "  expected another one  [scaffold/contradiction]\n" +
        "\n" +
        "--caller: leads to a service without a port\n" +
        "  expected the ports of its containers\n" +
        "  fix: say --port <port>  [scaffold/contradiction]\n" +
        "\n" +
        "--caller: names the service itself\n" +
        "  expected another workload  [scaffold/contradiction]\n" +
        "\n" +
        "--calls: names `uat/db`, and --apart says that they never meet\n" +
        "  expected one of the two  [scaffold/contradiction]\n" +
        "\n" +
        "--host: leads to a service without a port\n" +
        "  expected the ports of its containers\n" +
        "  fix: say --port <port>  [scaffold/contradiction]\n",
    );
  });

  it("says how it is used where it is asked, and where nobody can tell what is meant", () => {
    for (const words of [["--help"], [], ["a", "b"], ["a"], ["a", "--namspace", "dev"]]) {
      assert.throws(
        () => readScaffoldWords(words),
        /npm run scaffold -- <service> --namespace <namespace>\n {2}--into <folder>/,
      );
    }
  });
});
