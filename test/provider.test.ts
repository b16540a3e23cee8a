/** The project's own provider, started as the engine starts it and spoken to over gRPC. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname, join } from "node:path";

import grpc from "@grpc/grpc-js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";

import { lifecycles } from "../components/provider/lifecycles.ts";
import { typeOf } from "../components/provider/server.ts";

const executable = join(import.meta.dirname, "..", "components", "provider", "pulumi-resource-platform");
const urn = (type: string): string => `urn:pulumi:kwok::platform::platform:cluster:KwokCluster$${type}::one`;

describe("the provider of the project", () => {
  let child: ChildProcess;
  let client: InstanceType<typeof service.ResourceProviderClient>;

  before(async () => {
    child = spawn(executable, ["127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "inherit"],
      // The executable takes the node of PATH: here the one that runs the tests.
      env: { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter) },
    });
    const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
    client = new service.ResourceProviderClient(
      `127.0.0.1:${line.toString().trim()}`,
      grpc.credentials.createInsecure(),
    );
  });

  after(() => {
    client.close();
    child.kill();
  });

  function diff(type: string, olds: object, news: object): Promise<messages.DiffResponse> {
    const request = new messages.DiffRequest();
    request.setId("one");
    request.setUrn(urn(type));
    request.setOlds(struct.Struct.fromJavaScript(olds as Parameters<typeof struct.Struct.fromJavaScript>[0]));
    request.setNews(struct.Struct.fromJavaScript(news as Parameters<typeof struct.Struct.fromJavaScript>[0]));
    return new Promise((resolve, reject) => {
      client.diff(request, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  }

  it("reads the type of a resource from its URN, whatever it lies in", () => {
    assert.equal(typeOf(urn("platform:kwok:ControlPlane")), "platform:kwok:ControlPlane");
    assert.equal(typeOf("urn:pulumi:kwok::platform::platform:cilium:Ready::cilium-ready"), "platform:cilium:Ready");
  });

  it("lets the lifecycle decide what a change means", async () => {
    const inputs = { name: "platform-kwok", stack: "kwok", kubernetesVersion: "1.36.1", nodes: 3 };
    const same = await diff("platform:kwok:ControlPlane", inputs, inputs);
    assert.equal(same.getChanges(), messages.DiffResponse.DiffChanges.DIFF_NONE);

    const more = await diff("platform:kwok:ControlPlane", inputs, { ...inputs, nodes: 5 });
    assert.equal(more.getChanges(), messages.DiffResponse.DiffChanges.DIFF_SOME);
    assert.deepEqual(more.getReplacesList(), []);

    const renamed = await diff("platform:kwok:ControlPlane", inputs, { ...inputs, name: "other" });
    assert.deepEqual(renamed.getReplacesList(), ["name"]);
    assert.equal(renamed.getDeletebeforereplace(), true);
  });

  it("hands an error on with its message", async () => {
    await assert.rejects(diff("platform:nobody:Knows", {}, {}), {
      details: "the provider platform makes no platform:nobody:Knows",
    });
  });

  it("says that it does not do what it does not do", async () => {
    const asked = new Promise((resolve, reject) => {
      client.getSchema(new messages.GetSchemaRequest(), (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
    await assert.rejects(asked, { code: grpc.status.UNIMPLEMENTED });
  });

  it("has a module with every function for every type it makes", async () => {
    for (const [type, load] of Object.entries(lifecycles)) {
      const functions = Object.keys(await load()).sort();
      assert.deepEqual(functions, ["create", "delete", "diff", "read", "update"], type);
    }
  });
});
