/** The documents say what is so: links and paths lead somewhere, commands and settings exist, samples are real. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { alertRules } from "../components/alert-rules.ts";
import { reviewSettings } from "../components/settings/review.ts";
import { formatProblem } from "../policies/problems.ts";
import { summary } from "../scripts/pulumi/summary.ts";
import { proofs } from "./support/command-proofs.ts";
import {
  codesIn,
  commandsIn,
  documents,
  fencesIn,
  linksIn,
  root,
  sectionOf,
  tableRowsIn,
  textOf,
} from "./support/documents.ts";
import { metricsIn, queriesIn } from "./support/queries.ts";
import { asPulumiGives } from "./support/stack-config.ts";
import { settingsOf } from "./support/settings.ts";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** Links of a document that lead nowhere. */
function deadLinks(document: string, text: string): string[] {
  return linksIn(text).filter((target) => !existsSync(join(root, dirname(document), target)));
}

const names: ReadonlySet<string> = new Set(
  ["components", "policies", "scripts", "test", "docs", ".github"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => basename(file)),
  ),
);

/** Files in backticks that are not there, by their path or by their bare name. */
function deadPaths(text: string): string[] {
  return codesIn(text)
    .filter((code) =>
      /^(components|policies|scripts|tools|test|docs|\.github)\/[\w./-]*$|^[\w-]+\.(ts|md|json|mjs)$/.test(code),
    )
    .filter((path) => !existsSync(join(root, path)) && !names.has(path));
}

/** `npm run` of a script that package.json does not have. */
function deadScripts(text: string): string[] {
  return [...text.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)]
    .map(([, script = ""]) => script)
    .filter((script) => manifest.scripts[script] === undefined);
}

function unproven(text: string): string[] {
  return commandsIn(text).filter((command) => proofs[command] === undefined);
}

/** Every path of a setting, from the generated page. */
const settings: ReadonlySet<string> = new Set(
  textOf("docs/settings.md")
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const block = /^`(.+?)`/.exec(section)?.[1];
      return tableRowsIn(section).flatMap(([name = ""]) => {
        const key = name.replaceAll("`", "");
        return [block === undefined ? key : `${block}.${key}`, ...(block === undefined ? [] : [block])];
      });
    }),
);

const blocks = [
  "cilium",
  "observability",
  "kyverno",
  "gateway",
  "argocd",
  "policies",
  "kwok",
  "kind",
  "aks",
  "existing",
];

/** Settings in backticks, with or without a value behind a colon, that there are not. */
function deadSettings(text: string): string[] {
  return codesIn(text)
    .map((code) => code.replace(/:.*$/, ""))
    .filter((code) => new RegExp(`^(${blocks.join("|")})(\\.[A-Za-z]+)+$`).test(code))
    .filter((code) => !settings.has(code) && !/^\w+\.values\./.test(code) && code !== "existing.values");
}

describe("The documents", () => {
  it("are these", () => {
    assert.deepEqual(documents, [
      "CONTRIBUTING.md",
      "README.md",
      "components/README.md",
      "docs/brownfield.md",
      "docs/built-images.md",
      "docs/capabilities.md",
      "docs/compatibility.md",
      "docs/ephemeral.md",
      "docs/kube-proxy.md",
      "docs/lint.md",
      "docs/mesh-auth.md",
      "docs/migration.md",
      "docs/observability.md",
      "docs/portability.md",
      "docs/probe.md",
      "docs/pull-requests.md",
      "docs/reach.md",
      "docs/security.md",
      "docs/settings.md",
      "docs/tenants.md",
      "docs/troubleshooting.md",
      "docs/workflows.md",
      "policies/README.md",
      "policies/admission/README.md",
      "policies/apim-openai/README.md",
      "policies/baseline/README.md",
      "policies/demo-dns/README.md",
      "policies/demo-flights/README.md",
      "policies/demo-star-wars/README.md",
      "policies/egress-gateway/README.md",
      "policies/environment-isolation/README.md",
      "policies/fqdn-egress/README.md",
      "policies/gateway/README.md",
      "policies/load-balancer/README.md",
      "policies/oidc-reference-app/README.md",
      "policies/platform/README.md",
      "policies/reachability/SEMANTICS.md",
      "policies/tenants/README.md",
    ]);
  });

  for (const document of documents) {
    const text = textOf(document);
    it(`${document}: every link leads to a file`, () => {
      assert.deepEqual(deadLinks(document, text), []);
    });
    it(`${document}: every file it names is there`, () => {
      assert.deepEqual(
        deadPaths(text).filter((path) => !existsSync(join(root, dirname(document), path))),
        [],
      );
    });
    it(`${document}: every npm script it names is there`, () => {
      assert.deepEqual(deadScripts(text), []);
    });
    it(`${document}: every command is run by a test, or says what it lacks`, () => {
      assert.deepEqual(unproven(text), []);
    });
    it(`${document}: every setting it names is one`, () => {
      assert.deepEqual(deadSettings(text), []);
    });
  }

  it("have a page on every question in the README's list, and none beside it", () => {
    const listed = linksIn(sectionOf(textOf("README.md"), "## Where things are")).filter((target) =>
      target.startsWith("docs/"),
    );
    assert.deepEqual(
      [...new Set(listed)].sort(),
      documents.filter((document) => document.startsWith("docs/")),
    );
  });
});

