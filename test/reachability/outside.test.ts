/**
 * What the policies tell apart outside the cluster: names, entities, and the parts into which their ranges cut the world.
 */
import assert from "node:assert/strict";

import fc from "fast-check";

import {
  containsAddress,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
} from "../../policies/reachability/select/cidr.ts";
import { connect, outsideOf, readWorld, withExternals, type World } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

const pod: Fields = { kind: "Pod", metadata: { namespace: "shop", name: "a", labels: { app: "a" } }, spec: {} };

function worldWith(...egress: readonly Fields[]): World {
  const policies = egress.map((entry, index): Fields => ({
    kind: "CiliumNetworkPolicy",
    metadata: { namespace: "shop", name: `p${String(index)}` },
    spec: { endpointSelector: {}, egress: [entry] },
  }));
  const { world, problems } = readWorld({
    manifests: [pod, ...policies].map((object) => ({ object })),
    externals: [],
  });
  assert.deepEqual(problems, []);
  return world;
}

function outsideWith(...egress: readonly Fields[]): string[] {
  return outsideOf(worldWith(...egress).rules).map((external) =>
    "entity" in external
      ? external.name
      : [external.name, external.fqdn, "ip" in external ? external.ip : undefined].filter(Boolean).join(" | "),
  );
}

const usual = ["world", "host", "remote-node", "kube-apiserver"];

describe("what policies tell apart outside", () => {
  it("is the usual entities where they name nothing", () => {
    assert.deepEqual(outsideWith(), usual);
  });

  it("is a seldom entity only where a policy says its name, not all of the cluster", () => {
    assert.deepEqual(outsideWith({ toEntities: ["cluster"] }), usual);
    assert.deepEqual(outsideWith({ toEntities: ["cluster"] }, { toEntities: ["health"] }), [...usual, "health"]);
    assert.deepEqual(outsideWith({ toEndpoints: [{ matchLabels: { "reserved:ingress": "" } }] }), [
      ...usual,
      "ingress",
    ]);
  });

  it("is each name as it is, and each pattern with a name that fewest others match", () => {
    const toFQDNs = [
      { matchName: "API.example.com." },
      { matchPattern: "*.example.com" },
      { matchPattern: "**.example.com" },
      { matchPattern: "*" },
      { matchName: "any.example.com" },
    ];
    assert.deepEqual(outsideWith({ toFQDNs }), [
      ...usual,
      "* | any",
      "**.example.com | any.any.example.com",
      "*.example.com | any-0.example.com",
      "any.example.com | any.example.com",
      "api.example.com | api.example.com",
    ]);
  });

  it("is a range without the exceptions that somebody makes, and each exception", () => {
    const toCIDRSet = [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.2.0.0/16"] }];
    assert.deepEqual(outsideWith({ toCIDRSet }, { toCIDR: ["10.1.0.0/16"] }), [
      ...usual,
      "10.0.0.0/8 except 10.1.0.0/16 and 10.2.0.0/16 | 10.0.0.0",
      "10.1.0.0/16 | 10.1.0.0",
    ]);
  });

  it("is one atom for ranges that only stand side by side, the first ones by name", () => {
    const toCIDR = ["192.168.0.0/16", "10.0.0.0/8", "2001:db8::/32"];
    assert.deepEqual(outsideWith({ toCIDRSet: toCIDR.map((cidr) => ({ cidr })) }).slice(4), [
      "10.0.0.0/8 | 10.0.0.0",
      "192.168.0.0/16 | 192.168.0.0",
      "2001:db8::/32 | 2001:db8::",
    ]);
  });

  it("is the shorter of two spellings", () => {
    const toCIDRSet = [{ cidr: "10.0.0.0/8", except: ["10.128.0.0/9"] }];
    assert.deepEqual(outsideWith({ toCIDRSet }), [...usual, "10.0.0.0/9 | 10.0.0.0"]);
  });

  it("is what everything outside excepts, several ranges as one", () => {
    const toCIDRSet = [{ cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "169.254.169.254/32", "192.168.0.0/16"] }];
    assert.deepEqual(outsideWith({ toCIDRSet }), [
      ...usual,
      "10.0.0.0/8, 169.254.169.254/32, 192.168.0.0/16 | 10.0.0.0",
    ]);
  });

  it("is counted where it would be long", () => {
    const except = ["10.0.0.0/16", "10.2.0.0/16", "10.4.0.0/16", "10.6.0.0/16", "10.8.0.0/16", "10.10.0.0/16"];
    assert.deepEqual(outsideWith({ toCIDRSet: [{ cidr: "0.0.0.0/0", except }] }), [
      ...usual,
      "10.0.0.0/16, 10.2.0.0/16, 10.4.0.0/16, 3 more | 10.0.0.0",
    ]);
  });
});

