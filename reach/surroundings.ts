/** Surroundings: what a world depends on besides its manifests, and what is meant where nobody says it. */
import type { CiliumVersion, Names } from "../policies/reachability/model.ts";
import type { External } from "../policies/reachability/read/externals.ts";

/** Where the cluster runs: it decides what the API server's address is to a policy (S12). */
export const targets = ["kind", "aks"] as const;
export type Target = (typeof targets)[number];

export const ciliumVersions = ["1.18", "1.19", "1.20"] as const satisfies readonly CiliumVersion[];

export interface Surroundings {
  readonly target: Target;
  readonly cilium: CiliumVersion;
  readonly names: Names;
  /** Besides those that the policies themselves tell apart; one of the same name takes the place of theirs. */
  readonly externals: readonly External[];
}

/** What somebody says of it. What is left out is as the inventory says, if there is one, else as usual. */
export type Given = Partial<Surroundings> & {
  /** The file of the platform that the manifests are to run on, as `npm run inventory` writes it. */
  readonly inventory?: string;
};

/** The version is the one that the platform pins. */
export const usual: Surroundings = { target: "kind", cilium: "1.20", names: "as learned", externals: [] };
