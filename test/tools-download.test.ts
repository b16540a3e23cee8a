/** Downloads: what is verified arrives, what is not leaves nothing behind. All sites here are fakes on loopback. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tar from "tar";

import { ChecksumError, downloadFile, downloadText, patience, unreachable } from "../components/charts/download.ts";
import { parseReference, Registry, tokenUrl } from "../components/charts/registry.ts";
import { ProblemsError } from "../policies/problems.ts";
import { readBuildInput, type BuildInput } from "../scripts/tools/build-input.ts";
import { officialSites } from "../scripts/tools/official-files.ts";
import { downloadTool } from "../scripts/tools/official.ts";
import { fetchFromImage, operatorImage } from "../scripts/tools/operator-image.ts";
import { answeringHosts } from "../scripts/tools/probe.ts";
import { recipes, type RecipeName } from "../scripts/tools/recipes.ts";
import { workplace, type Workplace } from "../scripts/tools/tool-paths.ts";
import { breaksAfter, startSite, type Site } from "./support/site.ts";

const content = Buffer.from("the binary ".repeat(500));
const sha256 = digestOf(content);

function digestOf(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

let folder: string;
let site: Site;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tools-download-"));
  site = await startSite({ "/file": content });
});

afterEach(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a downloaded file", () => {
  it("arrives whole and verified", async () => {
    await downloadFile(`${site.url}/file`, join(folder, "a", "file"), { sha256 });
    assert.deepEqual(readFileSync(join(folder, "a", "file")), content);
    assert.deepEqual(readdirSync(join(folder, "a")), ["file"]);
  });

  it("with another content is refused and not kept", async () => {
    const promised = digestOf("something else");
    await assert.rejects(
      downloadFile(`${site.url}/file`, join(folder, "file"), { sha256: promised }),
      new ChecksumError(`${site.url}/file: checksum mismatch, got \`${sha256}\`, expected \`${promised}\``),
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it("that was interrupted is not there, and the next try goes on where it stopped", async () => {
    const target = join(folder, "file");
    site.pages["/file"] = breaksAfter(2000, content);
    await assert.rejects(downloadFile(`${site.url}/file`, target, { sha256 }));
    assert.equal(existsSync(target), false);
    const [partial = ""] = readdirSync(folder);
    const received = statSync(join(folder, partial)).size;
    assert.ok(received > 0 && received < content.length, String(received));

    site.pages["/file"] = content;
    await downloadFile(`${site.url}/file`, target, { sha256 });
    assert.deepEqual(readFileSync(target), content);
    assert.equal(site.requests.at(-1), `GET /file bytes=${String(received)}-`);
  });

  it("whose beginning was damaged is fetched again from the start", async () => {
    const target = join(folder, "file");
    writeFileSync(`${target}.${sha256.slice(0, 12)}.partial`, "damaged");
    await downloadFile(`${site.url}/file`, target, { sha256 });
    assert.deepEqual(readFileSync(target), content);
    assert.deepEqual(site.requests, ["GET /file bytes=7-", "GET /file"]);
  });

  it("that had arrived but was not yet checked is not fetched again", async () => {
    const target = join(folder, "file");
    writeFileSync(`${target}.${sha256.slice(0, 12)}.partial`, content);
    await downloadFile(`${site.url}/file`, target, { sha256 });
    assert.deepEqual(readFileSync(target), content);
    assert.deepEqual(site.requests, [`GET /file bytes=${String(content.length)}-`]);
  });

  it("from a site that never answers is given up after a short time", async () => {
    site.pages["/silent"] = () => undefined;
    await assert.rejects(
      downloadText(`${site.url}/silent`, { answerMs: 50 }),
      new Error(`${site.host} did not answer within 0.05 s`),
    );
    assert.equal(patience.answerMs, 2_500);
  });

  it("from a site that says no is refused with what it says", async () => {
    await assert.rejects(downloadText(`${site.url}/missing`), { message: `${site.url}/missing: 404 Not Found` });
  });

  it("names the cause that fetch hides", () => {
    const hidden = new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND charts.example") });
    assert.equal(
      unreachable("https://charts.example/index.yaml", hidden),
      "charts.example does not answer (getaddrinfo ENOTFOUND charts.example)",
    );
  });
});

describe("hosts that answer", () => {
  it("are asked once each, and one that fails is left out", async () => {
    const asked: string[] = [];
    const sites = ["https://a.example", "https://b.example", "https://a.example"];
    const answering = await answeringHosts(sites, (url) => {
      asked.push(url);
      return url.includes("b.example") ? Promise.reject(new Error("no")) : Promise.resolve();
    });
    assert.deepEqual(answering, ["a.example"]);
    assert.deepEqual(asked.sort(), ["https://a.example/", "https://b.example/"]);
  });
});

describe("an official tool", () => {
  let at: Workplace;
  beforeEach(() => {
    at = { ...workplace({ CILIUM_PLATFORM_CACHE: folder }), platform: { os: "linux", arch: "amd64" } };
  });

  /** A version that nobody has pinned, so that the fake site's own checksum counts. */
  function inputOf(name: RecipeName): BuildInput {
    const recipe = recipes.find((candidate) => candidate.name === name);
    assert.ok(recipe);
    return { ...readBuildInput(recipe, at.root, at.packages, at.platform), version: "0.0.0" };
  }
  function download(name: RecipeName): Promise<void> {
    const sites = { ...officialSites, github: site.url, githubApi: site.url, helm: site.url };
    return downloadTool(inputOf(name), { name, at, sites });
  }
  const kind = "/kubernetes-sigs/kind/releases/download/v0.0.0/kind-linux-amd64";

  it("that is a bare binary is put into the cache, executable", async () => {
    Object.assign(site.pages, { [kind]: content, [`${kind}.sha256sum`]: `${sha256}  kind-linux-amd64\n` });
    await download("kind");
    const binary = join(at.tools, "kind", "bin", "kind");
    assert.deepEqual(readFileSync(binary), content);
    assert.equal(statSync(binary).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(at.scratch), []);
  });

  it("that is an archive is taken out of it", async () => {
    mkdirSync(join(folder, "source", "linux-amd64"), { recursive: true });
    writeFileSync(join(folder, "source", "linux-amd64", "helm"), content, { mode: 0o755 });
    const archive = join(folder, "helm.tar.gz");
    await tar.create({ gzip: true, file: archive, cwd: join(folder, "source") }, ["linux-amd64/helm"]);
    const bytes = readFileSync(archive);
    const path = "/helm-v0.0.0-linux-amd64.tar.gz";
    Object.assign(site.pages, { [path]: bytes, [`${path}.sha256sum`]: digestOf(bytes) });
    await download("helm");
    assert.deepEqual(readFileSync(join(at.tools, "helm", "bin", "helm")), content);
  });

  it("with digests at GitHub is verified by those", async () => {
    const assets = ["kwok-linux-amd64", "kwokctl-linux-amd64"].map((name) => ({ name, digest: `sha256:${sha256}` }));
    const files = assets.map(({ name }) => [`/kubernetes-sigs/kwok/releases/download/v0.0.0/${name}`, content]);
    Object.assign(site.pages, Object.fromEntries(files), {
      "/repos/kubernetes-sigs/kwok/releases/tags/v0.0.0": JSON.stringify({ assets }),
    });
    await download("kwok");
    assert.deepEqual(readdirSync(join(at.tools, "kwok", "bin")), ["kwok", "kwokctl"]);
  });

  it("with a wrong checksum is refused and leaves nothing in the cache", async () => {
    const promised = digestOf("something else");
    Object.assign(site.pages, { [kind]: content, [`${kind}.sha256sum`]: promised });
    await assert.rejects(
      download("kind"),
      new ProblemsError([
        {
          code: "tools/download-checksum",
          where: "kind 0.0.0",
          what: `${site.url}${kind}: checksum mismatch, got \`${sha256}\`, expected \`${promised}\``,
          expected: "exactly the file that upstream released",
          fix: "do not go on: find out what stands between you and the download site",
        },
      ]),
    );
    assert.equal(existsSync(join(at.tools, "kind")), false);
    assert.deepEqual(readdirSync(at.scratch), []);
    assert.deepEqual(readdirSync(join(folder, "partial")), []);
  });

  it("without any checksum is refused", async () => {
    Object.assign(site.pages, { [kind]: content, [`${kind}.sha256sum`]: "<html></html>" });
    await assert.rejects(
      download("kind"),
      new ProblemsError([
        {
          code: "tools/download-failed",
          where: "kind 0.0.0",
          what: `no checksum is published for ${site.url}${kind}`,
          expected: "the official download to succeed",
          fix: "run the same command again (it goes on where it stopped), or use --tools=build",
        },
      ]),
    );
    assert.equal(existsSync(join(at.tools, "kind")), false);
  });
});

