/** Explanations as text and JSON. */
import { explanationText, type Explanation, type Place } from "../../policies/reachability/explain.ts";
import { documentText, schema } from "./json.ts";

/** One connection, or what is said above several, such as the backends of a Service. */
export interface Walk {
  readonly heading?: string;
  readonly explanation?: Explanation;
}

export function explanationsText(walks: readonly Walk[], place: Place): string {
  const told = walks.map(({ heading, explanation }) =>
    [heading, explanation === undefined ? undefined : explanationText(explanation, place)]
      .filter((text) => text !== undefined)
      .join("\n\n"),
  );
  return `${told.join("\n\n")}\n`;
}

export function explanationsJson(walks: readonly Walk[], place: Place): string {
  const explanations = walks.map(({ heading, explanation }) => ({
    ...(heading === undefined ? {} : { heading }),
    ...(explanation === undefined ? {} : { headline: explanation.headline, sides: sidesOf(explanation, place) }),
  }));
  return documentText({ schema, kind: "explanations", explanations });
}

function sidesOf({ sides }: Explanation, place: Place): unknown {
  return sides.map(({ origins, nearMisses, remains, ...side }) => ({
    ...side,
    ...(remains === "" ? {} : { remains }),
    origins: origins.map((origin) => ({ ...origin, place: place(origin) })),
    nearMisses: nearMisses.map(({ origin, because }) => ({ ...origin, place: place(origin), because })),
  }));
}
