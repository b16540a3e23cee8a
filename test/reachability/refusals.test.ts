/**
 * Refusals: what Cilium's own parser does not accept, so that none of the object's rules exists.
 */
import assert from "node:assert/strict";

import { readWorld } from "../../policies/reachability/index.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";

const tcp = { port: "80", protocol: "TCP" };
const egress = (...entries: readonly Fields[]): Fields => ({ endpointSelector: {}, egress: entries });
const ingress = (...entries: readonly Fields[]): Fields => ({ endpointSelector: {}, ingress: entries });
const toPorts = (...list: readonly Fields[]): Fields => ({ toEndpoints: [{}], toPorts: list });
const many = (count: number): Fields[] =>
  Array.from({ length: count }, (_each, index) => ({ port: String(index + 1) }));

/** What the spec says, and the findings as `code path: what`. */
const cases: readonly (readonly [string, Fields, readonly string[]])[] = [
  [
    "an empty list as the only section",
    { endpointSelector: {}, ingress: [] },
    ["cilium/refused spec: no entry in any direction"],
  ],
  [
    "two peer kinds in one entry",
    egress({ toEndpoints: [{}], toFQDNs: [{ matchName: "x.example" }] }),
    ["cilium/refused spec.egress[0]: combining toEndpoints and toFQDNs is not supported yet"],
  ],
  [
    "icmps beside toPorts",
    egress({ toEndpoints: [{}], toPorts: [{ ports: [tcp] }], icmps: [{ fields: [{ type: 8 }] }] }),
    ["cilium/refused spec.egress[0].icmps: icmps beside toPorts"],
  ],
  [
    "HTTP on UDP",
    egress(toPorts({ ports: [{ port: "80", protocol: "UDP" }], rules: { http: [{}] } })),
    ["cilium/refused spec.egress[0].toPorts[0]: L7 rules can only apply to TCP, except for DNS rules"],
  ],
  [
    "HTTP without a protocol, because that is every protocol",
    egress(toPorts({ ports: [{ port: "80" }], rules: { http: [{}] } })),
    ["cilium/refused spec.egress[0].toPorts[0]: L7 rules can only apply to TCP, except for DNS rules"],
  ],
  [
    "L7 rules on port 0",
    egress(toPorts({ ports: [{ port: "0", protocol: "TCP" }], rules: { http: [{}] } })),
    ["cilium/refused spec.egress[0].toPorts[0]: L7 rules can not be used when a port is 0"],
  ],
  [
    "DNS rules on ingress",
    ingress({ toPorts: [{ ports: [{ port: "53" }], rules: { dns: [{ matchPattern: "*" }] } }] }),
    ["cilium/refused spec.ingress[0].toPorts[0].rules.dns: DNS rules are not allowed on ingress"],
  ],
  [
    "DNS rules without a port",
    egress(toPorts({ rules: { dns: [{ matchPattern: "*" }] } })),
    ["cilium/refused spec.egress[0].toPorts[0]: port 53 must be specified for DNS rules"],
  ],
  [
    "DNS rules on a range",
    egress(toPorts({ ports: [{ port: "53", endPort: 54 }], rules: { dns: [{ matchPattern: "*" }] } })),
    ["cilium/refused spec.egress[0].toPorts[0]: DNS rules do not support port ranges"],
  ],
  [
    "two L7 protocols in one entry",
    egress(toPorts({ ports: [tcp], rules: { http: [{}], dns: [{ matchPattern: "*" }] } })),
    ["cilium/refused spec.egress[0].toPorts[0].rules: multiple L7 protocol rule types in a single rule"],
  ],
  [
    "41 ports",
    egress(toPorts({ ports: many(41) })),
    ["cilium/refused spec.egress[0].toPorts[0].ports: too many ports"],
  ],
  ["40 ports, which are not too many", egress(toPorts({ ports: many(40) })), []],
  [
    "both selectors",
    { ...egress({}), nodeSelector: {} },
    [
      "cilium/refused spec: both or neither of endpointSelector and nodeSelector",
      "cilium/refused spec.nodeSelector: a rule cannot have nodeSelector here",
    ],
  ],
  [
    "default deny that is no object",
    { ...egress({}), enableDefaultDeny: true },
    ["cilium/refused spec.enableDefaultDeny: `true` has the wrong type"],
  ],
  [
    "what requirements were",
    ingress({ fromRequires: [{ matchLabels: { app: "web" } }] }),
    ['cilium/refused spec.ingress[0].fromRequires[0]: `{"matchLabels":{"app":"web"}}` has the wrong type'],
  ],
  [
    "a word that is no entity",
    egress({ toEntities: ["everyone"] }),
    ["cilium/refused spec.egress[0].toEntities[0]: unsupported entity: `everyone`"],
  ],
  [
    "a range without a length in a set, and an exception outside its range",
    egress({ toCIDRSet: [{ cidr: "8.8.8.8" }] }, { toCIDRSet: [{ cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] }] }),
    [
      "cilium/refused spec.egress[0].toCIDRSet[0].cidr: `8.8.8.8` is no range",
      "cilium/refused spec.egress[1].toCIDRSet[0].except[0]: `11.0.0.0/16` is not inside `10.0.0.0/8`",
    ],
  ],
  [
    "a port and a protocol that there are not",
    egress(toPorts({ ports: [{ port: "99999" }, { port: "80", protocol: "FOO" }, {}] })),
    [
      "cilium/refused spec.egress[0].toPorts[0].ports[0].port: `99999` is no port",
      "cilium/refused spec.egress[0].toPorts[0].ports[1].protocol: invalid protocol `FOO`",
      "cilium/refused spec.egress[0].toPorts[0].ports[2].port: `` is no port",
    ],
  ],
  [
    "a name and a pattern at once",
    egress({ toFQDNs: [{ matchName: "x.example", matchPattern: "*.example" }] }),
    ["cilium/refused spec.egress[0].toFQDNs[0]: matchName beside matchPattern"],
  ],
  [
    "server names beside requests inside a TLS connection that nobody ends",
    egress(toPorts({ ports: [{ port: "443", protocol: "TCP" }], serverNames: ["x.example"], rules: { http: [{}] } })),
    ["cilium/refused spec.egress[0].toPorts[0].serverNames: server names with L7 rules"],
  ],
];

