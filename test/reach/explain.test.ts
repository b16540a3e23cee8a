/** `reach explain`: the walk of one connection, and of one to a Service. */
import assert from "node:assert/strict";

import { linesOf, ran, shop } from "./ran.ts";

describe("reach explain", () => {
  it("tells both sides, the deciding rules with their lines, and what is missing", async () => {
    const { code, out } = await ran("explain", "dev/web", "partner.example", "443", `${shop}/base`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "dev/web -> partner.example TCP 443: denied",
          "  egress: isolated by cnp dev/closed spec.egress[0], cnp dev/web spec.egress[0], ccnp dev-not-to-uat spec.egressDeny[0], and nothing allows it (S2)",
          "    cnp dev/closed spec.egress[0]: test/fixtures/reach/shop/base/policies.yaml:9",
          "    cnp dev/web spec.egress[0]: test/fixtures/reach/shop/base/policies.yaml:20",
          "    ccnp dev-not-to-uat spec.egressDeny[0]: test/fixtures/reach/shop/base/policies.yaml:41",
          "    missing: an egress rule for dev/web that allows TCP 443 to partner.example",
          "  ingress: partner.example is no pod, so no policy applies (S6)",
        ],
      },
    );
  });

  it("tells what a caller of a Service gets", async () => {
    const { code, out } = await ran("explain", "dev/web", "dev/api", "80", `${shop}/base`, "--service");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "Service dev/api TCP 80: every backend answers",
          "  behind it: dev/api 8080",
          "",
          "dev/web -> dev/api TCP 8080: allowed",
          "  egress: allowed by cnp dev/web spec.egress[0] (S4)",
          "    cnp dev/web spec.egress[0]: test/fixtures/reach/shop/base/policies.yaml:20",
          "  ingress: allowed by cnp dev/api spec.ingress[0] (S4)",
          "    cnp dev/api spec.ingress[0]: test/fixtures/reach/shop/base/policies.yaml:29",
        ],
      },
    );
  });

  it("takes an address that no policy names", async () => {
    const { code, out } = await ran("explain", "uat/db", "192.0.2.1", "UDP/53", `${shop}/base`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "uat/db -> 192.0.2.1 UDP 53: allowed",
          "  egress: no policy selects uat/db (S1)",
          "  ingress: 192.0.2.1 is no pod, so no policy applies (S6)",
        ],
      },
    );
  });

  it("tells programs the same as JSON", async () => {
    const { code, out } = await ran("explain", "dev/web", "dev/api", "http", `${shop}/base`, "-o", "json");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "{",
          '  "schema": 1,',
          '  "kind": "explanations",',
          '  "explanations": [',
          '    {"headline":"dev/web -> dev/api TCP 8080: allowed","sides":[{"direction":"egress","outcome":"allow","rule":"S4","sentence":"allowed by cnp dev/web spec.egress[0]","origins":[{"policy":{"kind":"CiliumNetworkPolicy","namespace":"dev","name":"web"},"path":"spec.egress[0]","place":"test/fixtures/reach/shop/base/policies.yaml:20"}],"nearMisses":[]},{"direction":"ingress","outcome":"allow","rule":"S4","sentence":"allowed by cnp dev/api spec.ingress[0]","origins":[{"policy":{"kind":"CiliumNetworkPolicy","namespace":"dev","name":"api"},"path":"spec.ingress[0]","place":"test/fixtures/reach/shop/base/policies.yaml:29"}],"nearMisses":[]}]}',
          "  ]",
          "}",
        ],
      },
    );
  });

  it("refuses ends and ports that mean nothing or too much, all at once", async () => {
    const { code, err } = await ran("explain", "dev/wbe", "dev/", "8000-8100", `${shop}/base`);
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "FROM: no workload and nothing outside is called `dev/wbe`",
          "  expected namespace/workload, namespace/, or the name of something outside; * is any text",
          "  fix: did you mean `dev/web`?  [reach/unknown-name]",
          "",
          "PORT: `8000-8100` is no port",
          "  expected one port: 443, UDP/53, or the name of a port  [reach/unusable-port]",
          "",
          "TO: `dev/` is 2 of them",
          "  expected one, such as dev/web, dev/api  [reach/ambiguous-name]",
        ],
      },
    );
  });

  it("refuses a Service that is not there", async () => {
    const { code, err } = await ran("explain", "dev/web", "dev/apis", "80", `${shop}/base`, "--service");
    assert.deepEqual(
      { code, err: linesOf(err) },
      { code: 2, err: ["TO: no Service is called `dev/apis`", "  expected dev/api  [reach/unknown-name]"] },
    );
  });

  it("refuses a port that the Service has not", async () => {
    const { code, err } = await ran("explain", "dev/web", "dev/api", "81", `${shop}/base`, "--service");
    assert.deepEqual(
      { code, err: linesOf(err) },
      { code: 2, err: ["PORT: the Service `dev/api` has no port `81`", "  expected TCP/80  [reach/unusable-port]"] },
    );
  });

  it("refuses a connection of a pod to itself", async () => {
    const { code, err } = await ran("explain", "dev/web", "dev/web", "80", `${shop}/base`);
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "TO: `dev/web` is the client itself",
          "  expected another workload: policies do not govern what a pod sends to itself  [reach/same-end]",
        ],
      },
    );
  });
});
