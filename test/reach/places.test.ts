/** Lines of objects and of their fields, whatever they are written in. */
import assert from "node:assert/strict";

import { load, type Loaded } from "../../reach/input/load.ts";
import type { PolicyRef } from "../../policies/reachability/model.ts";
import { standardInput } from "./standard-input.ts";

const web: PolicyRef = { kind: "CiliumNetworkPolicy", namespace: "shop", name: "web" };

async function placesIn(text: string, ...paths: readonly string[]): Promise<readonly (string | undefined)[]> {
  const { place } = await load(["-"], { stdin: standardInput(text) });
  return paths.map((path) => place({ policy: web, path }));
}

const spec = `{ "endpointSelector": {},
  "egress": [
    { "toEndpoints": [{}] },
    { "toEndpoints": [{ "matchLabels": { "a\\"b": "}" } }],
      "toPorts": [
        { "ports": [{ "port": "53" }] },
        { "ports": [
          { "port": "443" } ] } ] } ] }`;

const json = `{
  "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
  "metadata": { "namespace": "shop", "name": "web",
    "labels": { "app.kubernetes.io/name": "x",
      "app": "y" } },
  "spec": ${spec}
}`;

const yaml = `# A comment
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: web
  namespace: shop
  labels:
    app.kubernetes.io/name: x
    app: y
spec:
  endpointSelector: {}
  egress:
    - toEndpoints:
        - {}
    -
      toEndpoints: &peers
        - matchLabels: { app: web }
      toPorts:
        - ports: [{ port: "53" }]
        - ports:
            - { port: "443" }
            - port: |
                8080
            - port: "80"
    - toEndpoints: *peers
`;

describe("a field has a line", () => {
  const list = (items: string): string => `{"apiVersion": "v1", "kind": "List", "items": [\n${items}\n]}`;
  const secret = `{ "kind": "Secret", "metadata": { "name": "s" } }`;

  it("in JSON", async () => {
    assert.deepEqual(
      await placesIn(
        json,
        "spec.egress[1].toPorts[1].ports[0].port",
        "spec.egress[1].toEndpoints[0]",
        "spec.egress[0]",
      ),
      ["stdin:13", "stdin:9", "stdin:8"],
    );
  });

  it("in YAML", async () => {
    assert.deepEqual(
      await placesIn(
        yaml,
        ...["spec.egress[0]", "spec.egress[1]", "spec.egress[1].toPorts[1]", "spec.egress[1].toPorts[1].ports[2].port"],
      ),
      ["stdin:13", "stdin:16", "stdin:20", "stdin:24"],
    );
  });

  it("although its key has dots", async () => {
    assert.deepEqual(await placesIn(json, "metadata.labels.app.kubernetes.io/name", "metadata.labels.app"), [
      "stdin:4",
      "stdin:5",
    ]);
    assert.deepEqual(await placesIn(yaml, "metadata.labels.app.kubernetes.io/name", "metadata.labels.app"), [
      "stdin:8",
      "stdin:9",
    ]);
  });

  it("in a list, in JSON and in YAML", async () => {
    assert.deepEqual(await placesIn(list(`${secret},\n${json}`), "spec.egress[1].toPorts[0]"), ["stdin:13"]);
    const indented = yaml.replaceAll(/^/gm, "    ").trimEnd();
    const items = `apiVersion: v1\nkind: List\nitems:\n  - kind: Secret\n  -\n${indented}\n`;
    assert.deepEqual(await placesIn(items, "spec.egress[1].toPorts[1]"), ["stdin:25"]);
  });

  it("in a list in a list", async () => {
    assert.deepEqual(await placesIn(list(list(json)), "spec.egress[1]"), ["stdin:11"]);
  });

  it("behind other documents, whatever ends their lines", async () => {
    assert.deepEqual(await placesIn(`${secret}\n---\n${json}\n---\n${secret}`, "spec.egress[1]"), ["stdin:11"]);
    assert.deepEqual(await placesIn(`\uFEFFkind: Secret\n---\n${yaml}`.replaceAll("\n", "\r\n"), "spec.egress[1]"), [
      "stdin:18",
    ]);
  });

  it("in JSON Lines", async () => {
    const line = JSON.stringify(JSON.parse(json));
    assert.deepEqual(await placesIn(`${secret}\n${line}\n`, "spec.egress[1]"), ["stdin:2"]);
  });

  it("which is that of the nearest field around it if it was not written itself", async () => {
    assert.deepEqual(
      await placesIn(
        yaml,
        "spec.ingress",
        "spec.egress[7]",
        "spec.egress[1].toFQDNs[0].matchName",
        "spec.egress[2].toEndpoints[0]",
        "metadata.labels.apples",
      ),
      ["stdin:10", "stdin:12", "stdin:16", "stdin:25", "stdin:7"],
    );
  });

  it("unless the policy is not there", async () => {
    const { place } = await load(["-"], { stdin: standardInput(yaml) });
    assert.equal(place({ policy: { ...web, name: "other" }, path: "spec" }), undefined);
  });
});

describe("an object has a line", () => {
  async function sources(text: string): Promise<Loaded["manifests"][number]["source"][]> {
    return (await load(["-"], { stdin: standardInput(text) })).manifests.map(({ source }) => source);
  }

  it("where its first field stands", async () => {
    assert.deepEqual(await sources(`---\n# one\n\n---\n${yaml}`), ["stdin:6"]);
  });

  it("in a list of one kind, whose items need not say it", async () => {
    const { manifests } = await load(["-"], {
      stdin: standardInput(
        `{"apiVersion":"v1","kind":"PodList","items":[\n{"metadata":{"name":"a"}},\n{"metadata":{"name":"b"}}]}`,
      ),
    });
    assert.deepEqual(
      manifests.map(({ object, source }) => [object["kind"], object["apiVersion"], source]),
      [
        ["Pod", "v1", "stdin:2"],
        ["Pod", "v1", "stdin:3"],
      ],
    );
  });
});
