/**
 * The project's own Pulumi provider: serves the lifecycle modules to the engine.
 *
 * A provider of this kind is usually a dynamic provider, whose code is serialised into the state, where no fix reaches it,
 * and whose process loads the whole SDK before it answers: half a second of every preview. This one speaks the same
 * protocol with nothing but gRPC, and loads a lifecycle when it is needed.
 * {@link https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto}
 */
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";

import grpc from "@grpc/grpc-js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import service from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";

import { stateFolder } from "../cluster/state-folder.ts";
import { lifecycleOf } from "./lifecycles.ts";

const { Struct } = struct;
const { DiffChanges } = messages.DiffResponse;

type Properties = Record<string, unknown>;

function properties(from: { toJavaScript(): unknown } | undefined): Properties {
  return (from?.toJavaScript() ?? {}) as Properties;
}

function packed(of: object): struct.Struct {
  return Struct.fromJavaScript(of as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** Type token of a resource, from the last but one part of its URN: `parent$type`. */
export function typeOf(urn: string): string {
  return urn.split("::").at(-2)?.split("$").at(-1) ?? "";
}

/** Answer a call with what the work returns, and an error with its message: the engine shows nothing else. */
function answer<Request, Response>(work: (request: Request) => Promise<Response>) {
  return (call: { request: Request }, callback: grpc.sendUnaryData<Response>): void => {
    work(call.request).then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        callback({ code: grpc.status.UNKNOWN, message: error instanceof Error ? error.message : String(error) }, null);
      },
    );
  };
}

const provider = {
  getPluginInfo: answer(async () => {
    const response = new plugin.PluginInfo();
    response.setVersion("0.0.0");
    return await Promise.resolve(response);
  }),

  configure: answer(async () => {
    const response = new messages.ConfigureResponse();
    // The engine then takes secrets off inputs and puts them back onto outputs of the same name.
    response.setAcceptsecrets(false);
    return await Promise.resolve(response);
  }),

  check: answer(async (request: messages.CheckRequest) => {
    const response = new messages.CheckResponse();
    response.setInputs(request.getNews());
    return await Promise.resolve(response);
  }),

  diff: answer(async (request: messages.DiffRequest) => {
    const lifecycle = await lifecycleOf(typeOf(request.getUrn()));
    const { changes, replaces = [] } = await lifecycle.diff(
      request.getId(),
      properties(request.getOlds()),
      properties(request.getNews()),
    );
    const response = new messages.DiffResponse();
    response.setChanges(changes ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
    response.setReplacesList(replaces);
    // Two clusters of one name cannot stand side by side.
    response.setDeletebeforereplace(true);
    // The engine ends this process without a word; what Node compiled so far makes the next start faster.
    setImmediate(flushCompileCache);
    return response;
  }),

  create: answer(async (request: messages.CreateRequest) => {
    const lifecycle = await lifecycleOf(typeOf(request.getUrn()));
    const { id, outs } = await lifecycle.create(properties(request.getProperties()));
    const response = new messages.CreateResponse();
    response.setId(id);
    response.setProperties(packed(outs));
    return response;
  }),

  read: answer(async (request: messages.ReadRequest) => {
    const lifecycle = await lifecycleOf(typeOf(request.getUrn()));
    const found = await lifecycle.read(request.getId(), properties(request.getProperties()));
    const response = new messages.ReadResponse();
    // An empty id says that the resource is gone; the next `up` makes it anew.
    response.setId(found === undefined ? "" : request.getId());
    if (found !== undefined) {
      response.setProperties(packed(found));
      response.setInputs(request.getInputs());
    }
    return response;
  }),

  update: answer(async (request: messages.UpdateRequest) => {
    const lifecycle = await lifecycleOf(typeOf(request.getUrn()));
    const { outs } = await lifecycle.update(
      request.getId(),
      properties(request.getOlds()),
      properties(request.getNews()),
    );
    const response = new messages.UpdateResponse();
    response.setProperties(packed(outs));
    return response;
  }),

  delete: answer(async (request: messages.DeleteRequest) => {
    const lifecycle = await lifecycleOf(typeOf(request.getUrn()));
    await lifecycle.delete(request.getId(), properties(request.getProperties()));
    return new empty.Empty();
  }),

  cancel: answer(async () => await Promise.resolve(new empty.Empty())),
};

/** Everything the protocol has and this provider does not: the engine does without. */
function unimplemented(call: unknown, callback: grpc.sendUnaryData<never>): void {
  callback({ code: grpc.status.UNIMPLEMENTED, message: "not implemented by the provider platform" }, null);
}

/** Serve until the engine ends the process. Prints the port, as the engine expects it of a plugin. */
export async function serve(): Promise<number> {
  enableCompileCache(join(process.cwd(), stateFolder, "compile-cache"));
  const largest = 400 * 1024 * 1024;
  const server = new grpc.Server({
    "grpc.max_receive_message_length": largest,
    "grpc.max_send_message_length": largest,
  });
  const methods = Object.keys(service.ResourceProviderService);
  server.addService(service.ResourceProviderService, {
    ...Object.fromEntries(methods.map((method) => [method, unimplemented])),
    ...provider,
  });
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

if (import.meta.main) process.stdout.write(`${String(await serve())}\n`);