describe("a tool that its vendor's own means fetch", () => {
  let at: Workplace;
  beforeEach(() => {
    at = { ...workplace({ CILIUM_PLATFORM_CACHE: join(folder, "cache") }), platform: { os: "linux", arch: "amd64" } };
  });
  function inputOf(name: RecipeName): BuildInput {
    const recipe = recipes.find((candidate) => candidate.name === name);
    assert.ok(recipe);
    return readBuildInput(recipe, at.root, at.packages, at.platform);
  }
  /** A clone in which the npm package of the CLI is this script. */
  function cloneWithShim(script: string): string {
    const root = join(folder, "clone");
    mkdirSync(join(root, "node_modules", "pulumi"), { recursive: true });
    writeFileSync(join(root, "node_modules", "pulumi", "run.js"), script);
    return root;
  }

  it("is the CLI with everything that comes beside it, in a home of its own", async () => {
    const root = cloneWithShim(`
      const { writeFileSync } = require("node:fs");
      const bin = process.env.PULUMI_HOME + "/versions/" + process.env.PULUMI_VERSION + "/bin/";
      for (const name of ["pulumi", "pulumi-language-nodejs"]) writeFileSync(bin + name, "official");
    `);
    await downloadTool(inputOf("pulumi"), { name: "pulumi", at: { ...at, root } });
    assert.deepEqual(readdirSync(join(at.tools, "pulumi", "bin")), ["pulumi", "pulumi-language-nodejs"]);
    assert.deepEqual(readdirSync(at.scratch), []);
  });

  it("leaves nothing when it fails, and repeats what it said", async () => {
    const root = cloneWithShim('console.error("Downloading pulumi\\ncurl: (6) no such host"); process.exit(1);');
    await assert.rejects(downloadTool(inputOf("pulumi"), { name: "pulumi", at: { ...at, root } }), {
      message: /run\.js version: Downloading pulumi; curl: \(6\) no such host/,
    });
    assert.equal(existsSync(join(at.tools, "pulumi")), false);
    assert.deepEqual(readdirSync(at.scratch), []);
  });

  it("is the provider, installed by the CLI", async () => {
    const pulumi = join(folder, "pulumi");
    const plugin = "$PULUMI_HOME/plugins/$3-$4-v$5";
    writeFileSync(pulumi, `#!/bin/sh\nmkdir -p ${plugin}\necho "$@" > ${plugin}/pulumi-resource-kubernetes\n`, {
      mode: 0o755,
    });
    await downloadTool(inputOf("pulumi-kubernetes"), { name: "provider", at, pulumi });
    assert.equal(
      readFileSync(join(at.tools, "provider", "bin", "pulumi-resource-kubernetes"), "utf8"),
      "plugin install resource kubernetes 4.25.0\n",
    );
  });
});

