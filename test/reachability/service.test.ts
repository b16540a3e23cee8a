/**
 * Questions about a Service name: who stands behind it, and what a caller gets.
 */
import assert from "node:assert/strict";

import {
  askService,
  findService,
  outsideArrivesAs,
  readWorld,
  serviceTargets,
  type Service,
  type World,
} from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

const pod = (name: string, labels: Fields, ports: readonly Fields[] = []): Fields => ({
  kind: "Pod",
  metadata: { namespace: "shop", name, labels },
  spec: { containers: [{ ports }] },
});
const service = (name: string, spec: Fields): Fields => ({
  kind: "Service",
  metadata: { namespace: "shop", name },
  spec,
});
const closed = (app: string, port: string): Fields => ({
  kind: "CiliumNetworkPolicy",
  metadata: { namespace: "shop", name: `closed-${app}` },
  spec: {
    endpointSelector: { matchLabels: { app } },
    ingress: [{ toPorts: [{ ports: [{ port, protocol: "TCP" }] }] }],
  },
});

const web = [{ name: "web", containerPort: 8443 }];
const objects = [
  pod("client", { app: "client" }),
  pod("one", { app: "one", part: "api", "pod-template-hash": "x" }, web),
  pod("two", { app: "two", part: "api" }, [{ name: "web", containerPort: 9443 }]),
  pod("three", { app: "three", part: "api" }),
];
const api = service("api", { selector: { part: "api" }, ports: [{ name: "https", port: 443, targetPort: "web" }] });

function worldOf(...more: readonly Fields[]): World {
  const manifests = [...objects, ...more].map((object) => ({ object }));
  return readWorld({ manifests, externals: [{ name: "partner", fqdn: "partner.example", ip: "8.8.8.8" }] }).world;
}

function found(world: World, name: string): Service {
  const service = findService(world, name);
  assert.ok(service);
  return service;
}

/** `443 -> shop/one 8443, …: all`. */
function linesOf(world: World, name: string): string[] {
  return askService(0, found(world, name), world).ports.map(({ port, backends, reach, withoutPort, elsewhere }) => {
    const named = backends.map((each) => `${each.name} ${String(each.port)}`);
    const others = [...withoutPort.map((each) => `${each} has no such port`), ...elsewhere.map((each) => `${each}?`)];
    return `${String(port.port)} -> ${[...named, ...others].join(", ")}: ${reach}`;
  });
}

describe("a question about a Service", () => {
  it("finds the pods by their labels as written, and the number of a named port on each", () => {
    assert.deepEqual(linesOf(worldOf(api), "shop/api"), [
      "443 -> shop/one 8443, shop/two 9443, shop/three has no such port: all",
    ]);
    const hashed = service("hashed", { selector: { "pod-template-hash": "x" }, ports: [{ port: 80 }] });
    assert.deepEqual(linesOf(worldOf(hashed), "shop/hashed"), ["80 -> shop/one 80: all"]);
  });

  it("lets policy see the target port, not the port that was called", () => {
    assert.deepEqual(linesOf(worldOf(api, closed("one", "8443"), closed("two", "9443")), "shop/api"), [
      "443 -> shop/one 8443, shop/two 9443, shop/three has no such port: all",
    ]);
    assert.deepEqual(linesOf(worldOf(api, closed("one", "443"), closed("two", "443")), "shop/api"), [
      "443 -> shop/one 8443, shop/two 9443, shop/three has no such port: none",
    ]);
  });

  it("tells when the answer depends on the backend", () => {
    assert.deepEqual(linesOf(worldOf(api, closed("two", "443")), "shop/api"), [
      "443 -> shop/one 8443, shop/two 9443, shop/three has no such port: some",
    ]);
  });

  it("tells when nobody serves a port, and what it cannot know", () => {
    const idle = service("idle", { selector: { part: "nobody" }, ports: [{ port: 80 }] });
    const foreign = service("foreign", { ports: [{ port: 80 }] });
    assert.deepEqual(linesOf(worldOf(idle), "shop/idle"), ["80 -> : nobody"]);
    assert.deepEqual(linesOf(worldOf(foreign), "shop/foreign"), ["80 -> its endpoints?: unknown"]);
    assert.equal(findService(worldOf(), "shop/none"), undefined);
  });

  it("follows addresses and external names to what the world knows of them", () => {
    const outside = service("outside", { ports: [{ port: 443, targetPort: 8443 }] });
    const endpoints = {
      kind: "Endpoints",
      metadata: { namespace: "shop", name: "outside" },
      subsets: [{ addresses: [{ ip: "8.8.8.8" }, { ip: "8.8.4.4" }], ports: [{ port: 8443 }] }],
    };
    assert.deepEqual(linesOf(worldOf(outside, endpoints), "shop/outside"), ["443 -> partner 8443, 8.8.4.4?: unknown"]);
    const alias = service("alias", { type: "ExternalName", externalName: "partner.example", ports: [{ port: 443 }] });
    assert.deepEqual(linesOf(worldOf(alias), "shop/alias"), ["443 -> partner 443: all"]);
  });

  it("gives each port its own targets", () => {
    const two = service("two-ports", {
      selector: { app: "one" },
      ports: [
        { name: "a", port: 80, targetPort: "8080" },
        { name: "b", port: 53, protocol: "UDP" },
      ],
    });
    const { ports } = serviceTargets(found(worldOf(two), "shop/two-ports"), worldOf(two));
    assert.deepEqual(
      ports.map(({ port, backends }) => [port.protocol, port.port, backends.map((each) => each.port)]),
      [
        ["TCP", 80, [8080]],
        ["UDP", 53, [53]],
      ],
    );
  });

  it("says as whom the outside arrives, which routing decides", () => {
    const open = found(worldOf(service("open", { type: "NodePort", ports: [{ port: 80 }] })), "shop/open");
    const inner = found(worldOf(api), "shop/api");
    assert.deepEqual(outsideArrivesAs(open, "tunnel"), ["world"]);
    assert.deepEqual(outsideArrivesAs(open, "native"), ["world", "remote-node"]);
    assert.deepEqual(outsideArrivesAs(inner, "native"), []);
  });
});
