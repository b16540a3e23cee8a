/**
 * Where a stack keeps what it makes on this machine: one ignored folder in the project, one folder per stack in it.
 *
 * Nothing of the platform lies elsewhere in a checkout, so removing the folder removes every trace.
 */
import { join } from "node:path";

/** Name of the ignored folder at the top of the project. */
export const stateFolder = ".platform";

/** Folder of one stack, below the project's folder (the working folder of program and providers). */
export function stackFolder(stack: string, projectDir = process.cwd()): string {
  return join(projectDir, stateFolder, stack);
}

/** Folder of a kwok control plane. Every process of it, the operator beside it too, names this folder. */
export function kwokClusterFolder(stack: string, clusterName: string): string {
  return join(stackFolder(stack), "kwok", "clusters", clusterName);
}

/** The local cluster's kubeconfig: written with mode 0600, for kubectl and for the tools of this project. */
export function kubeconfigFile(stack: string, projectDir = process.cwd()): string {
  return join(stackFolder(stack, projectDir), "kubeconfig");
}
