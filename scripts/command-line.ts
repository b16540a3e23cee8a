/** What may stand behind `npm run <verb> --`: read once, refused with the reason when it cannot be understood. */
import { UserError } from "../policies/problems.ts";

export interface StackCommand {
  readonly stack: string;
  readonly tools: "auto" | "official" | "build";
  /** `yes`: nobody is asked for confirmation. */
  readonly confirmed: "yes" | "no";
  readonly localState: "yes" | "no";
  /** Handed to the Pulumi CLI as they are. */
  readonly pulumiArgs: readonly string[];
}

const usage = "[stack] [--yes] [--tools=auto|official|build] [--local-state] [-- options of pulumi]";

/** The stack is the first word that is no option; without one it is kwok. */
export function readStackCommand(args: readonly string[]): StackCommand {
  let stack: string | undefined;
  let tools: StackCommand["tools"] = "auto";
  let confirmed: StackCommand["confirmed"] = "no";
  let localState: StackCommand["localState"] = "no";
  const pulumiArgs: string[] = [];
  for (const arg of args) {
    const mode = /^--tools=(.*)$/.exec(arg)?.[1];
    if (arg === "--yes" || arg === "-y") confirmed = "yes";
    else if (arg === "--local-state") localState = "yes";
    else if (mode === "auto" || mode === "official" || mode === "build") tools = mode;
    else if (mode !== undefined) throw new UserError(`--tools: got \`${mode}\`\n  expected auto, official or build`);
    else if (arg === "--") continue;
    else if (arg.startsWith("-")) pulumiArgs.push(arg);
    else if (stack === undefined) stack = arg;
    else throw new UserError(`one stack at a time: got \`${stack}\` and \`${arg}\`\n  expected ${usage}`);
  }
  return { stack: stack ?? "kwok", tools, confirmed, localState, pulumiArgs };
}
