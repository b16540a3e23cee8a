/** The demo bundles and FQDN egress: what their published forms mean to show, and why those do not. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { baseline } from "../policies/baseline/bundle.ts";
import type { BundleContext, Manifest } from "../policies/bundle.ts";
import { demoDns } from "../policies/demo-dns/bundle.ts";
import { demoFlights } from "../policies/demo-flights/bundle.ts";
import { demoStarWars } from "../policies/demo-star-wars/bundle.ts";
import { fqdnEgress } from "../policies/fqdn-egress/bundle.ts";
import { prove } from "../policies/prove.ts";
import type { World } from "../policies/reachability/model.ts";
import { contextOf } from "./support/bundle-context.ts";
import { allowEverything, edgesOf, objectsOf, outcome, told, worldOf } from "./support/bundle-world.ts";

const all = [baseline, fqdnEgress, demoDns, demoFlights, demoStarWars];
const names = all.map(({ name }) => name);

/** Of the pods, whatever makes them. */
function labelsOf({ metadata, spec }: Manifest): unknown {
  const template = spec["template"] as { readonly metadata: { readonly labels: unknown } } | undefined;
  return template === undefined ? metadata.labels : template.metadata.labels;
}

function saying(choices: Readonly<Record<string, unknown>>): BundleContext {
  return contextOf({ policies: { bundles: names, ...choices } });
}

function worldSaying(choices: Readonly<Record<string, unknown>>): World {
  const context = saying(choices);
  assert.deepEqual(prove({ bundles: all, context, apiServer: ["on another node"] }).problems, []);
  return worldOf(objectsOf(all, context));
}

const context = saying({});
const world = worldOf(objectsOf(all, context));

describe("FQDN egress", () => {
  it("opens the listed names on the listed ports to one workload [S2-12] [S2-14]", () => {
    assert.deepEqual(edgesOf("fqdn-egress", world), [
      "fqdn-egress/nginx -> api.github.com TCP 80, 443",
      "fqdn-egress/nginx -> myservice.com TCP 80, 443",
    ]);
    assert.equal(outcome("fqdn-egress/nginx -> api.twitter.com TCP 443", world), "denied");
  });

  it("takes another target from the stack [S2-12]", () => {
    const other = worldSaying({ fqdnEgress: { names: ["stub.example"], ports: [8080] } });
    assert.deepEqual(edgesOf("fqdn-egress", other), ["fqdn-egress/nginx -> stub.example TCP 8080"]);
  });

  it("stands on a NetworkPolicy that closes both directions [S2-13]", () => {
    const closed = worldOf([...objectsOf([baseline], context), ...fqdnEgress.examples(context)]);
    assert.deepEqual(edgesOf("fqdn-egress", closed), []);
  });

  it("means one value of the label, not those that begin so [S2-15]", () => {
    assert.equal(outcome("fqdn-egress/nginx1 -> api.github.com TCP 443", world), "denied");
    assert.equal(outcome("fqdn-egress/nginx1 -> kube-system/coredns UDP 53", world), "allowed");
  });

  for (const choices of [{ names: [] }, { ports: [] }]) {
    it(`opens nothing with ${JSON.stringify(choices)}: an empty list would mean everyone`, () => {
      assert.deepEqual(edgesOf("fqdn-egress", worldSaying({ fqdnEgress: choices })), []);
      assert.deepEqual(fqdnEgress.manifests(saying({ fqdnEgress: choices })), []);
    });
  }
});

