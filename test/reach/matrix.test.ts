/** `reach matrix`: what it tells of all pairs, and of a part of them. */
import assert from "node:assert/strict";

import { linesOf, ran, shop } from "./ran.ts";

describe("reach matrix", () => {
  it("tells every pair that may talk, and the others as a number", async () => {
    const { code, out } = await ran("matrix", `${shop}/base`);
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "FROM                 TO                   PORTS                    WHAT REMAINS",
          "dev/web              dev/api              TCP 8080",
          "dev/web              kube-system/coredns  TCP 53; UDP 53; SCTP 53  dns *",
          "dev/api              kube-system/coredns  TCP 53; UDP 53; SCTP 53  dns *",
          "dev/api              partner.example      TCP 443",
          "uat/db               kube-system/coredns  all ports",
          "uat/db               world and 2 more     all ports",
          "uat/db               host                 all ports",
          "uat/db               partner.example      all ports",
          "kube-system/coredns  uat/db               all ports",
          "kube-system/coredns  world and 2 more     all ports",
          "kube-system/coredns  host                 all ports",
          "kube-system/coredns  partner.example      all ports",
          "world and 2 more     uat/db               all ports",
          "world and 2 more     kube-system/coredns  all ports",
          "host                 dev/web              all ports",
          "host                 dev/api              all ports",
          "host                 uat/db               all ports",
          "host                 kube-system/coredns  all ports",
          "partner.example      uat/db               all ports",
          "partner.example      kube-system/coredns  all ports",
          "",
          "4 workloads, 5 outside: 28 pairs may talk, 24 may not (Cilium 1.20)",
          "  world and 2 more: remote-node, kube-apiserver",
        ],
      },
    );
  });

  it("tells a part of it as Markdown", async () => {
    const { code, out } = await ran("matrix", `${shop}/base`, "-o", "markdown", "--focus", "dev/");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "### Who may talk to whom",
          "",
          "| From | To | Ports | What remains |",
          "| --- | --- | --- | --- |",
          "| dev/web | dev/api | TCP 8080 |  |",
          "| dev/web | kube-system/coredns | TCP 53; UDP 53; SCTP 53 | dns \\* |",
          "| dev/api | kube-system/coredns | TCP 53; UDP 53; SCTP 53 | dns \\* |",
          "| dev/api | partner.example | TCP 443 |  |",
          "| host | dev/web | all ports |  |",
          "| host | dev/api | all ports |  |",
          "",
          "4 workloads, 5 outside: 6 pairs may talk, 24 may not (Cilium 1.20)",
          "- world and 2 more: remote-node, kube-apiserver",
        ],
      },
    );
  });

  it("tells programs the same as JSON, with a number for its schema", async () => {
    const { code, out } = await ran("matrix", `${shop}/base`, "-o", "json", "--from", "dev/web", "--to", "dev/api");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "{",
          '  "schema": 1,',
          '  "kind": "matrix",',
          '  "cilium": "1.20",',
          '  "groups": [',
          '    {"name":"dev/web","members":["dev/web"],"kind":"pod","namespace":"dev"},',
          '    {"name":"dev/api","members":["dev/api"],"kind":"pod","namespace":"dev"},',
          '    {"name":"uat/db","members":["uat/db"],"kind":"pod","namespace":"uat"},',
          '    {"name":"kube-system/coredns","members":["kube-system/coredns"],"kind":"pod","namespace":"kube-system"},',
          '    {"name":"world and 3 more","members":["world","host","remote-node","kube-apiserver"],"kind":"external"},',
          '    {"name":"partner.example","members":["partner.example"],"kind":"external"}',
          "  ],",
          '  "answers": [',
          '    {"ports":[{"protocol":"TCP","first":8080,"last":8080}],"outcome":"allowed"}',
          "  ],",
          '  "edges": [',
          "    [0,[1,0]]",
          "  ],",
          '  "denied": 0,',
          '  "findings": []',
          "}",
        ],
      },
    );
  });

  it("tells a spreadsheet one row per pair and stretch of ports", async () => {
    const { code, out } = await ran("matrix", `${shop}/base`, "-o", "csv", "--from", "dev/");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "from,to,protocol,first_port,last_port,outcome,remains",
          "dev/web,dev/api,TCP,8080,8080,allowed,",
          "dev/web,kube-system/coredns,TCP,53,53,allowed,dns *",
          "dev/web,kube-system/coredns,UDP,53,53,allowed,dns *",
          "dev/web,kube-system/coredns,SCTP,53,53,allowed,dns *",
          "dev/api,kube-system/coredns,TCP,53,53,allowed,dns *",
          "dev/api,kube-system/coredns,UDP,53,53,allowed,dns *",
          "dev/api,kube-system/coredns,SCTP,53,53,allowed,dns *",
          "dev/api,partner.example,TCP,443,443,allowed,",
        ],
      },
    );
  });

  it("shows one port by the name that the server gives it", async () => {
    const { code, out } = await ran("matrix", `${shop}/base`, "--port", "http", "--to", "api");
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "FROM     TO       PORTS     WHAT REMAINS",
          "dev/web  dev/api  TCP 8080",
          "host     dev/api  TCP 8080",
          "",
          "4 workloads, 5 outside: 2 pairs may talk, 6 may not (Cilium 1.20)",
          "  world and 2 more: remote-node, kube-apiserver",
        ],
      },
    );
  });

  it("knows an external of the file beside those of the policies", async () => {
    const { code, out } = await ran(
      "matrix",
      `${shop}/base`,
      "--externals",
      `${shop}/externals.yaml`,
      "--focus",
      "office",
    );
    assert.deepEqual(
      { code, out: linesOf(out) },
      {
        code: 0,
        out: [
          "FROM                 TO                   PORTS      WHAT REMAINS",
          "uat/db               office               all ports",
          "kube-system/coredns  office               all ports",
          "office               uat/db               all ports",
          "office               kube-system/coredns  all ports",
          "",
          "4 workloads, 7 outside: 4 pairs may talk, 4 may not (Cilium 1.20)",
          "  world and 3 more: host, remote-node, kube-apiserver",
          "  partner.example and 1 more: partner",
        ],
      },
    );
  });

  it("refuses names and ports that mean nothing, all at once", async () => {
    const { code, err } = await ran("matrix", `${shop}/base`, "--from", "dev/wbe", "--port", "99999");
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "--from: no workload and nothing outside is called `dev/wbe`",
          "  expected namespace/workload, namespace/, or the name of something outside; * is any text",
          "  fix: did you mean `dev/web`?  [reach/unknown-name]",
          "",
          "--port: `99999` is no port",
          "  expected a number from 1 to 65535, a range such as 8000-8100, or a name, with TCP/, UDP/ or SCTP/ before it if only one is meant  [reach/unusable-port]",
        ],
      },
    );
  });

  it("refuses a version whose verdicts are not known", async () => {
    const { code, err } = await ran("matrix", `${shop}/base`, "--cilium", "1.21");
    assert.deepEqual(
      { code, err: linesOf(err) },
      {
        code: 2,
        err: [
          "--cilium: verdicts of Cilium `1.21` are not known",
          "  expected 1.18, 1.19, 1.20  [reach/unknown-version]",
        ],
      },
    );
  });
});
