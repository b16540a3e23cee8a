/**
 * The words of reports: ports, what a connection crosses, and which way an L7 change goes.
 */
import assert from "node:assert/strict";

import { l7Way } from "../../policies/reachability/report/l7-change.ts";
import type { Endpoint, L7Element, L7Union } from "../../policies/reachability/model.ts";
import { podLabels, reservedLabels } from "../../policies/reachability/select/labels.ts";
import { portSpace } from "../../policies/reachability/pairs/port-line.ts";
import { portsText, remainsText } from "../../policies/reachability/report/report-text.ts";
import type { PortRange } from "../../policies/reachability/report/report.ts";
import { riskOf } from "../../policies/reachability/report/risk.ts";
import { portPattern, positionsOf } from "../../policies/reachability/report/selection.ts";

const tcp = (first: number, last = first): PortRange => ({ protocol: "TCP", first, last });
const udp = (first: number, last = first): PortRange => ({ protocol: "UDP", first, last });
const others = portSpace.filter(({ protocol }) => protocol !== "TCP");

describe("Ports are told", () => {
  const told: readonly [readonly PortRange[], string][] = [
    [[tcp(80)], "TCP 80"],
    [[tcp(80), tcp(443), tcp(8000, 8100), udp(53)], "TCP 80, 443, 8000-8100; UDP 53"],
    [[tcp(1, 65535)], "TCP all"],
    [portSpace, "all ports"],
    [[tcp(1, 79), tcp(81, 65535), ...others], "all ports except TCP 80"],
  ];
  for (const [ports, expected] of told) {
    it(`as ${expected}`, () => {
      assert.equal(portsText(ports), expected);
    });
  }
});

const http = (...rules: readonly string[]): L7Element => ({ kind: "restricted", by: { kind: "http", rules } });
const get = '{"method":"GET"}';
const post = '{"method":"POST","path":"/items"}';

describe("What remains is told", () => {
  const told: readonly [L7Union, string][] = [
    [[], ""],
    [[http(get, post)], "http GET, POST /items"],
    [[http('{"headers":["X-Team"],"path":"/a"}')], "http any method /a with header X-Team"],
    [[http(get), { kind: "anything" }], "through the proxy, unrestricted"],
    [[{ kind: "restricted", by: { kind: "dns", rules: ['{"matchPattern":"*.example.com"}'] } }], "dns *.example.com"],
    [
      [{ kind: "restricted", by: { kind: "tls", serverNames: ["a.example", "b.example"] } }],
      "TLS server name a.example, b.example",
    ],
  ];
  for (const [l7, expected] of told) {
    it(`as ${expected === "" ? "nothing" : expected}`, () => {
      const plain = { l7: [], authentication: "unspecified" } as const;
      assert.equal(remainsText({ egress: plain, ingress: { l7, authentication: "unspecified" } }), expected);
    });
  }

  it("with the handshake that must succeed", () => {
    const side = { l7: [http(get)], authentication: "required" } as const;
    assert.equal(
      remainsText({ egress: { l7: [], authentication: "unspecified" }, ingress: side }),
      "http GET, authentication required",
    );
  });
});

describe("An L7 change", () => {
  const ways: readonly [string, L7Union, L7Union, string][] = [
    ["from everything to a rule", [], [http(get)], "narrowed"],
    ["from a rule to everything", [http(get)], [{ kind: "anything" }, http(get)], "widened"],
    ["from two rules to one", [http(get, post)], [http(post)], "narrowed"],
    ["from one rule to two elements", [http(get)], [http(get), http(post)], "widened"],
    ["from one rule to another", [http(get)], [http(post)], "otherwise"],
  ];
  for (const [title, before, after, expected] of ways) {
    it(`${title} is ${expected}`, () => {
      const sides = (l7: L7Union) => ({
        egress: { l7: [], authentication: "unspecified" as const },
        ingress: { l7, authentication: "unspecified" as const },
      });
      assert.equal(l7Way(sides(before), sides(after)), expected);
    });
  }
});

function pod(namespace: string, name: string, labels: Readonly<Record<string, string>> = {}): Endpoint {
  const namespaceLabels = new Map(Object.entries(labels));
  return {
    name: `${namespace}/${name}`,
    kind: "pod",
    labels: podLabels({ namespace, labels: new Map(), namespaceLabels }),
    ports: [],
  };
}

const world: Endpoint = { name: "world", kind: "external", labels: reservedLabels("world"), ports: [] };
const host: Endpoint = { name: "host", kind: "external", labels: reservedLabels("host"), ports: [] };

describe("The risk of a connection", () => {
  const risks: readonly [Endpoint, Endpoint, string][] = [
    [pod("shop", "a", { env: "dev" }), pod("bank", "b", { env: "uat" }), "crosses environments"],
    [pod("shop-dev", "a"), pod("shop-uat", "b"), "crosses environments"],
    [pod("device", "a"), pod("uat", "b"), "crosses namespaces"],
    [pod("dev", "a"), world, "world"],
    [world, pod("kube-system", "dns"), "world"],
    [pod("dev", "a"), pod("kube-system", "dns"), "system"],
    [pod("dev", "a"), host, "system"],
    [pod("shop", "a"), pod("bank", "b"), "crosses namespaces"],
    [pod("dev", "a"), pod("dev", "b"), "same namespace"],
  ];
  for (const [from, to, expected] of risks) {
    it(`from ${from.name} to ${to.name}: ${expected}`, () => {
      assert.equal(riskOf(from, to), expected);
    });
  }
});

describe("A name", () => {
  const endpoints = [
    pod("dev", "api"),
    pod("uat", "api"),
    pod("dev", "web"),
    world,
    { ...world, name: "*.example.com" },
  ];
  const meant: readonly [string, readonly number[]][] = [
    ["dev/api", [0]],
    ["api", [0, 1]],
    ["dev/", [0, 2]],
    ["*/api", [0, 1]],
    ["dev/*", [0, 2]],
    ["world", [3]],
    ["*.example.com", [4]],
    ["*", [0, 1, 2, 3, 4]],
    ["dev", []],
    ["dev/ap", []],
  ];
  for (const [name, expected] of meant) {
    it(`means these: ${name}`, () => {
      assert.deepEqual(positionsOf(name, endpoints), expected);
    });
  }
});

describe("A port", () => {
  const meant: readonly [string, unknown][] = [
    ["443", { kind: "range", first: 443, last: 443 }],
    ["TCP/443", { kind: "range", first: 443, last: 443, protocol: "TCP" }],
    ["udp 53", { kind: "range", first: 53, last: 53, protocol: "UDP" }],
    ["8000-8100", { kind: "range", first: 8000, last: 8100 }],
    ["HTTP", { kind: "name", name: "http" }],
    ["0", undefined],
    ["65536", undefined],
    ["90-80", undefined],
    ["QUIC/443", undefined],
    ["", undefined],
  ];
  for (const [written, expected] of meant) {
    it(`is ${expected === undefined ? "refused" : "understood"}: ${JSON.stringify(written)}`, () => {
      assert.deepEqual(portPattern(written), expected);
    });
  }
});
