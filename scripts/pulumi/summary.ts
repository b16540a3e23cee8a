/** What a person wants to read at the end of `up`: what runs, where the kubeconfig is, what to try, how to remove it. */

/** The stack's outputs, as far as the summary needs them. */
export interface SummaryInput {
  readonly stack: string;
  readonly target: string;
  readonly seconds: number;
  /** Names and versions of what was installed. */
  readonly versions: Readonly<Record<string, string>>;
  /** What was left out, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Bundles in force, each with its promise. */
  readonly promises: Readonly<Record<string, string>>;
  /** Where things are found from outside. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly simulated: boolean;
  /** Path relative to the project; absent where the cluster is not on this machine. */
  readonly kubeconfig?: string;
}

export function summary(input: SummaryInput): string {
  const kubeconfig = input.kubeconfig ?? "<your kubeconfig>";
  const lines = [
    "",
    `${input.stack} is up (${input.target}, ${String(Math.round(input.seconds))} s)`,
    `  runs        ${Object.entries(input.versions)
      .map((entry) => entry.join(" "))
      .join(", ")}`,
    ...Object.entries(input.promises).map(([name, promise]) => `  policies    ${name}: ${promise}`),
    ...Object.entries(input.addresses).map(([name, address]) => `  open        ${name}: ${address}`),
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