describe("The DNS demo", () => {
  it("is about one pod [S4-28]", () => {
    assert.deepEqual(
      demoDns.examples(context).map((each) => [each.metadata.namespace, each.metadata.name, labelsOf(each)]),
      [
        ["demo-dns", "mediabot", { org: "empire", class: "mediabot" }],
        ["demo-dns", "rebel-mediabot", { org: "alliance", class: "mediabot" }],
      ],
    );
    assert.equal(outcome("demo-dns/rebel-mediabot -> api.github.com TCP 443", world), "denied");
  });

  for (const [form, title, expected] of [
    [
      "name",
      "by one name, not by another one beside or above it [S4-29] [S3-06]",
      { "api.github.com": "80 443", "support.github.com": "", "github.com": "", "a.b.github.com": "" },
    ],
    [
      "pattern",
      "by a pattern of one label, not by the domain itself [S4-30] [S3-06]",
      { "api.github.com": "80 443", "support.github.com": "80 443", "github.com": "", "a.b.github.com": "" },
    ],
    [
      "port",
      "by the pattern and the domain, on one port [S4-31] [S3-06]",
      { "api.github.com": "443", "support.github.com": "443", "github.com": "443", "a.b.github.com": "" },
    ],
  ] as const) {
    it(`opens names ${title}`, () => {
      const formed = worldSaying({ demoDns: { form } });
      const ports = (name: string): string =>
        [80, 443]
          .filter((port) => outcome(`demo-dns/mediabot -> ${name} TCP ${String(port)}`, formed) === "allowed")
          .join(" ");
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, ports(name)])), expected);
      assert.equal(outcome("demo-dns/mediabot -> api.twitter.com TCP 443", formed), "denied");
    });
  }
});

describe("The flights demo", () => {
  it("restricts REST calls by verb and path, in the platform [S3-01] [S3-03]", () => {
    assert.deepEqual(told("demo-flights/board -> demo-flights/flights TCP 8080", world), [
      "demo-flights/board -> demo-flights/flights TCP 8080: allowed",
      "egress: allowed by cnp demo-flights/read-flights-from-board spec.egress[0] (S4)",
      "ingress: allowed by cnp demo-flights/read-flights spec.ingress[0], restricted at L7 (S21)",
      "remains: http GET /flights",
    ]);
  });

  it("does what a NetworkPolicy cannot: that one leaves every path open [S3-02]", () => {
    const knp: Manifest = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "flights", namespace: "demo-flights" },
      spec: {
        podSelector: { matchLabels: { app: "flights_service" } },
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { env: "prod", app: "flights_board" } } }],
            ports: [{ port: 8080 }],
          },
        ],
      },
    };
    const plain = worldOf([...demoFlights.examples(context), knp]);
    assert.deepEqual(told("demo-flights/board -> demo-flights/flights TCP 8080", plain), [
      "demo-flights/board -> demo-flights/flights TCP 8080: allowed",
      "egress: no policy selects demo-flights/board (S1)",
      "ingress: allowed by knp demo-flights/flights spec.ingress[0].from[0] (S4)",
    ]);
  });

  it("describes each policy in the object itself [S3-04]", () => {
    assert.deepEqual(
      demoFlights.manifests(context).map(({ metadata, spec }) => [metadata.name, spec["description"]]),
      [
        ["read-flights", "Boards in production may read the flights."],
        ["read-flights-from-board", "Boards in production may read the flights."],
        ["read-version", "Readers of versions may read that of a sample service."],
        ["read-version-from-reader", "Readers of versions may read that of a sample service."],
      ],
    );
  });

  for (const caller of ["board-without-env", "board-in-test", "other-in-prod", "unlabelled"]) {
    it(`requires both labels: ${caller} is denied [S3-05]`, () => {
      assert.equal(outcome(`demo-flights/${caller} -> demo-flights/flights TCP 8080`, world), "denied");
    });
  }

  it("lets a reader ask a sample service for its version, on the port of the container [S3-10]", () => {
    assert.deepEqual(told("demo-flights/reader -> demo-flights/sample TCP 8080", world), [
      "demo-flights/reader -> demo-flights/sample TCP 8080: allowed",
      "egress: allowed by cnp demo-flights/read-version-from-reader spec.egress[0] (S4)",
      "ingress: allowed by cnp demo-flights/read-version spec.ingress[0], restricted at L7 (S21)",
      "remains: http GET /version",
    ]);
    assert.equal(outcome("demo-flights/reader -> demo-flights/sample TCP 80", world), "denied");
    assert.equal(outcome("demo-flights/unlabelled -> demo-flights/sample TCP 8080", world), "denied");
    const other = worldSaying({ demoFlights: { targetPort: 3000 } });
    assert.equal(outcome("demo-flights/reader -> demo-flights/sample TCP 3000", other), "allowed");
    assert.equal(outcome("demo-flights/reader -> demo-flights/sample TCP 8080", other), "denied");
  });

  it("speaks of HTTP alone, since Cilium has no rules for Kafka or databases left [S3-11]", () => {
    const rules = JSON.stringify(demoFlights.manifests(context)).match(/"rules":\{"(\w+)"/g);
    assert.deepEqual(rules, ['"rules":{"http"', '"rules":{"http"']);
  });
});