/** Few bits, so that ranges meet, nest and complete each other often. */
const range = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 26, max: 32 }))
    .map(([low, bits]) => `10.0.0.${String(low * 8 + (bits % 8))}/${String(bits)}`),
  fc.integer({ min: 120, max: 128 }).map((bits) => `2001:db8::${(bits * 2).toString(16)}/${String(bits)}`),
  fc.constantFrom("0.0.0.0/0", "::/0", "10.0.0.0/8"),
);
const rule = fc.tuple(range, fc.array(range, { maxLength: 3 })).map(([written, inside]) => {
  const cidr = parseCidr(written);
  assert.ok(cidr);
  const except = inside.filter((each) => {
    const inner = parseCidr(each);
    return inner?.family === cidr.family && inner.first >= cidr.first && inner.last <= cidr.last;
  });
  return { cidr: formatCidr(cidr), except };
});
const entries = fc.array(
  rule.map((each) => ({ toCIDRSet: [each] })),
  { minLength: 1, maxLength: 6 },
);

const addresses = [
  ...Array.from({ length: 64 }, (_, low) => `10.0.0.${String(low)}`),
  ...Array.from({ length: 34 }, (_, low) => `2001:db8::${(low + 236).toString(16)}`),
  "10.0.1.0",
  "8.8.8.8",
];

/** Whether the address is in what the name of an atom says. */
function inNamed(name: string, ip: string): boolean {
  const address = parseAddress(ip);
  assert.ok(address);
  const inside = (text: string): boolean => {
    const cidr = parseCidr(text);
    assert.ok(cidr, text);
    return containsAddress(cidr, address);
  };
  return name.split(", ").some((region) => {
    const [outer = "", except] = region.split(" except ");
    return inside(outer) && !(except?.split(" and ").some(inside) ?? false);
  });
}

describe("in every world, the parts of outside", () => {
  it("hold each address once or not at all, and answer for it", () => {
    fc.assert(
      fc.property(entries, (egress) => {
        const world = worldWith(...egress);
        const outside = outsideOf(world.rules);
        assert.equal(new Set(outside.map(({ name }) => name)).size, outside.length);
        const atoms = outside.filter((each) => "ip" in each);
        for (const { name, ip } of atoms) {
          if (!name.includes("more")) assert.ok(inNamed(name, ip), `${ip} is in ${name}`);
        }
        if (atoms.some(({ name }) => name.includes("more"))) return;
        const asked = addresses.map((ip) => ({ name: `address ${ip}`, ip }));
        // An address of which no policy speaks, unless it speaks of them all.
        const nowhere = { name: "nowhere", ip: "3fff::1" };
        const matrix = connect(withExternals(world, [...outside, nowhere, ...asked]));
        const at = new Map(matrix.world.endpoints.map(({ name }, position) => [name, position]));
        for (const { name, ip } of asked) {
          const holding = atoms.filter((atom) => inNamed(atom.name, ip));
          assert.ok(holding.length <= 1, `${ip} is in ${holding.map((each) => each.name).join(" and in ")}`);
          const rest = ip.includes(":") ? ["world", "nowhere"] : ["world"];
          const parts = (holding[0] === undefined ? rest : [holding[0].name]).map((each) => at.get(each) ?? -1);
          const cell = matrix.cell(0, at.get(name) ?? -1);
          assert.ok(
            parts.some((part) => cell === matrix.cell(0, part)),
            `${ip} as its part`,
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it("differ from each other and from the world to some policy", () => {
    fc.assert(
      fc.property(entries, (egress) => {
        // Each entry on a port of its own shows which selectors select a part.
        const told = egress.map((entry, index) => ({
          ...entry,
          toPorts: [{ ports: [{ port: String(index + 1), protocol: "TCP" }] }],
        }));
        const world = worldWith(...told);
        const outside = outsideOf(world.rules).filter((each) => "ip" in each || each.name === "world");
        const matrix = connect(withExternals(world, outside));
        const cells = outside.map((_each, index) => matrix.cell(0, world.endpoints.length + index));
        assert.equal(new Set(cells).size, outside.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe("addresses", () => {
  it("are written as they are read", () => {
    for (const text of ["0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "2001:db8::1", "fe80::1:0:0:1"]) {
      const address = parseAddress(text);
      assert.ok(address);
      assert.equal(formatAddress(address), text);
    }
  });
});
