/**
 * Blocks: the specs of all policies that a repair may extend, each with the rules that were read from it.
 */
import type { Origin, PolicyRef, Rule } from "../model.ts";
import { isFields, type Fields, type Manifest } from "../read/fields.ts";
import { policyOf } from "../read/policy-objects.ts";
import { at, pathOf, type Path } from "./edits.ts";

/** One `spec`, or one element of `specs`. */
export interface Block {
  readonly manifest: number;
  readonly policy: PolicyRef;
  readonly path: Path;
  readonly spec: Fields;
  /** Never empty: a spec without rules governs nobody, or was refused. */
  readonly rules: readonly Rule[];
}

/** Blocks in the order of the manifests. Those that `editable` leaves out are somebody else's. */
export function blocksOf(
  manifests: readonly Manifest[],
  rules: readonly Rule[],
  editable: (manifest: number) => boolean,
): readonly Block[] {
  const byBlock = Map.groupBy(rules, ({ origin }) => blockKey(origin.policy, blockPath(origin)));
  return manifests.flatMap((manifest, index) => {
    const policy = policyOf(manifest.object);
    if (policy === undefined || !editable(index)) return [];
    const { spec, specs } = manifest.object;
    const paths: Path[] = [
      ...(isFields(spec) ? [["spec"]] : []),
      ...(Array.isArray(specs) ? specs.map((_each, position) => ["specs", position]) : []),
    ];
    return paths.flatMap((path) => {
      const [found, written] = [byBlock.get(blockKey(policy, path)), at(manifest.object, path)];
      return found === undefined || !isFields(written)
        ? []
        : [{ manifest: index, policy, path, spec: written, rules: found }];
    });
  });
}

function blockKey({ kind, namespace, name }: PolicyRef, path: Path): string {
  return JSON.stringify([kind, namespace ?? "", name, path]);
}

function blockPath({ path }: Origin): Path {
  const steps = pathOf(path);
  return steps.slice(0, steps[0] === "specs" ? 2 : 1);
}

/** The list entry that a rule was read from: `spec.egress[0]` of `spec.egress[0].to[1]`. */
export function entryPath({ origin }: Rule): Path {
  const steps = pathOf(origin.path);
  const list = steps.findIndex((step) => typeof step === "string" && /^(in|e)gress/.test(step));
  return steps.slice(0, list + 2);
}