describe("The Star Wars demo", () => {
  const [tiefighter, xwing] = ["demo-star-wars/tiefighter", "demo-star-wars/xwing"];
  const deathstar = "demo-star-wars/deathstar";

  it("is about these ships [S4-18]", () => {
    assert.deepEqual(
      demoStarWars.examples(context).map((each) => [each.metadata.name, labelsOf(each)]),
      [
        ["deathstar", { org: "empire", class: "deathstar" }],
        ["tiefighter", { org: "empire", class: "tiefighter" }],
        ["xwing", { org: "alliance", class: "xwing" }],
        ["stolen-tiefighter", { org: "alliance", class: "tiefighter" }],
      ],
    );
  });

  it("begins where every ship lands: no policy, no limit [S4-19]", () => {
    const open = worldOf(demoStarWars.examples(context));
    assert.equal(outcome(`${tiefighter} -> ${deathstar} TCP 80`, open), "allowed");
    assert.equal(outcome(`${xwing} -> ${deathstar} TCP 80`, open), "allowed");
  });

  it("lets the empire land on one port and leaves the alliance out [S4-21]", () => {
    const l4 = worldSaying({ demoStarWars: { form: "l4" } });
    assert.deepEqual(edgesOf("demo-star-wars", l4), [`${tiefighter} -> ${deathstar} TCP 80`]);
    assert.deepEqual(told(`${tiefighter} -> ${deathstar} TCP 80`, l4), [
      `${tiefighter} -> ${deathstar} TCP 80: allowed`,
      "egress: allowed by cnp demo-star-wars/tiefighter spec.egress[0] (S4)",
      "ingress: allowed by cnp demo-star-wars/deathstar spec.ingress[0] (S4)",
    ]);
  });

  it("starts closed, as the published rule that allows nobody means it [S4-22]", () => {
    const published: Manifest = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "empire-default-deny", namespace: "demo-star-wars" },
      spec: { endpointSelector: { matchLabels: { org: "empire" } }, ingress: [{}] },
    };
    const theirs = worldOf([...demoStarWars.examples(context), published]);
    assert.equal(outcome(`${xwing} -> ${deathstar} TCP 80`, theirs), "denied");
    const ours = worldOf([...objectsOf([baseline], context), ...demoStarWars.examples(context)]);
    assert.deepEqual(edgesOf("demo-star-wars", ours), []);
  });

  it("denies the deathstar to the xwing whatever another policy allows, and names resolve [S4-23]", () => {
    const open = worldOf([...objectsOf(all, context), allowEverything("demo-star-wars")]);
    assert.equal(outcome(`${xwing} -> ${deathstar} TCP 80`, open), "denied");
    assert.equal(outcome(`${xwing} -> ${tiefighter} TCP 80`, open), "allowed");
    for (const ship of [tiefighter, xwing]) {
      assert.equal(outcome(`${ship} -> kube-system/coredns UDP 53`, world), "allowed");
    }
    const deny = demoStarWars.manifests(context).filter(({ metadata }) => metadata.name === "xwing");
    const alone = worldOf([...demoStarWars.examples(context), ...deny]);
    assert.equal(outcome(`${xwing} -> world TCP 443`, alone), "allowed");
  });

  it("lets a ship ask for permission to land and for nothing else [S4-26]", () => {
    assert.deepEqual(told(`${tiefighter} -> ${deathstar} TCP 80`, world), [
      `${tiefighter} -> ${deathstar} TCP 80: allowed`,
      "egress: allowed by cnp demo-star-wars/tiefighter spec.egress[0] (S4)",
      "ingress: allowed by cnp demo-star-wars/deathstar spec.ingress[0], restricted at L7 (S21)",
      "remains: http POST /v1/request-landing",
    ]);
    assert.equal(outcome(`${xwing} -> ${deathstar} TCP 80`, world), "denied");
    assert.equal(outcome(`demo-star-wars/stolen-tiefighter -> ${deathstar} TCP 80`, world), "denied");
  });

  it("writes the path as an expression that fits that path alone [S4-27]", () => {
    const [rule] = demoStarWars.manifests(context);
    const [, path = ""] = /"path":"([^"]+)"/.exec(JSON.stringify(rule)) ?? [];
    // Cilium has the whole path match.
    const whole = new RegExp(`^(?:${path})$`);
    assert.deepEqual(
      ["/v1/request-landing", "/v1/x", "/v1/request-landing/now", "/v1"].map((asked) => whole.test(asked)),
      [true, false, false, false],
    );
  });
});