describe("The proof of a command", () => {
  for (const [command, proof] of Object.entries(proofs)) {
    if ("lacks" in proof) continue;
    it(`stands in ${proof.ranBy}: ${command.slice(0, 60)}`, () => {
      assert.ok(readFileSync(join(root, proof.ranBy), "utf8").includes(proof.as), proof.as);
    });
  }

  it("is asked for by some document, each of them", () => {
    const said = new Set(documents.flatMap((document) => commandsIn(textOf(document))));
    assert.deepEqual(
      Object.keys(proofs).filter((command) => !said.has(command)),
      [],
    );
  });
});

describe("A check of the documents", () => {
  it("finds a link that leads nowhere", () => {
    assert.deepEqual(deadLinks("docs/x.md", "[a](settings.md) [b](../README.md#x) [c](no.md) [d](https://x.y)"), [
      "no.md",
    ]);
  });

  it("finds a file that is not there", () => {
    assert.deepEqual(deadPaths("`components/settings.ts` `components/no.ts` `ci.yml` `test/golden` `any word`"), [
      "components/no.ts",
    ]);
  });

  it("finds a script, a command and a setting that are not there", () => {
    assert.deepEqual(deadScripts("`npm run up` and `npm run pu`"), ["pu"]);
    assert.deepEqual(unproven("```sh\nnpm run up # comment\nnpm run upp\n```\n"), ["npm run upp"]);
    assert.deepEqual(
      deadSettings("`cilium.routing: native` `cilium.routeing` `cilium.values.x.y` `cilium.hubble.ui`"),
      ["cilium.routeing"],
    );
  });
});