/** Fields that vanish: Cilium accepts the object and enforces what is left of it. */
const dropped: readonly (readonly [string, Fields, readonly string[]])[] = [
  [
    "names in a deny",
    { endpointSelector: {}, egressDeny: [{ toFQDNs: [{ matchName: "x.example" }] }] },
    ["cilium/unknown-field spec.egressDeny[0].toFQDNs"],
  ],
  [
    "L7 rules in a deny, of either direction",
    {
      endpointSelector: {},
      egressDeny: [{ toPorts: [{ ports: [tcp], rules: { http: [{}] } }] }],
      ingressDeny: [{ toPorts: [{ ports: [tcp], rules: { http: [{}] } }] }],
    },
    [
      "cilium/unknown-field spec.ingressDeny[0].toPorts[0].rules",
      "cilium/unknown-field spec.egressDeny[0].toPorts[0].rules",
    ],
  ],
  [
    "kafka rules",
    egress(toPorts({ ports: [tcp], rules: { kafka: [{ topic: "orders" }] } })),
    ["cilium/unknown-field spec.egress[0].toPorts[0].rules.kafka"],
  ],
  [
    "authentication in a deny",
    { endpointSelector: {}, egressDeny: [{ toEntities: ["world"], authentication: { mode: "required" } }] },
    ["cilium/unknown-field spec.egressDeny[0].authentication"],
  ],
];

function read(spec: Fields): ReturnType<typeof readWorld> {
  const object = { kind: "CiliumNetworkPolicy", metadata: { namespace: "shop", name: "p" }, spec };
  return readWorld({ manifests: [{ object }], externals: [] });
}

const pathOf = (where: string): string => where.split(" › ").at(-1) ?? "";

describe("Cilium refuses", () => {
  for (const [title, spec, expected] of cases) {
    it(title, () => {
      const { problems, world } = read(spec);
      assert.deepEqual(
        problems.map(({ code, where, what }) => `${code} ${pathOf(where)}: ${what}`),
        expected,
      );
      assert.equal(world.rules.length === 0, expected.length > 0);
    });
  }

  it("an object with neither spec nor specs", () => {
    const object = { kind: "CiliumNetworkPolicy", metadata: { namespace: "shop", name: "p" } };
    const { problems } = readWorld({ manifests: [{ object }], externals: [] });
    assert.deepEqual(
      problems.map(({ code, what }) => `${code}: ${what}`),
      ["cilium/refused: an empty policy"],
    );
  });
});

describe("Cilium drops, and enforces the rest without", () => {
  for (const [title, spec, expected] of dropped) {
    it(title, () => {
      const { problems, world } = read(spec);
      assert.deepEqual(
        problems.map(({ code, where }) => `${code} ${pathOf(where)}`),
        expected,
      );
      assert.ok(world.rules.length > 0);
    });
  }
});
