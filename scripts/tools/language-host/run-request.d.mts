/** What the engine asks for, as plain values. */
export interface RunRequest {
  readonly monitor: string;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly parallel: number;
  readonly dryRun: boolean;
  readonly args: readonly string[];
  readonly rootDirectory: string | undefined;
  readonly programDirectory: string;
  readonly entryPoint: string;
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
}

export interface RunOptions {
  readonly typescript: boolean;
  readonly nodeArguments: readonly string[];
  readonly tsconfig: string | undefined;
}

export function splitWords(text: string): string[];
export function readOptions(options: Readonly<Record<string, unknown>>): RunOptions;
export function nodeArguments(
  request: RunRequest,
  options: RunOptions,
  host: { readonly runPath: string; readonly engine: string | undefined; readonly tracing: string | undefined },
): string[];
export function programEnvironment(
  request: Pick<RunRequest, "config" | "configSecretKeys">,
  options: RunOptions,
): Record<string, string>;
export function outcome(
  code: number | null,
  signal: string | null,
  errorOutput: string,
): { readonly error: string; readonly bail: boolean };