describe("The README", () => {
  const text = textOf("README.md");

  it("shows the end of `up` as it is printed", () => {
    const printed = summary({
      stack: "kwok",
      target: "kwok",
      seconds: 44.2,
      versions: { "argo-cd": "10.1.1", cilium: "1.20.2", "gateway-api": "1.5.1", kyverno: "3.9.1" },
      leftOut: {
        "nginx-gateway-fabric":
          "ghcr.io does not answer (getaddrinfo ENOTFOUND ghcr.io); put nginx-gateway-fabric-2.6.7.tgz into a folder named by chartMirror",
      },
      promises: {
        baseline:
          "Pods of an isolated namespace reach cluster DNS and nothing else, and nothing but their node reaches them.",
      },
      addresses: {},
      simulated: true,
      kubeconfig: ".platform/kwok/kubeconfig",
    });
    assert.deepEqual(fencesIn(text, "text"), [printed]);
  });

  it("begins with what it is and two commands that need nothing", () => {
    assert.match(text, /^# cilium-platform\n\n(?:[^\n]+\n)+\n## Quick start\n/);
    assert.deepEqual(commandsIn(sectionOf(text, "## Quick start")), [
      "npm run up",
      "npm run preview",
      "npm run down",
      "npm test",
      "npm run test:e2e",
      "npm run test:oracle",
    ]);
  });

  it("says of each thing where it has been seen, of kind what the live tests see, and of Azure that it has not been", () => {
    const rows = tableRowsIn(sectionOf(text, "## Limits"));
    assert.ok(rows.length > 10);
    const seen = rows.filter(([, , , kind]) => !/^(never)?$/.test(kind ?? "")).map(([, , , kind]) => kind);
    assert.deepEqual(seen, ["up, down", "baseline", "yes"]);
    for (const [what, , , , azure] of rows) {
      assert.match(azure ?? "", /^(never)?$/, what);
    }
  });
});

describe("The pages", () => {
  it("name four reasons to keep kube-proxy [S1-08]", () => {
    const reasons = sectionOf(textOf("docs/kube-proxy.md"), "## Four reasons to keep it").match(
      /(?<=^\d\. \*\*).+?(?=\.\*\*)/gm,
    );
    assert.deepEqual(reasons, ["Portability", "Debugging", "No hybrid state", "Node ports"]);
  });

  it("link Cilium's threat model [S4-09]", () => {
    assert.match(textOf("docs/security.md"), /\]\(https:\/\/docs\.cilium\.io\/en\/stable\/security\/threat-model\/\)/);
  });

  it("claim no feature of Tetragon's [S4-34]", () => {
    const tetragon =
      /file (access|activity)|(process|executable)s (started|running)|running executables|privileges? (gain|chang|escalat)/i;
    const claims = documents.filter((document) => {
      const text = textOf(document);
      const disclaimed = document === "docs/security.md" ? sectionOf(text, "## What it does not claim") : "";
      return tetragon.test(text.replace(disclaimed, ""));
    });
    assert.deepEqual(claims, []);
    assert.match(
      sectionOf(textOf("docs/security.md"), "## What it does not claim"),
      /not Cilium's business but Tetragon's/,
    );
  });

  it("say that mesh authentication encrypts nothing [S1-12]", () => {
    assert.match(textOf("docs/mesh-auth.md"), /\*\*What it is not\.\*\* It does not encrypt/);
  });

  it("show a refused setting as it is refused", () => {
    const { problems } = reviewSettings({
      stack: "theirs",
      file: "Pulumi.theirs.yaml",
      config: asPulumiGives({ "platform:target": "kind", "platform:cilium": { tunnel: "vxlan" } }),
    });
    assert.deepEqual(fencesIn(textOf("docs/brownfield.md"), "text"), [`${problems.map(formatProblem).join("\n\n")}\n`]);
  });

  it("name the resources to adopt as the program registers them", () => {
    const text = textOf("docs/brownfield.md");
    const golden = (stack: string) =>
      (
        JSON.parse(readFileSync(join(root, `test/golden/${stack}.json`), "utf8")) as {
          resources: Record<string, { inputs: Record<string, unknown>; parent?: string }>;
        }
      ).resources;
    const theirs = golden("existing");
    const plain = (cell = ""): string => cell.replaceAll("`", "");
    const adoptable = tableRowsIn(sectionOf(text, "## A Helm release that somebody else installed"));
    assert.equal(adoptable.length, 5);
    for (const [what, name, id, parent] of adoptable) {
      const release = theirs[`kubernetes:helm.sh/v3:Release::${plain(name)}`];
      assert.ok(release !== undefined, what);
      assert.equal(release.parent, plain(parent), what);
      assert.equal(`${String(release.inputs["namespace"])}/${String(release.inputs["name"])}`, plain(id), what);
    }
    const aks = golden("aks");
    const ofAzure = tableRowsIn(sectionOf(text, "## An AKS cluster"));
    assert.equal(ofAzure.length, 7);
    for (const [type, name] of ofAzure) {
      assert.ok(aks[`${plain(type)}::${plain(name)}`] !== undefined, name);
    }
    const urns = [...text.matchAll(/urn:pulumi:(\w+)::platform::([^\s']+)::([\w-]+)/g)];
    assert.equal(urns.length, 5);
    for (const [, stack = "", type = "", name = ""] of urns) {
      const registered = golden(stack === "theirs" ? "existing" : stack);
      assert.ok(registered[`${type.split("$").at(-1) ?? ""}::${name}`] !== undefined, `${type}::${name}`);
    }
  });
});

describe("The page on observability", () => {
  const text = textOf("docs/observability.md");
  const { cilium } = settingsOf({ cilium: { prometheus: true } });

  /** pkg/hubble/metrics and pkg/metrics of the pinned Cilium. */
  const labels: Readonly<Record<string, readonly string[]>> = {
    cilium_drop_count_total: ["reason", "direction"],
    cilium_policy_l7_total: ["rule", "proxy_type"],
    cilium_policy_endpoint_enforcement_status: ["enforcement"],
    hubble_drop_total: ["reason", "protocol"],
    hubble_dns_responses_total: ["rcode", "qtypes", "ips_returned"],
    hubble_flows_processed_total: ["protocol", "type", "subtype", "verdict"],
    hubble_http_requests_total: ["method", "protocol", "status", "reporter"],
    hubble_http_request_duration_seconds_bucket: ["method", "reporter", "le"],
    hubble_policy_verdicts_total: ["direction", "match", "action"],
  };
  const asked = ["source_namespace", "destination_namespace"];

  it("ask each of five questions with a query of its own [S4-10]", () => {
    const questions = [...text.matchAll(/^### (.+)\n([^]*?)(?=^###? )/gm)].map(([, question, body = ""]) => [
      question,
      fencesIn(body, "promql").length,
    ]);
    assert.deepEqual(questions, [
      ["Who talks to whom?", 1],
      ["How many requests fail?", 1],
      ["How long do requests take?", 1],
      ["What is blocked?", 1],
      ["Which names do not resolve?", 1],
    ]);
  });

  for (const query of [...queriesIn("docs/observability.md"), ...alertRules(cilium).map(({ expr }) => expr)]) {
    it(`asks only for what Cilium exposes: ${query.slice(0, 70)}`, () => {
      const [metric = ""] = metricsIn([query]);
      assert.equal(metricsIn([query]).length, 1);
      const used = [
        ...[...query.matchAll(/[{,](\w+)(?==|!)/g)].map(([, label = ""]) => label),
        ...[...query.matchAll(/by \(([^)]+)\)/g)].flatMap(([, list = ""]) => list.split(", ")),
      ];
      const known = [...(labels[metric] ?? []), ...asked];
      assert.deepEqual(
        used.filter((label) => !known.includes(label)),
        [],
        metric,
      );
      assert.equal(query.split("(").length, query.split(")").length);
    });
  }

  it("has every alert there is, with its severity", () => {
    assert.deepEqual(
      tableRowsIn(sectionOf(text, "## Alerts")).map(([alert, , severity]) => [alert?.replaceAll("`", ""), severity]),
      alertRules(cilium).map(({ alert, labels: { severity } }) => [alert, severity]),
    );
  });
});
