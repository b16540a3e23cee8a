/**
 * A Node language host for the Pulumi engine, for networks in which the official one cannot be had: `pulumi preview`
 * and `pulumi up` run a program exactly as they do with the official host.
 *
 * It knows only how to run a program. The SDK is the program's own: whatever `@pulumi/pulumi` lies in the program's
 * folder serves, so one copy of this file in the cache is good for every clone.
 */
import { spawn } from "node:child_process";
import * as module from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { nodeArguments, outcome, programEnvironment, readOptions } from "./run-request.mjs";

const { values: flags, positionals } = parseArgs({
  options: { tracing: { type: "string" }, runtime: { type: "string" }, version: { type: "boolean" } },
  allowPositionals: true,
  strict: false,
});

// A third of the start is compiling gRPC. An older Node has no such cache; it is the program that says it is too old.
const { createRequire, enableCompileCache } = module;
const { PULUMI_HOME: home } = process.env;
if (home !== undefined) enableCompileCache?.(join(home, "compile-cache"));

const sdk = locateSdk(process.cwd());
const sdkVersion = sdk("@pulumi/pulumi/package.json").version;
if (flags.version) {
  console.log(sdkVersion);
  process.exit(0);
}

// The SDK's own gRPC, whatever version that is: two copies would not know each other's messages.
const fromSdk = createRequire(sdk.resolve("@pulumi/pulumi/package.json"));
const grpc = fromSdk("@grpc/grpc-js");
const { LanguageRuntimeService } = sdk("@pulumi/pulumi/proto/language_grpc_pb.js");
const messages = sdk("@pulumi/pulumi/proto/language_pb.js");

/** The official host's limit: a stack's configuration and outputs travel in one message. */
const messageBytes = 400 * 1024 * 1024;
/** How long a program has to end by itself once the engine has cancelled it. */
const patienceMs = 5_000;

let engine = positionals.at(-1);
const programs = new Set();

const server = new grpc.Server({
  "grpc.max_receive_message_length": messageBytes,
  "grpc.max_send_message_length": messageBytes,
});
// Whatever is not answered here the server itself reports as unimplemented: RunPlugin, GeneratePackage and the like.
server.addService(LanguageRuntimeService, {
  handshake: (call, answer) => {
    engine = call.request.getEngineAddress() || engine;
    answer(null, new messages.LanguageHandshakeResponse());
  },
  getPluginInfo: (_call, answer) => {
    const { PluginInfo } = sdk("@pulumi/pulumi/proto/plugin_pb.js");
    const info = new PluginInfo();
    info.setVersion(sdkVersion);
    answer(null, info);
  },
  // Nothing is required ahead of time: the engine loads a provider when a resource first needs it.
  getRequiredPackages: (_call, answer) => {
    answer(null, new messages.GetRequiredPackagesResponse());
  },
  getRequiredPlugins: (_call, answer) => {
    answer(null, new messages.GetRequiredPluginsResponse());
  },
  runtimeOptionsPrompts: (_call, answer) => {
    answer(null, new messages.RuntimeOptionsResponse());
  },
  about: (_call, answer) => {
    const about = new messages.AboutResponse();
    about.setExecutable(process.execPath);
    about.setVersion(process.version);
    answer(null, about);
  },
  installDependencies: (call) => {
    call.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "install the dependencies with `npm ci`" });
  },
  run: (call, answer) => {
    run(call.request).then(
      ({ error, bail }) => {
        const response = new messages.RunResponse();
        response.setError(error);
        response.setBail(bail);
        answer(null, response);
      },
      (error) => {
        const response = new messages.RunResponse();
        response.setError(error.message);
        answer(null, response);
      },
    );
  },
  cancel: (_call, answer) => {
    const { Empty } = fromSdk("google-protobuf/google/protobuf/empty_pb.js");
    for (const program of programs) stop(program);
    answer(null, new Empty());
  },
});

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});

// An engine that was killed can no longer cancel: nothing of ours may outlive it.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) end();
}, 1_000).unref();
process.once("SIGINT", end);
process.once("SIGTERM", end);

/** Run the program of one request to its end. */
async function run(request) {
  const info = request.getInfo();
  const program = {
    monitor: request.getMonitorAddress(),
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    parallel: request.getParallel(),
    dryRun: request.getDryrun(),
    args: request.getArgsList(),
    rootDirectory: info?.getRootDirectory(),
    programDirectory: info?.getProgramDirectory() || request.getPwd(),
    entryPoint: info?.getEntryPoint() || request.getProgram() || ".",
    config: Object.fromEntries(request.getConfigMap().entries()),
    configSecretKeys: request.getConfigsecretkeysList(),
  };
  const options = readOptions(info?.getOptions()?.toJavaScript() ?? {});
  const runPath = locateSdk(program.programDirectory).resolve(
    process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH || "@pulumi/pulumi/cmd/run",
  );
  const child = spawn(process.execPath, nodeArguments(program, options, { runPath, engine, tracing: flags.tracing }), {
    // The program writes to the engine itself. Only its errors pass through here, to tell memory from other causes.
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...programEnvironment(program, options) },
  });
  programs.add(child);
  let errorOutput = "";
  child.stderr.on("data", (chunk) => {
    process.stderr.write(chunk);
    errorOutput = (errorOutput + chunk.toString("utf8")).slice(-16_384);
  });
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(outcome(code, signal, errorOutput)));
    });
  } finally {
    programs.delete(child);
  }
}

/** Ask a program to end, and end it when it does not. */
function stop(program) {
  program.kill("SIGINT");
  setTimeout(() => program.kill("SIGKILL"), patienceMs).unref();
}

function end() {
  for (const program of programs) program.kill("SIGKILL");
  process.exit(0);
}

/** `require` as the program has it; says what to do when there is no SDK. */
function locateSdk(folder) {
  const require = createRequire(join(folder, "package.json"));
  try {
    require.resolve("@pulumi/pulumi/package.json");
  } catch {
    console.error(`It looks like the Pulumi SDK has not been installed in ${folder}. Have you run \`npm ci\`?`);
    process.exit(1);
  }
  return require;
}
