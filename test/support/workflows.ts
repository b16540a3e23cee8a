/** Workflows as data, and what must hold for each of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

const folder = join(import.meta.dirname, "../../.github/workflows");

export interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
  readonly if?: string;
  readonly concurrency?: { readonly group: string };
}

export interface Workflow {
  readonly name: string;
  readonly on: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** File name → text. */
export const workflowTexts: Readonly<Record<string, string>> = textsIn(folder);

/** Those that an application's repository takes for its own. */
export const applicationTexts: Readonly<Record<string, string>> = textsIn(
  join(import.meta.dirname, "../../docs/application"),
);

function textsIn(from: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(from).map((file) => [file, readFileSync(join(from, file), "utf8")]));
}

export function parseWorkflow(text: string): Workflow {
  const workflow: unknown = parse(text);
  if (typeof workflow !== "object" || workflow === null || !("jobs" in workflow)) throw new Error("not a workflow");
  return workflow as Workflow;
}

export interface WorkflowRule {
  readonly says: string;
  /** What is wrong, one line each; nothing for a sound workflow. */
  readonly broken: (workflow: Workflow, text: string, scripts: readonly string[]) => readonly string[];
}

const steps = (workflow: Workflow): readonly Step[] => Object.values(workflow.jobs).flatMap((job) => job.steps);

const writes = (workflow: Workflow): string[] =>
  [workflow.permissions ?? {}, ...Object.values(workflow.jobs).map((job) => job.permissions ?? {})].flatMap((granted) =>
    Object.entries(granted).flatMap(([what, level]) => (level === "write" ? [what] : [])),
  );

/** What starts it, by name. */
export function triggersOf({ on }: Workflow): string[] {
  if (typeof on === "string") return [on];
  return Array.isArray(on) ? on.map(String) : Object.keys(on as object);
}

/** What GitHub hands to a job that may ask for an identity of ours. */
const ourIdentity = "id-token";

export const workflowRules: readonly WorkflowRule[] = [
  {
    says: "every action is pinned by its commit, with the version beside it",
    broken: (_workflow, text) =>
      text
        .split("\n")
        .filter((line) => /^\s*(- )?uses:/.test(line))
        .filter((line) => !/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+$/.test(line))
        .map((line) => line.trim()),
  },
  {
    says: "nothing is permitted that is not said, and the whole workflow may write nothing",
    broken: ({ permissions }) => {
      if (permissions === undefined) return ["no permissions"];
      return Object.entries(permissions).flatMap(([what, level]) => (level === "read" ? [] : [`${what}: ${level}`]));
    },
  },
  {
    says: "what a job may write is an identity or a comment",
    broken: (workflow) => writes(workflow).filter((what) => what !== ourIdentity && what !== "pull-requests"),
  },
  {
    says: "a job that may write a comment runs nothing of the pull request",
    broken: ({ jobs }) =>
      Object.entries(jobs)
        .filter(([, job]) => job.permissions?.["pull-requests"] === "write")
        .filter(([, job]) =>
          job.steps.some(
            ({ uses, run }) => uses?.startsWith("actions/checkout@") === true || /\bnpm\b/.test(run ?? ""),
          ),
        )
        .map(([name]) => name),
  },
  {
    says: "a comment is written by a run of its own, which a pull request cannot change",
    broken: (workflow) => {
      const triggers = triggersOf(workflow);
      const isApart = triggers.length === 1 && triggers[0] === "workflow_run";
      return Object.entries(workflow.jobs)
        .filter(([, job]) => job.permissions?.["pull-requests"] === "write" && !isApart)
        .map(([name]) => name);
    },
  },
  {
    says: "what runs behind a pull request takes data from it and nothing that runs",
    broken: (workflow) => {
      if (!triggersOf(workflow).includes("workflow_run")) return [];
      return Object.entries(workflow.jobs).flatMap(([name, job]) => [
        ...(job.permissions?.[ourIdentity] === "write" ? [`${name}: an identity`] : []),
        ...job.steps.flatMap(({ uses, run }) => [
          ...(uses?.startsWith("actions/checkout@") === true ? [`${name}: a checkout`] : []),
          ...(run?.match(/\b(npm|npx|node|source|eval)\b/g) ?? []).map((word) => `${name}: ${word}`),
        ]),
      ]);
    },
  },
  {
    says: "no code of a fork meets an identity of ours",
    broken: (workflow, text) => {
      const triggers = triggersOf(workflow).join(" ");
      if (triggers.includes("pull_request_target")) return ["pull_request_target"];
      if (!/pull_request|workflow_run/.test(triggers)) return [];
      const guard = "github.event.pull_request.head.repo.full_name == github.repository";
      const jobs = Object.entries(workflow.jobs)
        .filter(([, job]) => Object.values(job.permissions ?? {}).includes("write"))
        .filter(([, job]) => triggers !== "workflow_run" && job.if?.includes(guard) !== true)
        .map(([name]) => name);
      return [...jobs, ...(/secrets\.(?!GITHUB_TOKEN)/.test(text) ? ["a secret of the repository"] : [])];
    },
  },
  {
    says: "the checkout leaves no token behind",
    broken: (workflow) =>
      steps(workflow)
        .filter(({ uses }) => uses?.startsWith("actions/checkout@") === true)
        .filter((step) => step.with?.["persist-credentials"] !== false)
        .map(({ uses }) => uses ?? ""),
  },
  {
    says: "every job ends by itself",
    broken: ({ jobs }) =>
      Object.entries(jobs)
        .filter(([, job]) => job["timeout-minutes"] === undefined)
        .map(([name]) => name),
  },
  {
    says: "every npm script it runs exists",
    broken: (workflow, _text, scripts) =>
      steps(workflow)
        .flatMap(({ run }) => [...(run ?? "").matchAll(/\bnpm (?:run )?(?:--silent )?([a-z][\w:-]*)/g)])
        .map(([, script = ""]) => script)
        .filter((script) => script !== "install" && !scripts.includes(script)),
  },
  {
    says: "nothing that somebody else wrote is put into a shell by its text",
    broken: (workflow) => steps(workflow).flatMap(({ run }) => run?.match(/\$\{\{[^}]*\}\}/g) ?? []),
  },
  {
    says: "no secret of Pulumi's is shown",
    broken: (workflow) =>
      steps(workflow).flatMap(({ run }) => (run?.includes("--show-secrets") === true ? ["--show-secrets"] : [])),
  },
  {
    says: "on a shared stack it waits for whoever is at it, and reads only",
    broken: ({ jobs }) =>
      Object.entries(jobs)
        .filter(([, job]) => job.permissions?.[ourIdentity] === "write")
        .flatMap(([name, job]) => [
          ...(job.concurrency?.group === "stack-${{ matrix.stack }}" ? [] : [`${name}: no group of its stack`]),
          ...job.steps.flatMap(({ run }) =>
            /\bnpm run (--silent )?(up|down|refresh)\b/.test(run ?? "") ? [`${name}: ${run ?? ""}`] : [],
          ),
        ]),
  },
];
