/** Charts: where each comes from, in which order the places win, and what is made where none can be had. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, parseAllDocuments } from "yaml";

import { chartFolder, recentFailure, rememberFailure, type Environment } from "../components/charts/cache.ts";
import { downloadOfficial, indexEntry } from "../components/charts/official.ts";
import { chartPlaces, goModulePlace, officialPlace, originOf, wrapperRevision } from "../components/charts/places.ts";
import { keepingDefinitions, manifestsChart, wrapperFiles } from "../components/charts/wrapper.ts";
import { preparedCharts, prepareCharts, type ChartOptions } from "../components/charts/prepare.ts";
import { charts, type ChartKey, type ChartPin } from "../components/versions.ts";
import { ProblemsError } from "../policies/problems.ts";
import { closableServer, restoredKyverno } from "../scripts/tools/closed-charts.ts";
import { startSite, type Site } from "./support/site.ts";

const keys = Object.keys(charts) as ChartKey[];
const cilium: ChartPin = charts.cilium;
const ciliumName = `cilium-${cilium.version}`;

let folder: string;
let cache: string;
let env: Environment;
let options: ChartOptions;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "charts-"));
  env = { CILIUM_PLATFORM_CACHE: join(folder, "cache") };
  cache = chartFolder(env);
  mkdirSync(cache, { recursive: true });
  options = { stack: "kwok", projectDir: join(folder, "project"), env };
  // No test asks the real upstreams: here they have all just been silent.
  for (const key of keys) rememberFailure(charts[key], cache, "no answer");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function linkOf(name: string): string {
  return readlinkSync(join(options.projectDir, ".platform", "kwok", "charts", name));
}

describe("preparing charts", () => {
  it("points to a chart in the cache by a path that is the same on every machine", async () => {
    const place = officialPlace(cilium, cache);
    writeFileSync(place.path, "archive");
    const { present, missing } = await prepareCharts(["cilium"], options);
    assert.deepEqual(present, [{ key: "cilium", name: "cilium", version: cilium.version, ...place }]);
    assert.deepEqual(missing, []);
    assert.equal(linkOf(ciliumName), place.path);
  });

  it("prefers the official chart to one made here", async () => {
    mkdirSync(goModulePlace(cilium, cache).path);
    assert.equal((await prepareCharts(["cilium"], options)).present[0]?.origin, "go-module");
    writeFileSync(officialPlace(cilium, cache).path, "archive");
    assert.equal((await prepareCharts(["cilium"], options)).present[0]?.origin, "official");
    assert.equal(linkOf(ciliumName), officialPlace(cilium, cache).path);
  });

  for (const [title, file] of [
    ["a folder", ciliumName],
    ["an archive", `${ciliumName}.tgz`],
  ] as const) {
    it(`prefers ${title} in the mirror to everything`, async () => {
      writeFileSync(officialPlace(cilium, cache).path, "archive");
      const mirror = join(folder, "mirror");
      mkdirSync(join(mirror, file), { recursive: true });
      const fromSetting = await prepareCharts(["cilium"], { ...options, chartMirror: mirror });
      assert.equal(fromSetting.present[0]?.origin, "mirror");
      assert.equal(linkOf(ciliumName), join(mirror, file));

      const fromEnvironment = { ...options, env: { ...env, CILIUM_PLATFORM_CHART_MIRROR: mirror } };
      assert.equal((await prepareCharts(["cilium"], fromEnvironment)).present[0]?.origin, "mirror");
    });
  }

  it("finds a mirror relative to the project, and takes the setting before the environment", async () => {
    mkdirSync(join(options.projectDir, "vendor", ciliumName), { recursive: true });
    const both = { ...options, chartMirror: "vendor", env: { ...env, CILIUM_PLATFORM_CHART_MIRROR: "/elsewhere" } };
    assert.equal(
      (await prepareCharts(["cilium"], both)).present[0]?.path,
      join(options.projectDir, "vendor", ciliumName),
    );
  });

  it("takes from elsewhere what the mirror does not have", async () => {
    writeFileSync(officialPlace(cilium, cache).path, "archive");
    const { present } = await prepareCharts(["cilium"], { ...options, chartMirror: folder });
    assert.equal(present[0]?.origin, "official");
  });

  for (const [where, given] of [
    ["chartMirror", { chartMirror: "/no/such/folder" }],
    ["CILIUM_PLATFORM_CHART_MIRROR", { env: { CILIUM_PLATFORM_CHART_MIRROR: "/no/such/folder" } }],
  ] as const) {
    it(`refuses a mirror that is not there, named by ${where}`, async () => {
      await assert.rejects(
        prepareCharts(["cilium"], { ...options, ...given }),
        new ProblemsError([
          {
            code: "charts/mirror-missing",
            where,
            what: "no such folder, got `/no/such/folder`",
            expected: "a folder with charts as `<chart>-<version>` or `<chart>-<version>.tgz`",
          },
        ]),
      );
    });
  }

  it("reports every chart that cannot be had, with the reason, and throws nothing", async () => {
    const { present, missing } = await prepareCharts(keys, options);
    assert.deepEqual(present, []);
    assert.deepEqual(
      missing.map(({ key, reason }) => [key, reason]),
      keys.map((key) => [key, "no answer"]),
    );
  });

  it("tells afterwards where each chart came from", async () => {
    writeFileSync(officialPlace(cilium, cache).path, "archive");
    mkdirSync(goModulePlace(charts.kyverno, cache).path);
    const mirror = join(folder, "mirror");
    mkdirSync(join(mirror, `argo-cd-${charts.argoCd.version}`), { recursive: true });
    const mirrored = { ...options, chartMirror: mirror };
    const { present } = await prepareCharts(keys, mirrored);
    assert.deepEqual(preparedCharts(keys, mirrored), present);
    assert.deepEqual(
      present.map(({ key, origin }) => [key, origin]),
      [
        ["cilium", "official"],
        ["kyverno", "go-module"],
        ["argoCd", "mirror"],
      ],
    );
  });

  it("takes only some milliseconds when the charts are there", async () => {
    writeFileSync(officialPlace(cilium, cache).path, "archive");
    await prepareCharts(["cilium"], options);
    const start = performance.now();
    await prepareCharts(["cilium"], options);
    assert.ok(performance.now() - start < 20);
  });
});

describe("the places of a chart", () => {
  const pin: ChartPin = {
    name: "cilium",
    version: "1.0.0",
    appVersion: "1.0.1",
    upstream: { kind: "repository", url: "https://charts.example" },
  };
  it("are asked in this order", () => {
    assert.deepEqual(chartPlaces(pin, "/cache/charts", "/mirror"), [
      { origin: "mirror", path: "/mirror/cilium-1.0.0" },
      { origin: "mirror", path: "/mirror/cilium-1.0.0.tgz" },
      { origin: "official", path: "/cache/charts/cilium-1.0.0-official.tgz" },
      { origin: "go-module", path: `/cache/charts/cilium-1.0.0-module-1.0.1-r${String(wrapperRevision)}` },
    ]);
    assert.equal(chartPlaces(pin, "/cache/charts", undefined).length, 2);
  });

  it("are recognised again", () => {
    for (const { origin, path } of chartPlaces(pin, "/cache/charts", "/mirror")) {
      assert.equal(originOf(path, "/cache/charts"), origin, path);
    }
  });
});

describe("an upstream that did not answer", () => {
  const day = 24 * 3600 * 1000;
  it("is not asked again for a day", () => {
    assert.equal(recentFailure(cilium, cache), "no answer");
    assert.equal(recentFailure(cilium, cache, Date.now() + day - 60_000), "no answer");
    assert.equal(recentFailure(cilium, cache, Date.now() + day + 60_000), undefined);
    rememberFailure(cilium, cache);
    assert.equal(recentFailure(cilium, cache), undefined);
  });
});

describe("downloading a chart", () => {
  const archive = Buffer.from("the chart");
  const sha256 = createHash("sha256").update(archive).digest("hex");
  let site: Site;
  beforeEach(async () => {
    site = await startSite({});
  });
  afterEach(() => site.close());

  function pinned(upstream: ChartPin["upstream"], more: Partial<ChartPin> = {}): ChartPin {
    return { name: "kyverno", version: "1.2.3", appVersion: "4.5.6", upstream, ...more };
  }
  function serveIndex(digest: string | undefined): void {
    const entry = { version: "1.2.3", urls: ["archives/kyverno-1.2.3.tgz"], digest };
    site.pages["/charts/index.yaml"] = JSON.stringify({ entries: { kyverno: [{ version: "1.2.2" }, entry] } });
    site.pages["/charts/archives/kyverno-1.2.3.tgz"] = archive;
  }

  it("from a repository takes what the index names and checks it", async () => {
    serveIndex(sha256);
    const pin = pinned({ kind: "repository", url: `${site.url}/charts` });
    assert.deepEqual(await downloadOfficial(pin, cache), officialPlace(pin, cache));
    assert.deepEqual(readFileSync(officialPlace(pin, cache).path), archive);
  });

  for (const [title, digest, more] of [
    ["the index", "0".repeat(64), {}],
    ["our pin", sha256, { sha256: "0".repeat(64) }],
  ] as const) {
    it(`refuses an archive that is not what ${title} says, keeps nothing, and asks again next time`, async () => {
      serveIndex(digest);
      const pin = pinned({ kind: "repository", url: `${site.url}/charts` }, more);
      assert.deepEqual(await downloadOfficial(pin, cache), {
        reason:
          `${site.url}/charts/archives/kyverno-1.2.3.tgz: checksum mismatch, got \`${sha256}\`, expected ` +
          `\`${"0".repeat(64)}\`; put kyverno-1.2.3.tgz into a folder named by chartMirror`,
      });
      assert.equal(readdirSync(cache).filter((name) => name.startsWith("kyverno-1.2.3")).length, 0);
      assert.equal(recentFailure(pin, cache), undefined);
    });
  }

  it("is remembered as failed when the upstream does not answer", async () => {
    const pin = pinned(
      { kind: "repository", url: `${site.url}/nothing` },
      { closedNetwork: { tool: "kyverno", module: "m", folder: "f" } },
    );
    const reason =
      `${site.url}/nothing/index.yaml: 404 Not Found; \`npm run setup\` makes it from its Go module, ` +
      "or put kyverno-1.2.3.tgz into a folder named by chartMirror";
    assert.deepEqual(await downloadOfficial(pin, cache), { reason });
    assert.equal(recentFailure(pin, cache), reason);
  });

  it("needs an index with the version and its digest", () => {
    const of =
      (entries: unknown): (() => unknown) =>
      () =>
        indexEntry({ entries } as never, { name: "kyverno", version: "1.2.3" }, "https://charts.example/");
    assert.deepEqual(
      of({ kyverno: [{ version: "v1.2.3", urls: ["https://cdn.example/k.tgz"], digest: `sha256:${sha256}` }] })(),
      {
        url: "https://cdn.example/k.tgz",
        sha256,
      },
    );
    assert.throws(of({}), new Error("https://charts.example/ has no kyverno 1.2.3"));
    assert.throws(
      of({ kyverno: [{ version: "1.2.3", urls: ["k.tgz"] }] }),
      new Error("https://charts.example/ gives no digest for kyverno 1.2.3"),
    );
  });

  it("from a registry takes the chart layer and checks it", async () => {
    const type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    const layers = [
      { mediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov", digest: `sha256:${"0".repeat(64)}` },
      { mediaType: type, digest: `sha256:${sha256}` },
    ];
    site.pages["/v2/charts/kyverno/manifests/1.2.3"] = JSON.stringify({ layers });
    site.pages[`/v2/charts/kyverno/blobs/sha256:${sha256}`] = archive;
    const pin = pinned({ kind: "oci", url: `oci://${site.host}/charts/kyverno` });
    assert.deepEqual(await downloadOfficial(pin, cache), officialPlace(pin, cache));
    assert.deepEqual(readFileSync(officialPlace(pin, cache).path), archive);

    site.pages[`/v2/charts/kyverno/blobs/sha256:${sha256}`] = "tampered";
    rmSync(officialPlace(pin, cache).path);
    assert.ok("reason" in (await downloadOfficial(pin, cache)));
    assert.equal(existsSync(officialPlace(pin, cache).path), false);
  });

  it("of plain manifests makes a chart of them", async () => {
    site.pages["/install.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    const pin = pinned({ kind: "manifests", url: `${site.url}/install.yaml` });
    const place = await downloadOfficial(pin, cache);
    assert.ok("path" in place);
    assert.deepEqual(readdirSync(place.path).sort(), ["Chart.yaml", "files", "templates"]);
    assert.equal(readdirSync(cache).filter((name) => name.startsWith("kyverno-1.2.3")).length, 1);
  });

  it("works when two programs are at it", async () => {
    serveIndex(sha256);
    const pin = pinned({ kind: "repository", url: `${site.url}/charts` });
    const place = officialPlace(pin, cache);
    assert.deepEqual(await Promise.all([downloadOfficial(pin, cache), downloadOfficial(pin, cache)]), [place, place]);
    assert.deepEqual(readFileSync(place.path), archive);
    assert.equal(readdirSync(cache).filter((name) => name.startsWith("kyverno-1.2.3")).length, 1);
  });
});

describe("a chart around manifests", () => {
  const definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a\n";
  it("prints every file as it is, templates or not", () => {
    const files = wrapperFiles(
      { name: "a", version: "1.0.0", appVersion: "1.0.0", description: "d" },
      { "b.yaml": "x: {{ .Values.y }}\n" },
    );
    assert.equal(files["files/b.yaml"], "x: {{ .Values.y }}\n");
    assert.deepEqual(parse(files["Chart.yaml"] ?? ""), {
      apiVersion: "v2",
      type: "application",
      name: "a",
      version: "1.0.0",
      appVersion: "1.0.0",
      description: "d",
    });
  });

  it("keeps definitions on uninstall, with and without annotations of their own, and only definitions", () => {
    const annotated = `${definition}  annotations: { b: "1" }\n`;
    const other = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";
    const documents = parseAllDocuments(keepingDefinitions([definition, annotated, other, ""].join("---\n")));
    assert.deepEqual(
      documents.map((document) => (document.toJS() as { metadata: { annotations?: unknown } }).metadata.annotations),
      [{ "helm.sh/resource-policy": "keep" }, { b: "1", "helm.sh/resource-policy": "keep" }, undefined],
    );
  });
});

describe("Argo CD's manifests", () => {
  const policy = (name: string): string => `kind: NetworkPolicy\nmetadata:\n  name: ${name}\n`;

  it("lose the policy that lets everyone reach the server, and nothing else", () => {
    const service = "kind: Service\nmetadata:\n  name: argocd-server-network-policy\n";
    const redis = policy("argocd-redis-network-policy");
    assert.equal(
      closableServer([service, policy("argocd-server-network-policy"), redis].join("---\n")),
      `---\n${service}---\n${redis}`,
    );
  });

  it("are refused when they no longer hold it", () => {
    assert.throws(
      () => closableServer(policy("server")),
      new Error("Argo CD's manifests hold no argocd-server-network-policy"),
    );
  });
});

describe("Kyverno's chart without its remote sub-charts", () => {
  const chartYaml = `name: kyverno
version: 3.9.1
dependencies:
  - name: crds
    version: 3.9.1
  - name: kyverno-api
    version: 0.0.1-alpha.4
    repository: https://kyverno.example/api
    condition: crds.install
  - name: reports-server
    version: 0.1.6
    repository: https://kyverno.example/reports-server
`;
  const files = restoredKyverno(
    { "Chart.yaml": chartYaml, "Chart.lock": "digest", "values.yaml": "a: 1\n" },
    { "policies.yaml": "kind: CustomResourceDefinition\n" },
    "1.19.1",
  );

  it("drops what lies elsewhere, with the lock that names it", () => {
    const { dependencies } = parse(files["Chart.yaml"] ?? "") as { dependencies: { name: string }[] };
    assert.deepEqual(
      dependencies.map(({ name }) => name),
      ["crds", "kyverno-api"],
    );
    assert.equal("Chart.lock" in files, false);
    assert.equal(files["values.yaml"], "a: 1\n");
  });

  it("has its API sub-chart made from the module's own definitions, in the version that it asks for", () => {
    const chart = parse(files["charts/kyverno-api/Chart.yaml"] ?? "") as Record<string, string>;
    assert.equal(chart["version"], "0.0.1-alpha.4");
    assert.equal(files["charts/kyverno-api/files/policies.yaml"], "kind: CustomResourceDefinition\n");
  });

  it("comes out as this revision says, like every chart we make: whoever changes one raises wrapperRevision", () => {
    const pin: ChartPin = {
      name: "gateway-api",
      version: "1.0.0",
      appVersion: "1.0.0",
      upstream: { kind: "manifests", url: "https://manifests.example" },
    };
    const policies = "kind: NetworkPolicy\nmetadata: { name: argocd-server-network-policy }\n---\nkind: Service\n";
    const made = [
      manifestsChart(pin, "kind: CustomResourceDefinition\nmetadata: { name: a }\n"),
      files,
      closableServer(policies),
    ];
    const hash = createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 16);
    assert.deepEqual({ wrapperRevision, hash }, { wrapperRevision: 2, hash: "52b258f2467af5b0" });
  });

  it("is refused when the chart no longer asks for it", () => {
    assert.throws(
      () => restoredKyverno({ "Chart.yaml": "dependencies:\n  - name: crds\n" }, {}, "1.19.1"),
      new Error("Kyverno's Chart.yaml names no kyverno-api"),
    );
  });
});