describe("an image reference", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const rows: readonly [string, ReturnType<typeof parseReference>][] = [
    ["oci://ghcr.io/org/charts/a", { registry: "ghcr.io", repository: "org/charts/a" }],
    ["quay.io/cilium/operator:v1", { registry: "quay.io", repository: "cilium/operator", tag: "v1" }],
    [`127.0.0.1:5000/a:1@${digest}`, { registry: "127.0.0.1:5000", repository: "a", tag: "1", digest }],
    [`quay.io/a@${digest}`, { registry: "quay.io", repository: "a", digest }],
  ];
  for (const [text, reference] of rows) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseReference(text), reference);
    });
  }

  it("without a registry is refused", () => {
    assert.throws(() => parseReference("alpine"), new Error("no image reference: `alpine`"));
  });

  it("of the operator is taken from the chart's own values", () => {
    const values = `operator:\n  image:\n    repository: quay.io/cilium/operator\n    tag: v1.20.2\n    genericDigest: ${digest}\n`;
    assert.deepEqual(operatorImage(values), {
      registry: "quay.io",
      repository: "cilium/operator-generic",
      tag: "v1.20.2",
      digest,
    });
  });

  it("of the operator is refused when the chart does not say which image exactly", () => {
    assert.throws(
      () =>
        operatorImage('operator:\n  image: {repository: quay.io/cilium/operator, tag: v1.20.2, genericDigest: ""}\n'),
      new Error("the Cilium chart at hand names no digest for its operator image"),
    );
  });

  it("leads to the token that a registry asks for", () => {
    assert.equal(
      tokenUrl('Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull"'),
      "https://auth.example/token?service=registry.example&scope=repository%3Aa%2Fb%3Apull",
    );
    assert.equal(tokenUrl('Basic realm="x"'), undefined);
  });
});

