/**
 * Mocks: a Pulumi engine that records everything a program registers and answers with just enough to go on.
 *
 * Without the recorder a test would see inputs only: parents, providers, dependencies, `deletedWith` and the like go to
 * the engine beside them. A call nobody foresaw is an error, and so is the same name twice, as in the real engine.
 */
import * as pulumi from "@pulumi/pulumi";

import { answers, type Answers, type ResourceRequest } from "./answers.ts";
import {
  holdsSecret,
  readable,
  referenceOf,
  referenceOfProvider,
  referenceOfUrn,
  type ResourceRecord,
} from "./records.ts";
import { within } from "./resolve.ts";

export interface RecordingOptions {
  readonly stack?: string;
  readonly project?: string;
  /** `preview`: outputs that only a cloud knows are unknown. */
  readonly run?: "update" | "preview";
  /** Answers besides, or instead of, the usual ones. */
  readonly answers?: Answers;
}

export interface Recording {
  /** In the order of registration. */
  readonly resources: readonly ResourceRecord[];
  /** Tokens of the functions called, in order. */
  readonly calls: readonly string[];
  /** The one resource of that name; an error where there is none or more than one. */
  readonly one: (name: string) => ResourceRecord;
  /** Waits until every registration is answered, and throws what went wrong on the way. */
  readonly settled: () => Promise<void>;
}

/** What is used of a request; the generated classes have no types for their getters. */
interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  getParent(): string;
  getProvider(): string;
  getDependenciesList(): string[];
  getDeletedwith(): string;
  hasProtect(): boolean;
  getProtect(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getDeletebeforereplace(): boolean;
  hasRetainondelete(): boolean;
  getRetainondelete(): boolean;
  getIgnorechangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getAliasesList(): { getSpec(): { getType(): string; getName(): string } | undefined; getUrn(): string }[];
  getImportid(): string;
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
}

interface Monitor {
  registerResource(request: Request, callback: (error: Error | null, response: unknown) => void): Promise<void>;
}

/** Puts the mocks in place: from here on, until the next call, every resource of this process is recorded. */
export function recordResources(options: RecordingOptions = {}): Recording {
  const resources: ResourceRecord[] = [];
  const calls: string[] = [];
  const failures: Error[] = [];
  const table = {
    outputs: { ...answers.outputs, ...options.answers?.outputs },
    calls: { ...answers.calls, ...options.answers?.calls },
  };
  let requested: Request | undefined;

  const mocks: pulumi.runtime.Mocks = {
    newResource: (args) => {
      // The request being answered: set by the wrapper below, in the same turn.
      const request = requested;
      requested = undefined;
      const resource: ResourceRequest = {
        type: args.type,
        name: args.name,
        inputs: args.inputs as Record<string, unknown>,
      };
      const outputs = { ...resource.inputs, ...table.outputs[args.type]?.(resource) };
      return { id: `<id of ${args.name}>`, state: request === undefined ? outputs : withSecrets(outputs, request) };
    },
    call: (args) => {
      calls.push(args.token);
      const answer = table.calls[args.token];
      if (answer === undefined) {
        const message = `no answer is prepared for the call of ${args.token}`;
        // `details` is where the SDK looks for the text of an error that came over the wire.
        const failure = Object.assign(new Error(message), { details: message });
        failures.push(failure);
        throw failure;
      }
      return answer(args.inputs as Record<string, unknown>);
    },
  };
  void pulumi.runtime.setMocks(
    mocks,
    options.project ?? "platform",
    options.stack ?? "test",
    options.run === "preview",
  );

  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const record = recordOf(request);
    const duplicate = resources.some((earlier) => referenceOf(earlier) === referenceOf(record));
    if (duplicate) failures.push(new Error(`${referenceOf(record)} is registered twice`));
    resources.push(record);
    requested = request;
    return register(request, (error, response) => {
      if (error !== null) failures.push(error);
      callback(error, response);
    });
  };

  return {
    resources,
    calls,
    one(name) {
      const found = resources.filter((resource) => resource.name === name);
      if (found.length !== 1 || found[0] === undefined) {
        const names = resources.map((resource) => resource.name).join(", ");
        throw new Error(`${String(found.length)} resources are called ${name}; registered: ${names}`);
      }
      return found[0];
    },
    async settled() {
      // Failures are looked at first and last: a failed registration can leave the rest waiting for ever.
      try {
        await within(pulumi.runtime.disconnect(), "every registration");
      } catch (error) {
        throw failures[0] ?? error;
      }
      if (failures[0] !== undefined) throw failures[0];
    },
  };
}

/** What the engine does: an output is secret when its input was, or when the resource says so. */
function withSecrets(outputs: Record<string, unknown>, request: Request): Record<string, unknown> {
  const wire = request.getObject()?.toJavaScript() ?? {};
  const secret = new Set([
    ...request.getAdditionalsecretoutputsList(),
    ...Object.keys(wire).filter((key) => holdsSecret(wire[key])),
  ]);
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [key, secret.has(key) ? pulumi.secret(value) : value]),
  );
}

function recordOf(request: Request): ResourceRecord {
  const timeouts = request.getCustomtimeouts();
  return {
    type: request.getType(),
    name: request.getName(),
    kind: request.getCustom() ? "custom" : "component",
    inputs: readable(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
    ...(request.getParent() === "" ? {} : { parent: referenceOfUrn(request.getParent()) }),
    ...(request.getProvider() === "" ? {} : { provider: referenceOfProvider(request.getProvider()) }),
    dependencies: request.getDependenciesList().map(referenceOfUrn).sort(),
    ...(request.getDeletedwith() === "" ? {} : { deletedWith: referenceOfUrn(request.getDeletedwith()) }),
    ...(request.hasProtect() ? { protect: request.getProtect() } : {}),
    ...(request.getDeletebeforereplacedefined() ? { deleteBeforeReplace: request.getDeletebeforereplace() } : {}),
    ...(request.hasRetainondelete() ? { retainOnDelete: request.getRetainondelete() } : {}),
    ignoreChanges: request.getIgnorechangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: request
      .getAliasesList()
      .map(aliasOf)
      .filter((alias) => !isFormerVersion(alias, request.getType())),
    ...(request.getImportid() === "" ? {} : { import: request.getImportid() }),
    ...(timeouts === undefined
      ? {}
      : {
          timeouts: Object.fromEntries(
            Object.entries({
              create: timeouts.getCreate(),
              update: timeouts.getUpdate(),
              delete: timeouts.getDelete(),
            }).filter(([, duration]) => duration !== ""),
          ),
        }),
  };
}

function aliasOf(alias: ReturnType<Request["getAliasesList"]>[number]): string {
  const spec = alias.getSpec();
  return spec === undefined
    ? referenceOfUrn(alias.getUrn())
    : referenceOf({ type: spec.getType(), name: spec.getName() });
}

/**
 * Whether an alias only says that the kind of resource was in another version of its API before. SDKs write those, dozens
 * for Azure, and they say nothing about the program.
 */
function isFormerVersion(alias: string, type: string): boolean {
  const [former = "", name] = alias.split("::");
  const [formerPackage = "", ...formerRest] = former.split(":");
  const [ownPackage = "", ...ownRest] = type.split(":");
  const samePackage = formerPackage === ownPackage || formerPackage.startsWith(`${ownPackage}_`);
  return name === "" && samePackage && formerRest.at(-1) === ownRest.at(-1);
}
