/** Where a stack's state lives, and the environment in which Pulumi is run. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UserError } from "../policies/problems.ts";
import {
  type Backend,
  type BackendQuestion,
  chooseBackend,
  currentLogin,
  givenBackend,
  pulumiEnvironment,
} from "../scripts/pulumi/environment.ts";

/** Without files beside the state that a kill can tear. */
const project: Backend = { kind: "project", url: "file:///clone/.platform/state?metadata=skip" };
const own: Backend = { kind: "own" };
const team = "azblob://pulumi-state?storage_account=acme";

describe("the backend of a stack", () => {
  const question = { projectDir: "/clone", localState: "no", env: {} } as const;
  const loggedIn = (url: string) => ({ given: { where: "pulumi login", url } });
  const said = (url: string) => ({ env: { PULUMI_BACKEND_URL: url } });
  const allowed = { localState: "yes" } as const;

  const chosen: readonly [string, Partial<BackendQuestion>, Record<"local" | "shared", Backend>][] = [
    ["nothing is said", {}, { local: project, shared: own }],
    ["nothing but an empty word is said", said(""), { local: project, shared: own }],
    ["the person is logged in to a company", loggedIn("https://api.pulumi.com"), { local: project, shared: own }],
    ["a backend is said", said(team), { local: own, shared: own }],
    [
      "a backend is said, and the login is local",
      { ...said(team), ...loggedIn("file://~") },
      { local: own, shared: own },
    ],
    ["local state is asked for", allowed, { local: project, shared: project }],
    [
      "local state is asked for, and the login is local",
      { ...allowed, ...loggedIn("file://~") },
      { local: project, shared: project },
    ],
    [
      "local state is asked for in a place of its own",
      { ...allowed, ...said("file:///safe") },
      { local: own, shared: own },
    ],
  ];
  for (const [what, more, expected] of chosen) {
    for (const target of ["kwok", "kind", "aks", "existing"] as const) {
      const backend = target === "kwok" || target === "kind" ? expected.local : expected.shared;
      it(`on ${target} is ${backend.kind === "own" ? "the person's own" : "the project's"} when ${what}`, () => {
        assert.deepEqual(chooseBackend({ ...question, target, ...more }), backend);
      });
    }
  }

  for (const target of ["kwok", "kind"] as const) {
    it(`on ${target} may be any place on this machine`, () => {
      assert.deepEqual(chooseBackend({ ...question, target, ...said("file:///elsewhere") }), own);
      assert.deepEqual(chooseBackend({ ...question, target, ...loggedIn("file://~") }), project);
    });
  }

  const refused: readonly [string, Partial<BackendQuestion> & { target: "aks" | "existing" }, string][] = [
    [
      "PULUMI_BACKEND_URL names this machine",
      { target: "aks", ...said("file:///home/ada/state") },
      "PULUMI_BACKEND_URL: a stack on aks would keep its state on this machine only, got `file:///home/ada/state`\n" +
        "  expected a backend the team shares\n" +
        "  fix: set PULUMI_BACKEND_URL to your team's backend, or say --local-state if that is what you want",
    ],
    [
      "PULUMI_BACKEND_URL names this machine, whatever the login is",
      { target: "existing", ...said("file://~"), ...loggedIn(team) },
      "PULUMI_BACKEND_URL: a stack on existing would keep its state on this machine only, got `file://~`\n" +
        "  expected a backend the team shares\n" +
        "  fix: set PULUMI_BACKEND_URL to your team's backend, or say --local-state if that is what you want",
    ],
    [
      "the person once logged in locally",
      { target: "aks", ...loggedIn("file://~") },
      "pulumi login: a stack on aks would keep its state on this machine only, got `file://~`\n" +
        "  expected a backend the team shares\n" +
        "  fix: set PULUMI_BACKEND_URL to your team's backend, or say --local-state if that is what you want",
    ],
  ];
  for (const [what, more, message] of refused) {
    it(`on ${more.target} is refused when ${what}`, () => {
      assert.throws(() => chooseBackend({ ...question, ...more }), new UserError(message));
    });
  }
});

describe("the login that counts", () => {
  for (const [credentials, url] of [
    ['{"current":"file://~","accounts":{"file://~":{}}}', "file://~"],
    ['{"current":"https://api.pulumi.com"}', "https://api.pulumi.com"],
    ['{"accounts":{"file://~":{}}}', undefined],
    ['{"current":""}', undefined],
    ["", undefined],
    ["null", undefined],
    ["an envelope only Pulumi opens", undefined],
  ] as const) {
    it(`is ${url ?? "none"} with the credentials ${JSON.stringify(credentials)}`, () => {
      assert.equal(currentLogin(credentials), url);
    });
  }
});

