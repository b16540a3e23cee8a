/** Kubeconfig: which cluster a command speaks to: a stack's own, or the one that a file names. */
import { readFile } from "node:fs/promises";

import { kubeconfigFile } from "../../components/cluster/state-folder.ts";
import { UserError } from "../../policies/problems.ts";
import { targetOf } from "../pulumi/stack-file.ts";

export interface Where {
  readonly stack?: string;
  /** File of a kubeconfig. */
  readonly kubeconfig?: string;
}

export async function kubeconfigOf({ stack, kubeconfig }: Where, projectDir: string): Promise<string> {
  if (stack !== undefined && kubeconfig !== undefined) {
    throw new UserError(`one cluster at a time: got the stack \`${stack}\` and --kubeconfig ${kubeconfig}`);
  }
  if (kubeconfig !== undefined) {
    return await readFile(kubeconfig, "utf8").catch(() => {
      throw new UserError(`--kubeconfig: \`${kubeconfig}\` cannot be read`);
    });
  }
  if (stack === undefined) throw new UserError("names no cluster\n  expected a stack, or --kubeconfig FILE");
  const target = await targetOf(stack, projectDir);
  const file = kubeconfigFile(stack, projectDir);
  return await readFile(file, "utf8").catch(() => {
    const fix =
      target === "kwok" || target === "kind"
        ? `bring it up: npm run up -- ${stack}`
        : `say --kubeconfig with a file of yours, such as that of \`npm run pulumi -- ${stack} stack output kubeconfig --show-secrets\``;
    throw new UserError(`${file} does not exist\n  fix: ${fix}`);
  });
}
