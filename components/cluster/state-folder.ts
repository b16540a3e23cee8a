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
export function kwokClusterFolder(stack: string, clusterName: string, projectDir = process.cwd()): string {
  return join(stackFolder(stack, projectDir), "kwok", "clusters", clusterName);
}

/** Configuration and log of Cilium's operator, which runs beside a kwok control plane. */
export function operatorFolder(stack: string, clusterName: string, projectDir = process.cwd()): string {
  return join(kwokClusterFolder(stack, clusterName, projectDir), "cilium-operator");
}

/** The local cluster's kubeconfig: written with mode 0600, for kubectl and for the tools of this project. */
export function kubeconfigFile(stack: string, projectDir = process.cwd()): string {
  return join(stackFolder(stack, projectDir), "kubeconfig");
}

/** Ephemeral clusters: a folder each, which is a project of its own. */
export function ephemeralFolder(projectDir = process.cwd()): string {
  return join(projectDir, stateFolder, "ephemeral");
}

/** What is kept of ephemeral clusters that failed: a folder each. */
export function artifactsFolder(projectDir = process.cwd()): string {
  return join(projectDir, stateFolder, "artifacts");
}

/** Variable that tells the command of an ephemeral cluster where it may leave something to be kept. */
export const artifactsVariable = "CILIUM_PLATFORM_ARTIFACTS";
