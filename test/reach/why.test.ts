/**
 * `reach why`: realistic worlds, each broken in one place, are repaired by the patch that is printed and opened nowhere else.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compare } from "../../policies/reachability/diff.ts";
import { portsText } from "../../policies/reachability/report/report-text.ts";
import type { External } from "../../policies/reachability/read/externals.ts";
import type { Fields } from "../../policies/reachability/read/fields.ts";
import { main } from "../../reach/command.ts";
import { diff, ProblemsError, why } from "../../reach/index.ts";
import { readScenarios } from "../../reach/scenario.ts";
import { faults, shopFlow, type Fault } from "./faults.ts";

const fixtures = join(import.meta.dirname, "..", "fixtures", "reach");

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function reach(...args: readonly string[]): Promise<Said> {
  let [out, err] = ["", ""];
  const code = await main(args, {
    print: (text) => void (out += text),
    warn: (text) => void (err += text),
    progress: () => undefined,
    paint: (_style, text) => text,
  });
  return { code, out, err };
}

describe("reach why", () => {
  const before = process.cwd();
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "reach-why-"));
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  });

  /** The broken world in `broken`, where we then are, and the flow beside it. */
  function place({ world, broken, flow }: Pick<Fault, "world" | "broken" | "flow">): void {
    cpSync(join(fixtures, world), join(folder, "broken"), { recursive: true });
    for (const { file, from, to } of broken) {
      const path = join(folder, "broken", file);
      const text = readFileSync(path, "utf8");
      assert.equal(text.split(from).length, 2, `${file} holds once: ${from}`);
      writeFileSync(
        path,
        text.replace(from, () => to),
      );
    }
    writeFileSync(join(folder, "flow.json"), JSON.stringify(flow));
    process.chdir(join(folder, "broken"));
  }

  /** Every change between the two folders, whichever code found the patch. */
  async function changes(target: "kind" | "aks", externals: readonly External[]): Promise<string[]> {
    const surroundings = { target, cilium: "1.20", names: "known", externals } as const;
    const [old, now] = await readScenarios([join(folder, "broken")], [join(folder, "mended")], surroundings);
    const atom = (name: string): string => name.replace(/\/32$/, "");
    const lines = compare(old.world, now.world).changed.flatMap(({ from, to, changes: spans }) =>
      spans.map((span) => `${span.kind} ${atom(from)} -> ${atom(to)} ${portsText([span])}`),
    );
    return [...new Set(lines)];
  }

  for (const fault of faults) {
    it(`mends ${fault.title}, and opens nothing else`, async () => {
      place(fault);
      const target = fault.target ?? "kind";
      const json = await reach("why", "--flow", "../flow.json", ".", "--target", target, "-o", "json");
      const { answers } = JSON.parse(json.out) as {
        readonly answers: readonly {
          readonly repair?: { readonly steps: readonly string[]; readonly patch: string };
        }[];
      };
      const repair = answers[0]?.repair;
      assert.deepEqual({ code: json.code, steps: repair?.steps }, { code: 0, steps: fault.steps });
      cpSync(join(folder, "broken"), join(folder, "mended"), { recursive: true });
      execFileSync("git", ["apply", "-"], { cwd: join(folder, "mended"), input: repair?.patch ?? "" });
      assert.deepEqual(await changes(target, fault.externals ?? []), fault.effect);
    });
  }

  it("prints the walk, what is done, what was proved and the patch", async () => {
    place(shopFlow);
    const { out, code } = await reach("why", "--flow", "../flow.json", ".");
    assert.equal(code, 0);
    assert.equal(
      out,
      `2026-03-14T09:26:53.589793238Z payments/payments-8f6d5f7c9b-z7z9d -> payments/ledger-9b8f6d5f7c-2n4r6 TCP 9000, DROPPED at ingress: POLICY_DENIED
payments/payments -> payments/ledger TCP 9000: denied
  egress: allowed by cnp payments/payments spec.egress[0] (S4)
    cnp payments/payments spec.egress[0]: policies/payments.yaml:20
  ingress: isolated by ccnp default-deny spec.ingress[0], and nothing allows it (S2)
    ccnp default-deny spec.ingress[0]: policies/baseline.yaml:13
    missing: an ingress rule for payments/ledger that allows TCP 9000 from payments/payments

repair: correct the endpointSelector of cnp payments/ledger spec, which selects nobody
proved: opens payments/payments -> payments/ledger TCP 9000 and nothing else; 215 pairs unchanged

--- a/policies/payments.yaml
+++ b/policies/payments.yaml
@@ -45,7 +45,7 @@
 spec:
   endpointSelector:
     matchLabels:
-      app: legder
+      app: ledger
   ingress:
     - fromEndpoints:
         - matchLabels:
`,
    );
  });

  const told = async (world: Pick<Fault, "world" | "broken" | "flow">, ...more: readonly string[]): Promise<Said> => {
    place(world);
    return await reach("why", "--flow", "../flow.json", ".", ...more);
  };
  const withFlow = (changed: Fields): Pick<Fault, "world" | "broken" | "flow"> => ({
    ...shopFlow,
    flow: { flow: { ...(shopFlow.flow["flow"] as Fields), ...changed } },
  });
  const notesOf = ({ out }: Said): string[] => out.split("\n").filter((line) => line.startsWith("note: "));

  it("says that policy never drops replies, and asks about the connection they belong to", async () => {
    const flow = shopFlow.flow["flow"] as Fields;
    const said = await told(
      withFlow({
        is_reply: true,
        source: flow["destination"],
        destination: flow["source"],
        l4: { TCP: { source_port: 9000, destination_port: 41234, flags: { ACK: true } } },
      }),
    );
    assert.match(said.out, /payments\/payments -> payments\/ledger TCP 9000: denied/);
    assert.deepEqual(notesOf(said), [
      "note: the flow is a reply, which policy never drops: it lets replies pass with their connection, which is asked about here",
    ]);
  });

  it("says that a drop has nothing to do with policy, and what policy would say", async () => {
    const allowed = { ...withFlow({ drop_reason_desc: "STALE_OR_UNROUTABLE_IP" }), broken: [] };
    const said = await told(allowed);
    assert.equal(said.code, 1);
    assert.deepEqual(notesOf(said), [
      "note: STALE_OR_UNROUTABLE_IP is not a drop by policy",
      "note: policy allows the connection: STALE_OR_UNROUTABLE_IP is not a matter of policy",
    ]);
  });

  it("says that the manifests allow what was dropped, and which policy they lack", async () => {
    const denied = { ingress_denied_by: [{ name: "freeze", namespace: "payments", kind: "CiliumNetworkPolicy" }] };
    const said = await told({ ...withFlow(denied), broken: [] });
    assert.equal(said.code, 1);
    assert.deepEqual(notesOf(said), [
      "note: Hubble names CiliumNetworkPolicy payments/freeze, which is not among the manifests",
      "note: these manifests allow the connection: what dropped the flow is not among them, or has changed since",
    ]);
  });

  it("says who asks for authentication", async () => {
    const said = await told({
      ...withFlow({ drop_reason_desc: "AUTH_REQUIRED" }),
      broken: [
        {
          file: "policies/payments.yaml",
          from: "        - matchLabels:\n            app: payments\n",
          to: "        - matchLabels:\n            app: payments\n      authentication: { mode: required }\n",
        },
      ],
    });
    assert.equal(said.code, 1);
    assert.deepEqual(notesOf(said), [
      "note: policy allows the connection once both ends have authenticated: cnp payments/ledger spec.ingress[0] asks for it",
    ]);
  });

  it("says what else would open where two workloads have the same labels", async () => {
    const twin = `apiVersion: apps/v1
kind: Deployment
metadata: { name: payments-canary, namespace: payments }
spec:
  template:
    metadata:
      labels: { app: payments, tier: back }
---
`;
    const said = await told({
      ...shopFlow,
      broken: [
        ...shopFlow.broken,
        {
          file: "workloads.yaml",
          from: "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ledger,",
          to: `${twin}apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ledger,`,
        },
      ],
    });
    assert.equal(said.code, 1);
    assert.deepEqual(notesOf(said), [
      "note: no change can open just this: payments/payments has the labels of payments/payments-canary, which no policy can tell apart",
    ]);
    assert.match(
      said.out,
      /\nproved: opens payments\/payments -> payments\/ledger TCP 9000 and changes 1 other pair; 248 pairs unchanged\n {2}also ALLOWED payments\/payments-canary -> payments\/ledger TCP 9000\n/,
    );
    assert.match(said.out, /\n {2}--- a\/policies\/payments.yaml\n/);
  });

  it("takes the labels of a pod that no manifest describes from the flow", async () => {
    const said = await told(
      withFlow({
        source: {
          namespace: "billing",
          pod_name: "invoice-5f7c9b8f6d-b4b8c",
          labels: [
            "k8s:app=invoice",
            "k8s:io.kubernetes.pod.namespace=billing",
            "k8s:io.cilium.k8s.policy.cluster=default",
          ],
        },
      }),
    );
    assert.equal(said.code, 0);
    assert.deepEqual(notesOf(said), [
      "note: billing/invoice-5f7c9b8f6d-b4b8c is not among the manifests: its labels are taken from the flow",
    ]);
    assert.match(said.out, /\n\+ {12}io\.kubernetes\.pod\.namespace: billing\n\+ {12}app: invoice\n/);
  });

  it("says that an end is not found", async () => {
    const said = await told(withFlow({ source: { namespace: "billing", pod_name: "invoice-0" } }));
    assert.equal(said.code, 1);
    assert.deepEqual(notesOf(said), [
      "note: the source billing/invoice-0 is not found: the flow names neither a workload of the manifests nor labels",
    ]);
  });

  it("says that the labels of the flow are no longer those of the manifests", async () => {
    const flow = shopFlow.flow["flow"] as Fields;
    const labels = ["k8s:app=payments-old", "k8s:tier=back", "k8s:io.kubernetes.pod.namespace=payments"];
    const said = await told(withFlow({ source: { ...(flow["source"] as Fields), labels } }));
    assert.deepEqual(notesOf(said), [
      "note: payments/payments has other labels now: app: payments-old in the flow, payments in the manifests",
    ]);
  });

  it("takes the first dropped flow of several and says how many there are", async () => {
    place(shopFlow);
    const flow = shopFlow.flow["flow"] as Fields;
    const forwarded = { flow: { ...flow, verdict: "FORWARDED" } };
    const other = { flow: { ...flow, l4: { TCP: { destination_port: 9001 } } } };
    writeFileSync(
      "../flow.json",
      [forwarded, shopFlow.flow, shopFlow.flow, other].map((each) => JSON.stringify(each)).join("\n"),
    );
    const first = await reach("why", "--flow", "../flow.json", ".");
    assert.match(first.out, /TCP 9000: denied/);
    assert.equal(first.err, "1 other connection was dropped as well: --all answers for each\n");
    const all = await reach("why", "--flow", "../flow.json", ".", "--all", "-o", "json");
    const { answers } = JSON.parse(all.out) as { readonly answers: readonly { readonly line: number }[] };
    assert.deepEqual(
      answers.map(({ line }) => line),
      [2, 4],
    );
  });

  it("prints patches that apply together, also to one file, and says what an earlier one opened", async () => {
    place(shopFlow);
    const flow = shopFlow.flow["flow"] as Fields;
    const onPort = (port: number): Fields => ({ flow: { ...flow, l4: { TCP: { destination_port: port } } } });
    writeFileSync(
      "../flow.json",
      [onPort(9000), onPort(9001), onPort(9002)].map((each) => JSON.stringify(each)).join("\n"),
    );
    const { out, code } = await reach("why", "--flow", "../flow.json", ".", "--all");
    assert.equal(code, 0);
    cpSync(join(folder, "broken"), join(folder, "mended"), { recursive: true });
    execFileSync("git", ["apply", "-"], { cwd: join(folder, "mended"), input: out });
    assert.deepEqual(await changes("kind", []), ["ALLOWED payments/payments -> payments/ledger TCP 9000-9002"]);
  });

  it("prints a patch that applies to files with the line breaks of Windows", async () => {
    place(shopFlow);
    const file = join(folder, "broken", "policies", "payments.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("\n", "\r\n"));
    const { out } = await reach("why", "--flow", "../flow.json", ".");
    execFileSync("git", ["apply", "-"], { cwd: join(folder, "broken"), input: out });
    assert.match(readFileSync(file, "utf8"), /\r\n {6}app: ledger\r\n/);
    assert.doesNotMatch(readFileSync(file, "utf8"), /[^\r]\n/);
  });

  it("composes new policies as well: the second is added to what the first left", async () => {
    const bare = faults.find(({ steps }) => steps[0] === "add cnp payments/ledger-from-payments");
    assert.ok(bare !== undefined);
    place(bare);
    const flow = bare.flow["flow"] as Fields;
    const more = { flow: { ...flow, l4: { TCP: { destination_port: 9001 } } } };
    writeFileSync("../flow.json", [bare.flow, more].map((each) => JSON.stringify(each)).join("\n"));
    const { out, code } = await reach("why", "--flow", "../flow.json", ".", "--all");
    assert.equal(code, 0);
    cpSync(join(folder, "broken"), join(folder, "mended"), { recursive: true });
    execFileSync("git", ["apply", "-"], { cwd: join(folder, "mended"), input: out });
    assert.deepEqual(await changes("kind", []), ["ALLOWED payments/payments -> payments/ledger TCP 9000-9001"]);
  });

  it("is a function too, with the flows that are answered", async () => {
    place(shopFlow);
    const answers = await why("../flow.json", ["."], { which: "every dropped flow" });
    assert.deepEqual(
      answers.map(({ connection, repair }) => ({ connection, steps: repair?.steps })),
      [
        {
          connection: { from: "payments/payments", to: "payments/ledger", protocol: "TCP", port: 9000 },
          steps: ["correct the endpointSelector of cnp payments/ledger spec, which selects nobody"],
        },
      ],
    );
    await assert.rejects(why("../nothing.json", ["."]), ProblemsError);
  });

  it("is weighed as a function too: a diff by flows", async () => {
    place({ ...shopFlow, broken: [] });
    const open = join(folder, "open");
    cpSync(join(folder, "broken"), open, { recursive: true });
    rmSync(join(open, "policies", "payments.yaml"));
    const { flows } = await diff(["."], [open], { flows: "../flow.json" });
    assert.equal(flows?.requests, 1);
    assert.equal((await diff(["."], [open])).flows, undefined);
  });

  it("refuses a file without a dropped flow", async () => {
    place(shopFlow);
    writeFileSync("../flow.json", '{"flow":{"verdict":"FORWARDED","source":{},"destination":{}}}\nno flow\n');
    const { code, err } = await reach("why", "--flow", "../flow.json", ".");
    assert.equal(code, 2);
    assert.equal(
      err,
      `../flow.json: 1 flow, none of them dropped, 1 malformed line; line 2: no JSON
  expected a dropped flow as Hubble prints it: \`hubble observe --verdict DROPPED -o jsonpb\`  [flows/none-dropped]
`,
    );
  });

  it("refuses a file that is not there", async () => {
    place(shopFlow);
    const { code, err } = await reach("why", "--flow", "../nothing.json", ".");
    assert.equal(code, 2);
    assert.match(err, /^\.\.\/nothing\.json: there is no such file\n/);
  });
});
