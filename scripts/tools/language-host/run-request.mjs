/**
 * How a Run request of the engine becomes a command line: what the official host passes, from plain values.
 *
 * Pure, so that it can be tested without engine or gRPC.
 */

/** Exit code with which the SDK says that it has already told the user what is wrong. */
const alreadyTold = 32;

/** What V8 prints when the program runs out of memory. */
const outOfMemory = "<--- Last few GCs --->";

/** Words of a command line: blanks separate, quotes and backslash keep together. */
export function splitWords(text) {
  const words = [];
  let word;
  let quote;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= "";
    if (char === "\\" && quote !== "'" && at + 1 < text.length) word += text[++at];
    else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
    else word += char;
  }
  if (quote !== undefined) throw new Error(`unfinished quote in \`${text}\``);
  if (word !== undefined) words.push(word);
  return words;
}

/** The runtime options of Pulumi.yaml that matter to a run; a value of the wrong type is refused. */
export function readOptions(options) {
  const { typescript = true, nodeargs = "", tsconfig } = options;
  if (typeof typescript !== "boolean") throw new Error("typescript option must be a boolean");
  if (typeof nodeargs !== "string") throw new Error("nodeargs option must be a string");
  if (tsconfig !== undefined && typeof tsconfig !== "string") throw new Error("tsconfigpath option must be a string");
  return { typescript, nodeArguments: splitWords(nodeargs), tsconfig };
}

/** Arguments of node: its own first, then the SDK's entry, then what the entry understands. */
export function nodeArguments(request, options, { runPath, engine, tracing }) {
  const args = [...options.nodeArguments, runPath];
  const flag = (name, value) => {
    if (value !== undefined && value !== "") args.push(`--${name}`, value);
  };
  flag("monitor", request.monitor);
  flag("engine", engine);
  flag("organization", request.organization);
  flag("project", request.project);
  flag("root-directory", request.rootDirectory);
  flag("stack", request.stack);
  flag("pwd", request.programDirectory);
  if (request.dryRun) args.push("--dry-run");
  flag("parallel", String(request.parallel));
  flag("tracing", tracing);
  args.push(request.entryPoint, ...request.args);
  return args;
}

/** Variables of the program, beside those of the host. */
export function programEnvironment(request, options) {
  return {
    PULUMI_CONFIG: JSON.stringify(request.config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.configSecretKeys),
    ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}

/** The answer to a Run request, from how the program ended. */
export function outcome(code, signal, errorOutput) {
  if (code === 0) return { error: "", bail: false };
  if (code === alreadyTold) return { error: "", bail: true };
  const ended =
    code === null ? `Program was ended by ${signal}` : `Program exited with non-zero exit code: ${String(code)}`;
  if (!errorOutput.includes(outOfMemory)) return { error: ended, bail: false };
  return {
    error: `${ended}. It seems to have run out of memory: give it more with \`nodeargs: --max-old-space-size=<megabytes>\` under runtime options in Pulumi.yaml`,
    bail: false,
  };
}
