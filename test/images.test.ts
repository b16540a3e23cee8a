import assert from "node:assert/strict";

import { mirrored, rewriteImages } from "../components/images.ts";

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