describe("Demo workloads", () => {
  const policies = join(import.meta.dirname, "../policies");
  const files = ["demo-dns", "demo-flights", "demo-star-wars"]
    .map((bundle) => join(policies, bundle, "workloads.yaml"))
    .concat(
      ["environment", "identity", "apim"].map((file) => join(policies, "oidc-reference-app/workloads", `${file}.yaml`)),
    );

  interface Container {
    readonly image: string;
    readonly securityContext: unknown;
    readonly resources: unknown;
    readonly command?: readonly string[];
    readonly ports?: readonly { readonly containerPort: number }[];
  }
  interface Item {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly data?: Readonly<Record<string, string>>;
    readonly spec: {
      readonly replicas?: number;
      readonly selector?: Readonly<Record<string, unknown>>;
      readonly template: {
        readonly metadata: { readonly labels: Readonly<Record<string, string>> };
        readonly spec: {
          readonly automountServiceAccountToken: boolean;
          readonly securityContext: unknown;
          readonly containers: readonly Container[];
        };
      };
    };
  }
  const itemsOf = (file: string): readonly Item[] =>
    (parse(readFileSync(file, "utf8")) as { readonly items: readonly Item[] }).items;
  const deployments = files.flatMap((file) => itemsOf(file).filter(({ kind }) => kind === "Deployment"));

  it("run one image, pinned by digest [S4-18] [S4-28]", () => {
    const images = new Set(deployments.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image)));
    assert.equal(images.size, 1);
    assert.match([...images][0] ?? "", /^[a-z/-]+:[\d.]+-alpine@sha256:[0-9a-f]{64}$/);
  });

  it("name no namespace, so that `kubectl apply -n` places them", () => {
    assert.deepEqual(
      files.flatMap(itemsOf).filter(({ metadata }) => metadata.namespace !== undefined),
      [],
    );
  });

  it("ask for no privilege, hold no token and have limits", () => {
    for (const { metadata, spec } of deployments) {
      const { automountServiceAccountToken, securityContext, containers } = spec.template.spec;
      assert.equal(automountServiceAccountToken, false, metadata.name);
      assert.deepEqual(
        securityContext,
        {
          runAsNonRoot: true,
          runAsUser: 101,
          seccompProfile: { type: "RuntimeDefault" },
          sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
        },
        metadata.name,
      );
      for (const container of containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        assert.ok(container.resources !== undefined);
      }
    }
  });

  it("listen on the ports they show, each with an answer of its own, and wait where they have none", () => {
    for (const file of files) {
      const items = itemsOf(file);
      const answers = items.find(({ kind }) => kind === "ConfigMap")?.data ?? {};
      for (const { metadata, spec } of items.filter(({ kind }) => kind === "Deployment")) {
        const [container] = spec.template.spec.containers;
        const shown = (container?.ports ?? []).map(({ containerPort }) => containerPort);
        const listened = [...(answers[`${metadata.name}.conf`] ?? "").matchAll(/listen (\d+);/g)].map(([, text]) =>
          Number(text),
        );
        assert.deepEqual(listened, shown, metadata.name);
        assert.deepEqual(container?.command, shown.length === 0 ? ["sleep", "infinity"] : undefined, metadata.name);
      }
    }
  });

  it("are found by the Services beside them", () => {
    for (const file of files) {
      const items = itemsOf(file);
      for (const { metadata, spec } of items.filter(({ kind }) => kind === "Service")) {
        const deployment = items.find((each) => each.kind === "Deployment" && each.metadata.name === metadata.name);
        assert.deepEqual(spec.selector, deployment?.spec.template.metadata.labels, metadata.name);
      }
    }
  });

  it("are as many deathstars as the original has [S4-18]", () => {
    const [deathstar] = itemsOf(join(policies, "demo-star-wars/workloads.yaml")).filter(
      ({ kind }) => kind === "Deployment",
    );
    assert.equal(deathstar?.spec.replicas, 2);
  });
});