describe("on this machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "environment-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  function write(path: string, text: string): void {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const login = (url: string): string => JSON.stringify({ current: url });

  describe("the given backend", () => {
    beforeEach(() => {
      write("home/.pulumi/credentials.json", login("file://~"));
      write("pulumi-home/credentials.json", login("https://pulumi.acme.example"));
      write("credentials/credentials.json", login("s3://acme"));
      write("clone/Pulumi.yaml", "name: platform\nruntime: nodejs\n");
    });
    const given = (env: NodeJS.ProcessEnv) => givenBackend(join(folder, "clone"), env, join(folder, "home"));

    it("is the login in the person's home", async () => {
      assert.deepEqual(await given({}), { where: "pulumi login", url: "file://~" });
      assert.deepEqual(await given({ PULUMI_HOME: "" }), { where: "pulumi login", url: "file://~" });
    });

    it("is the login in the person's own Pulumi home", async () => {
      const env = { PULUMI_HOME: join(folder, "pulumi-home") };
      assert.deepEqual(await given(env), { where: "pulumi login", url: "https://pulumi.acme.example" });
    });

    it("is the login where the credentials are kept apart from that", async () => {
      const env = { PULUMI_HOME: join(folder, "pulumi-home"), PULUMI_CREDENTIALS_PATH: join(folder, "credentials") };
      assert.deepEqual(await given(env), { where: "pulumi login", url: "s3://acme" });
    });

    it("is nothing where nobody has logged in", async () => {
      assert.equal(await given({ PULUMI_HOME: join(folder, "nowhere") }), undefined);
    });

    it("is the project file's before any login", async () => {
      write("clone/Pulumi.yaml", `name: platform\nbackend:\n  url: ${team}\n`);
      assert.deepEqual(await given({}), { where: "Pulumi.yaml › backend.url", url: team });
    });
  });

  describe("Pulumi's environment", () => {
    const theirs = {
      PATH: "/usr/bin",
      AZURE_CLIENT_ID: "theirs",
      PULUMI_ACCESS_TOKEN: "pul-theirs",
      PULUMI_CONFIG_PASSPHRASE: "theirs",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/home/ada/passphrase",
      PULUMI_HOME: "/home/ada/.pulumi",
    };
    const filledIn = () => ({
      NODE_COMPILE_CACHE: join(folder, ".platform/compile-cache"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
      PULUMI_NEO: "false",
      PULUMI_SUPPRESS_NEO_LINK: "true",
    });

    it("has nothing of a company's login where the state is the project's", async () => {
      const env = await pulumiEnvironment({
        backend: { kind: "project", url: `file://${folder}/.platform/state` },
        projectDir: folder,
        env: { ...theirs, PULUMI_BACKEND_URL: "" },
        pulumiHome: "/cache/pulumi-home",
      });
      assert.deepEqual(env, {
        ...filledIn(),
        PATH: "/usr/bin",
        AZURE_CLIENT_ID: "theirs",
        PULUMI_HOME: "/cache/pulumi-home",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_BACKEND_URL: `file://${folder}/.platform/state`,
        PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, ".platform/passphrase"),
      });
      assert.ok(statSync(join(folder, ".platform/state")).isDirectory());
    });

    it("is the person's own where the backend is, and nothing is written", async () => {
      const env = await pulumiEnvironment({ backend: own, projectDir: folder, env: theirs });
      assert.deepEqual(env, { ...theirs, ...filledIn() });
      assert.deepEqual(readdirSync(folder), []);
    });

    it("looks for missing plugins where Pulumi keeps its own home", async () => {
      const backend: Backend = { kind: "project", url: "file:///clone/.platform/state" };
      const env = await pulumiEnvironment({ backend, projectDir: folder, env: {} });
      assert.equal(env["PULUMI_HOME"], undefined);
      assert.equal(env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"], undefined);
    });
  });

  describe("the passphrase", () => {
    const make = () => pulumiEnvironment({ backend: project, projectDir: folder, env: {} });
    const passphrase = (): string => readFileSync(join(folder, ".platform/passphrase"), "utf8");

    it("is random, long enough, and readable by its owner only", async () => {
      await make();
      assert.match(passphrase(), /^[\w-]{43}$/);
      assert.equal(statSync(join(folder, ".platform/passphrase")).mode & 0o777, 0o600);
      const first = passphrase();
      rmSync(join(folder, ".platform"), { recursive: true });
      await make();
      assert.notEqual(passphrase(), first);
    });

    it("stays the same from run to run", async () => {
      await make();
      const first = passphrase();
      await make();
      assert.equal(passphrase(), first);
    });

    it("is one and whole for all who start at the same time, and leaves nothing beside it", async () => {
      const seen = await Promise.all(Array.from({ length: 20 }, async () => (await make(), passphrase())));
      assert.equal(new Set(seen).size, 1);
      assert.match(seen[0] ?? "", /^[\w-]{43}$/);
      assert.deepEqual(readdirSync(join(folder, ".platform")).sort(), ["passphrase", "state"]);
    });

    it("may be chosen by hand", async () => {
      write(".platform/passphrase", "chosen by hand");
      await make();
      assert.equal(passphrase(), "chosen by hand");
    });
  });
});