describe("a file out of an image", () => {
  const path = "usr/bin/cilium-operator-generic";
  let image: { registry: string; repository: string; digest: string };
  let layer: Buffer;

  /** A fake registry: two platforms, two layers, and a token that every request must carry. */
  beforeEach(async () => {
    mkdirSync(join(folder, "source", "usr", "bin"), { recursive: true });
    writeFileSync(join(folder, "source", path), content, { mode: 0o755 });
    writeFileSync(join(folder, "source", "other"), "other");
    await tar.create({ gzip: true, file: join(folder, "one.tgz"), cwd: join(folder, "source") }, [path]);
    await tar.create({ gzip: true, file: join(folder, "two.tgz"), cwd: join(folder, "source") }, ["other"]);
    layer = readFileSync(join(folder, "one.tgz"));
    const layers = [layer, readFileSync(join(folder, "two.tgz"))];
    const manifest = JSON.stringify({
      layers: layers.map((data) => ({ mediaType: "layer", digest: `sha256:${digestOf(data)}`, size: data.length })),
    });
    const index = JSON.stringify({
      manifests: [
        { digest: `sha256:${digestOf("arm")}`, platform: { os: "linux", architecture: "arm64" } },
        { digest: `sha256:${digestOf(manifest)}`, platform: { os: "linux", architecture: "amd64" } },
      ],
    });
    const base = "/v2/cilium/operator-generic";
    site.pages["/token?service=fake"] = JSON.stringify({ token: "secret" });
    for (const [name, data] of [
      [`manifests/sha256:${digestOf(index)}`, index],
      [`manifests/sha256:${digestOf(manifest)}`, manifest],
      ...layers.map((bytes) => [`blobs/sha256:${digestOf(bytes)}`, bytes] as const),
    ] as const) {
      site.pages[`${base}/${name}`] = (request, response) => {
        if (request.headers.authorization === "Bearer secret") response.end(data);
        else {
          const challenge = `Bearer realm="${site.url}/token",service="fake"`;
          response.writeHead(401, { "www-authenticate": challenge }).end();
        }
      };
    }
    image = { registry: "quay.io", repository: "cilium/operator-generic", digest: `sha256:${digestOf(index)}` };
  });

  function fetchIt(arch: "amd64" | "arm64" = "amd64"): Promise<void> {
    const at = { platform: { os: "linux", arch }, cache: folder } as const;
    return fetchFromImage(image, path, at, join(folder, "operator"), folder, { ...officialSites, quay: site.url });
  }

  it("arrives with every digest checked", async () => {
    await fetchIt();
    assert.deepEqual(readFileSync(join(folder, "operator")), content);
    assert.equal(statSync(join(folder, "operator")).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(join(folder, "partial")), []);
    assert.equal(site.requests.filter((request) => request.includes("/token")).length, 1);
  });

  it("is refused when a layer is not what its digest says", async () => {
    const blob = `/v2/cilium/operator-generic/blobs/sha256:${digestOf(layer)}`;
    site.pages[blob] = Buffer.from("tampered");
    await assert.rejects(fetchIt(), ChecksumError);
    assert.equal(existsSync(join(folder, "operator")), false);
  });

  it("is refused when the manifest is not what its digest says", async () => {
    const registry = new Registry({ registry: site.host, repository: "a" }, "http");
    const promised = `sha256:${digestOf("promised")}`;
    site.pages[`/v2/a/manifests/${promised}`] = "{}";
    await assert.rejects(
      registry.manifest(promised),
      new ChecksumError(`${site.url}/v2/a/manifests/${promised}: checksum mismatch, got \`sha256:${digestOf("{}")}\``),
    );
  });
});
