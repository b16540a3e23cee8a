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

/** The stack is the first word that is no option; without one it is kwok. Behind `--` everything is Pulumi's. */
export function readStackCommand(args: readonly string[]): StackCommand {
  const stacks: string[] = [];
  let tools: StackCommand["tools"] = "auto";
  let confirmed: StackCommand["confirmed"] = "no";
  let localState: StackCommand["localState"] = "no";
  const pulumiArgs: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [option = "", value] = arg.startsWith("-") ? arg.split(/=(.*)/s) : [];
    if (arg === "--") pulumiArgs.push(...rest.splice(0));
    else if (arg === "--help" || arg === "-h") throw new UserError(`usage: npm run <command> -- ${usage}`);
    else if (arg === "--yes" || arg === "-y") confirmed = "yes";
    else if (arg === "--local-state") localState = "yes";
    else if (option === "--tools") tools = toolsMode(value);
    // Pulumi's own way to name it; handed on, it would bring this stack's settings to another one.
    else if (option === "--stack" || option === "-s") stacks.push(value ?? rest.shift() ?? "");
    else if (option !== "") pulumiArgs.push(arg);
    else stacks.push(arg);
  }
  const [stack = "kwok", another] = stacks;
  if (stack === "" || stack.startsWith("-")) throw new UserError(`--stack: names no stack\n  expected ${usage}`);
  if (another !== undefined) {
    throw new UserError(
      `one stack at a time: got \`${stack}\` and \`${another}\`\n` +
        `  expected ${usage}\n` +
        "  fix: write the value of an option as --option=value, or behind --",
    );
  }
  return { stack, tools, confirmed, localState, pulumiArgs };
}

/** For what starts no Pulumi: an option nobody knows is refused, since nobody would look at it. */
export function readOwnCommand(args: readonly string[]): Pick<StackCommand, "stack" | "tools"> {
  const { stack, tools, pulumiArgs } = readStackCommand(args);
  const [unknown] = pulumiArgs;
  if (unknown === undefined) return { stack, tools };
  throw new UserError(`unknown option \`${unknown}\`\n  expected [stack] [--tools=auto|official|build]`);
}

function toolsMode(value: string | undefined): StackCommand["tools"] {
  if (value === "auto" || value === "official" || value === "build") return value;
  const got = value === undefined ? "has no value" : `got \`${value}\``;
  throw new UserError(`--tools: ${got}\n  expected --tools=auto, --tools=official or --tools=build`);
}
