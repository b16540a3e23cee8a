/** Joint: the endpoints that two worlds have in common, in classes that neither of them tells apart. */
import { positions } from "../diff.ts";
import type { Matrix } from "../matrix.ts";
import type { Endpoint } from "../model.ts";
import { remembered } from "../pairs/remembered.ts";

export interface Joint {
  /** As the later world has them, in its order. */
  readonly endpoints: readonly Endpoint[];
  /** Where each stands in either world. */
  readonly at: Readonly<Record<"before" | "after", readonly number[]>>;
  /** Positions in `endpoints`. */
  readonly classes: readonly (readonly number[])[];
  /** Per class: which class it is in either matrix. */
  readonly of: readonly { readonly before: number; readonly after: number }[];
}

/** A world whose endpoints were put into classes. */
type Classified = Pick<Matrix, "world" | "classes">;

export function jointOf(before: Classified, after: Classified): Joint {
  const old = positions(before.world);
  const classOf = { before: classesByEndpoint(before), after: classesByEndpoint(after) };
  const endpoints: Endpoint[] = [];
  const at = { before: [] as number[], after: [] as number[] };
  const classes = new Map<string, { readonly members: number[]; readonly of: Joint["of"][number] }>();
  for (const [position, endpoint] of after.world.endpoints.entries()) {
    const earlier = old.get(endpoint.name);
    if (earlier === undefined) continue;
    const of = { before: classOf.before[earlier] ?? 0, after: classOf.after[position] ?? 0 };
    const found = remembered(classes, `${String(of.before)} ${String(of.after)}`, () => ({ members: [], of }));
    found.members.push(endpoints.push(endpoint) - 1);
    at.before.push(earlier);
    at.after.push(position);
  }
  const all = [...classes.values()];
  return { endpoints, at, classes: all.map(({ members }) => members), of: all.map(({ of }) => of) };
}

function classesByEndpoint({ classes }: Classified): number[] {
  const found: number[] = [];
  for (const [at, members] of classes.entries()) for (const member of members) found[member] = at;
  return found;
}
