/** What a person wants to read at the end of `up`: what runs, where the kubeconfig is, what to try, how to remove it. */

/** The stack's outputs, as far as the summary needs them. */
export interface SummaryInput {
  readonly stack: string;
  readonly target: string;
  readonly seconds: number;
  /** Names and versions of what was installed. */
  readonly installed: Readonly<Record<string, string>>;
  /** What was left out, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
  readonly bundles: readonly string[];
  readonly simulated: boolean;
  /** Path relative to the project; absent where the cluster is not on this machine. */
  readonly kubeconfig?: string;
}

export function summary(input: SummaryInput): string {
  const list = (entries: Readonly<Record<string, string>>, separator: string): string =>
    Object.entries(entries)
      .map(([name, text]) => `${name}${separator}${text}`)
      .join(", ");
  const kubeconfig = input.kubeconfig ?? "<your kubeconfig>";
  const lines = [
    "",
    `${input.stack} is up (${input.target}, ${String(Math.round(input.seconds))} s)`,
    `  runs        ${list(input.installed, " ")}`,
    ...(input.bundles.length === 0 ? [] : [`  policies    ${input.bundles.join(", ")}`]),
    ...Object.entries(input.leftOut).map(([name, reason]) => `  left out    ${name}: ${reason}`),
    ...(input.simulated
      ? [
          "  mind        nodes are simulated: the API server, its admission and Cilium's operator are real, but nothing",
          "              runs inside a pod and no policy is enforced",
        ]
      : []),
    ...(input.kubeconfig === undefined ? [] : [`  kubeconfig  ${input.kubeconfig}`]),
    `  try         kubectl --kubeconfig ${kubeconfig} get ciliumnetworkpolicies -A`,
    `              npm run preview -- ${input.stack}`,
    `  remove      npm run down -- ${input.stack}`,
    "",
  ];
  return lines.join("\n");
}
