/** What a lockfile (ours, or npm's own inside node_modules) says of each package. */
export interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optional?: boolean; readonly devOptional?: boolean }>
  >;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function refuseOldNode(version: string): string | undefined;
export function sameInstallation(lockfile: Lockfile, installed: Lockfile | undefined): boolean;
export function programNode(
  platform: string,
  arch: string,
  running: { readonly version: string; readonly path: string },
  exists: (path: string) => boolean,
): string | undefined;
export function programEnvironment(env: Environment, node: string): Environment;
export function signalsToForward(fromTerminal: boolean): NodeJS.Signals[];
