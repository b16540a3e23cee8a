import assert from "node:assert/strict";

import { mirrored, rewriteImages } from "../components/images.ts";
import { imagesIn } from "../scripts/image-list.ts";
import { notFromMirror } from "../scripts/images.ts";

describe("An image from the mirror", () => {
  for (const [what, image, expected] of [
    ["a host with a dot", "quay.io/cilium/cilium:v1", "mirror.example/cilium/cilium:v1"],
    ["a host with a port", "localhost:5000/app", "mirror.example/app"],
    ["localhost", "localhost/app", "mirror.example/app"],
    ["Docker Hub written out", "docker.io/library/busybox:1", "mirror.example/library/busybox:1"],
    ["Docker Hub left out", "kindest/node:v1@sha256:00", "mirror.example/kindest/node:v1@sha256:00"],
    ["Docker Hub and its folder left out", "busybox:1", "mirror.example/library/busybox:1"],
    ["the mirror already", "mirror.example/cilium/cilium", "mirror.example/cilium/cilium"],
    ["a host that only starts like the mirror", "mirror.example.org/app", "mirror.example/app"],
  ] as const) {
    it(`keeps path, tag and digest: ${what}`, () => {
      assert.equal(mirrored(image, "mirror.example"), expected);
    });
  }

  it("may lie below a path of the mirror", () => {
    assert.equal(
      mirrored("quay.io/cilium/cilium", "mirror.example/third-party"),
      "mirror.example/third-party/cilium/cilium",
    );
  });
});

describe("Rewriting the images of a chart", () => {
  it("changes nothing without a mirror", () => {
    const values = { image: { tag: "v1" } };
    assert.equal(rewriteImages("cilium", values, undefined), values);
  });

  it("replaces hosts and keeps everything else that the values say", () => {
    const values = rewriteImages(
      "nginxGatewayFabric",
      { nginx: { image: { tag: "1.2.3" }, replicas: 2 } },
      "mirror.example",
    );
    assert.deepEqual(values, {
      nginx: { image: { tag: "1.2.3", repository: "mirror.example/nginx/nginx-gateway-fabric/nginx" }, replicas: 2 },
      nginxGateway: { image: { repository: "mirror.example/nginx/nginx-gateway-fabric" } },
    });
  });

  it("replaces the host of an image the stack chose itself", () => {
    const values = rewriteImages("cilium", { image: { repository: "quay.io/fork/cilium" } }, "mirror.example");
    assert.deepEqual(values["image"], { repository: "mirror.example/fork/cilium" });
  });

  it("tells Kyverno the mirror once for all and once for each image that brings a host of its own", () => {
    assert.deepEqual(rewriteImages("kyverno", {}, "mirror.example/third-party"), {
      global: { image: { registry: "mirror.example/third-party" } },
      webhooksCleanup: { image: { registry: "mirror.example/third-party" } },
      test: { image: { registry: "mirror.example/third-party" } },
    });
  });
});

describe("The images of rendered objects", () => {
  const rendered = `
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{ name: first, image: registry.example/first:1 }]
      containers:
        - { name: second, image: registry.example/second:1@sha256:00 }
        - { name: again, image: registry.example/first:1 }
      volumes: [{ name: data, image: { reference: registry.example/volume:1 } }]
---
# Source: a comment behind the line that separates
apiVersion: batch/v1
kind: CronJob
spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: registry.example/job:1 }] } } } } }
---
apiVersion: gateway.nginx.org/v1alpha2
kind: NginxProxy
spec: { kubernetes: { deployment: { container: { image: { repository: registry.example/plane, tag: 2.0.0 } } } } }
---
apiVersion: v1
kind: ConfigMap
data: { image: registry.example/only-text:1 }
---
kind: CustomResourceDefinition
spec: { containers: [{ image: registry.example/definition:1 }] }
`;

  it("are those of containers, of volumes and of the data plane a controller makes, each once", () => {
    assert.deepEqual(imagesIn(rendered), [
      "registry.example/first:1",
      "registry.example/job:1",
      "registry.example/plane:2.0.0",
      "registry.example/second:1@sha256:00",
      "registry.example/volume:1",
    ]);
  });

  it("are none where nothing runs", () => {
    assert.deepEqual(imagesIn("kind: Namespace\nmetadata: { name: image }\n"), []);
  });
});

describe("Images that a mirror does not give", () => {
  const found = ["mirror.example/a:1", "registry.example/b:1"];

  it("are named", () => {
    assert.deepEqual(notFromMirror(found, "mirror.example"), ["registry.example/b:1"]);
  });

  it("are no concern of a stack without a mirror", () => {
    assert.deepEqual(notFromMirror(found, undefined), []);
  });
});
