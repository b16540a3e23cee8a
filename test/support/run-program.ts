/** Child process of {@link file://./program.ts}: runs one program under the mocks and sends back what it registered. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import * as pulumi from "@pulumi/pulumi";

import { recordResources } from "./mocks.ts";
import type { ProgramAnswer, ProgramTask } from "./program.ts";
import { readable } from "./records.ts";
import { isSecret, resolve, within } from "./resolve.ts";

process.once("message", (task) => {
  void run(task as ProgramTask).then(
    (answer) => process.send?.(answer),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function run(task: ProgramTask): Promise<ProgramAnswer> {
  const recording = recordResources({ stack: task.stack });
  pulumi.runtime.setAllConfig({ ...task.config }, [...task.secrets]);
  const program = within(
    import(pathToFileURL(task.entry).href) as Promise<Record<string, unknown>>,
    "the end of the program's module",
    task.patienceMs ?? 30_000,
  );
  // As Pulumi reads it: a default export stands for all outputs.
  const module = await program;
  const exported = (module["default"] ?? module) as Record<string, unknown>;
  await recording.settled();
  const outputs = Object.entries(exported)
    .filter(([, value]) => value !== undefined)
    .map(async ([key, value]): Promise<[string, unknown]> => [key, await shown(value)]);
  return {
    run: {
      resources: recording.resources,
      outputs: Object.fromEntries(await Promise.all(outputs)),
      packages: loadedPackages(),
    },
  };
}

async function shown(value: unknown): Promise<unknown> {
  const output = pulumi.output(value);
  return (await isSecret(output)) ? "<secret>" : readable(await resolve(output));
}

function loadedPackages(): string[] {
  const names = Object.keys(createRequire(import.meta.url).cache).flatMap((file) => {
    const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1];
    return name === undefined ? [] : [name.replaceAll("\\", "/")];
  });
  return [...new Set(names)].sort();
}
