/** The Node language host that stands in for the official one: the engine's words go in, a running program comes out. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";

import {
  nodeArguments,
  outcome,
  programEnvironment,
  readOptions,
  splitWords,
  type RunRequest,
} from "../scripts/tools/language-host/run-request.mjs";

const root = join(import.meta.dirname, "..");

const request: RunRequest = {
  monitor: "127.0.0.1:1",
  organization: "organization",
  project: "platform",
  stack: "kwok",
  parallel: 16,
  dryRun: true,
  args: [],
  rootDirectory: "/clone",
  programDirectory: "/clone",
  entryPoint: "index.ts",
  config: { "platform:target": "kwok" },
  configSecretKeys: ["platform:token"],
};

describe("node arguments in Pulumi.yaml", () => {
  const rows: readonly [string, string[]][] = [
    ["", []],
    ["  ", []],
    ["--max-old-space-size=512 --enable-source-maps", ["--max-old-space-size=512", "--enable-source-maps"]],
    ['--title="a b" --x', ["--title=a b", "--x"]],
    ["--title='a \"b\"'", ['--title=a "b"']],
    ["a\\ b", ["a b"]],
    ["'a\\b'", ["a\\b"]],
    ['""', [""]],
    ["--a\t--b\n--c", ["--a", "--b", "--c"]],
  ];
  for (const [text, words] of rows) {
    it(`are ${JSON.stringify(words)} for ${JSON.stringify(text)}`, () => {
      assert.deepEqual(splitWords(text), words);
    });
  }

  it("with an open quote are refused", () => {
    assert.throws(() => splitWords("--title='a"), new Error("unfinished quote in `--title='a`"));
  });
});

describe("runtime options", () => {
  it("have the official defaults", () => {
    assert.deepEqual(readOptions({}), { typescript: true, nodeArguments: [], tsconfig: undefined });
  });

  const wrong: readonly [Record<string, unknown>, string][] = [
    [{ typescript: "yes" }, "typescript option must be a boolean"],
    [{ nodeargs: 1 }, "nodeargs option must be a string"],
    [{ tsconfig: true }, "tsconfigpath option must be a string"],
  ];
  for (const [options, message] of wrong) {
    it(`are refused as ${JSON.stringify(options)}`, () => {
      assert.throws(() => readOptions(options), new Error(message));
    });
  }
});

describe("a run request", () => {
  it("becomes the command line of the official host, node's own arguments first", () => {
    const options = readOptions({ nodeargs: "--max-old-space-size=512" });
    assert.deepEqual(
      nodeArguments(request, options, { runPath: "/sdk/run", engine: "127.0.0.1:2", tracing: undefined }),
      [
        "--max-old-space-size=512",
        "/sdk/run",
        ...["--monitor", "127.0.0.1:1", "--engine", "127.0.0.1:2", "--organization", "organization"],
        ...["--project", "platform", "--root-directory", "/clone", "--stack", "kwok", "--pwd", "/clone"],
        "--dry-run",
        ...["--parallel", "16"],
        "index.ts",
      ],
    );
  });

  it("without preview, organization and engine leaves those words out", () => {
    const plain = { ...request, dryRun: false, organization: "", args: ["more"] };
    const args = nodeArguments(plain, readOptions({}), { runPath: "/sdk/run", engine: undefined, tracing: "file:t" });
    assert.deepEqual(
      args.filter((arg) => ["--dry-run", "--organization", "--engine"].includes(arg)),
      [],
    );
    assert.deepEqual(args.slice(-4), ["--tracing", "file:t", "index.ts", "more"]);
  });

  it("hands configuration on as the SDK reads it", () => {
    assert.deepEqual(programEnvironment(request, readOptions({ typescript: false })), {
      PULUMI_CONFIG: '{"platform:target":"kwok"}',
      PULUMI_CONFIG_SECRET_KEYS: '["platform:token"]',
    });
    assert.deepEqual(programEnvironment(request, readOptions({ tsconfig: "other.json" })), {
      PULUMI_CONFIG: '{"platform:target":"kwok"}',
      PULUMI_CONFIG_SECRET_KEYS: '["platform:token"]',
      PULUMI_NODEJS_TYPESCRIPT: "true",
      PULUMI_NODEJS_TSCONFIG_PATH: "other.json",
    });
  });

  const ends: readonly [number | null, string | null, string, { error: string; bail: boolean }][] = [
    [0, null, "", { error: "", bail: false }],
    [32, null, "", { error: "", bail: true }],
    [1, null, "Error: no", { error: "Program exited with non-zero exit code: 1", bail: false }],
    [null, "SIGKILL", "", { error: "Program was ended by SIGKILL", bail: false }],
    [
      134,
      null,
      "<--- Last few GCs --->",
      {
        error:
          "Program exited with non-zero exit code: 134. It seems to have run out of memory: give it more with " +
          "`nodeargs: --max-old-space-size=<megabytes>` under runtime options in Pulumi.yaml",
        bail: false,
      },
    ],
  ];
  for (const [code, signal, output, expected] of ends) {
    it(`whose program ends with ${String(code ?? signal)} is answered with ${JSON.stringify(expected.error)}`, () => {
      assert.deepEqual(outcome(code, signal, output), expected);
    });
  }
});

describe("the language host", () => {
  const require = createRequire(import.meta.url);
  interface Message {
    [setter: string]: (value?: unknown) => unknown;
  }
  type Call = (message: Message, answer: (error: { code: number } | null, response: Message) => void) => void;
  const grpc = require("@grpc/grpc-js") as {
    credentials: { createInsecure: () => unknown };
    status: { UNIMPLEMENTED: number };
  };
  const { LanguageRuntimeClient } = require("@pulumi/pulumi/proto/language_grpc_pb.js") as {
    LanguageRuntimeClient: new (address: string, credentials: unknown) => Record<string, Call> & { close: () => void };
  };
  const messages = require("@pulumi/pulumi/proto/language_pb.js") as Record<string, new () => Message>;
  const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => Message };

  let program: string;
  let host: ChildProcess;
  let client: InstanceType<typeof LanguageRuntimeClient>;
  let lines: Interface;

  beforeEach(async () => {
    program = mkdtempSync(join(tmpdir(), "language-host-"));
    // The SDK is the program's own, wherever the host lies.
    symlinkSync(join(root, "node_modules"), join(program, "node_modules"));
    writeFileSync(join(program, "run.cjs"), "console.log(process.argv.slice(2).join(' ')); process.exit(32);");
    host = spawn(join(root, "scripts", "tools", "language-host", "pulumi-language-nodejs"), ["127.0.0.1:2"], {
      cwd: program,
      env: {
        ...process.env,
        PATH: `${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}`,
        PULUMI_LANGUAGE_NODEJS_RUN_PATH: join(program, "run.cjs"),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    assert.ok(host.stdout);
    lines = createInterface({ input: host.stdout });
    const [port] = (await once(lines, "line")) as [string];
    client = new LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  });

  afterEach(async () => {
    client.close();
    if (host.exitCode === null && host.signalCode === null) {
      host.kill("SIGTERM");
      await once(host, "exit");
    }
    rmSync(program, { recursive: true });
  });

  function ask(name: string, message: Message): Promise<Message> {
    return new Promise((resolve, reject) => {
      client[name]?.(message, (error, response) => {
        if (error === null) resolve(response);
        else reject(Object.assign(new Error(name), { code: error.code }));
      });
    });
  }

  function runMessage(): Message {
    const info = new (messages["ProgramInfo"] ?? assert.fail())();
    info["setRootDirectory"]?.(program);
    info["setProgramDirectory"]?.(program);
    info["setEntryPoint"]?.("index.ts");
    const run = new (messages["RunRequest"] ?? assert.fail())();
    run["setInfo"]?.(info);
    run["setProject"]?.("platform");
    run["setStack"]?.("kwok");
    run["setMonitorAddress"]?.("127.0.0.1:1");
    run["setParallel"]?.(4);
    return run;
  }

  it("says the version of the program's own SDK", async () => {
    const info = await ask("getPluginInfo", new Empty());
    const { version } = require("@pulumi/pulumi/package.json") as { version: string };
    assert.equal(info["getVersion"]?.(), version);
  });

  it("requires nothing ahead of time", async () => {
    const answer = await ask("getRequiredPackages", new (messages["GetRequiredPackagesRequest"] ?? assert.fail())());
    assert.deepEqual(answer["getPackagesList"]?.(), []);
  });

  it("runs the program, whose output is its own, and reports how it ended", async () => {
    const line = once(lines, "line") as Promise<[string]>;
    const answer = await ask("run", runMessage());
    assert.equal(answer["getBail"]?.(), true);
    assert.deepEqual(await line, [
      "--monitor 127.0.0.1:1 --engine 127.0.0.1:2 --project platform " +
        `--root-directory ${program} --stack kwok --pwd ${program} --parallel 4 index.ts`,
    ]);
  });

  it("ends the program when the engine cancels", async () => {
    writeFileSync(join(program, "run.cjs"), "console.log('running'); setInterval(() => undefined, 1000);");
    const line = once(lines, "line");
    const answer = ask("run", runMessage());
    await line;
    await ask("cancel", new Empty());
    assert.equal((await answer)["getError"]?.(), "Program was ended by SIGINT");
  });

  it("reports what it does not do as unimplemented", async () => {
    await assert.rejects(ask("pack", new (messages["PackRequest"] ?? assert.fail())()), {
      code: grpc.status.UNIMPLEMENTED,
    });
  });
});
