/** L7 lists as the files write them: as lines that are equal when the lists mean the same. */
import type { Side, Verdict } from "../model.ts";
import type { Fields } from "../read/fields.ts";
import type { L7Element } from "./format.ts";

/** Neither side redirects. */
export const noLists = "egress none; ingress none";

/** One line per cell, whatever the order of the elements and of the rules inside one. */
export function l7Line(egress: readonly L7Element[] | null, ingress: readonly L7Element[] | null): string {
  const line = (list: readonly L7Element[] | null): string =>
    list === null ? "none" : list.map(elementText).sort().join(" | ");
  return `egress ${line(egress)}; ingress ${line(ingress)}`;
}

function elementText(element: L7Element): string {
  if (element === "*") return "*";
  return Object.entries(element)
    .map(([kind, rules]) => `${kind} ${[...new Set(rules.map(sortedText))].sort().join(" ")}`)
    .sort()
    .join(" ");
}

function sortedText(rule: unknown): string {
  if (typeof rule === "string") return JSON.stringify(rule);
  return JSON.stringify(
    Object.fromEntries(Object.entries(Object(rule) as Fields).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** The engine's L7 unions in the words of the files. */
export function l7LineOf(verdict: Verdict): string {
  return l7Line(elementsOf(verdict.egress), elementsOf(verdict.ingress));
}

function elementsOf({ outcome, l7 }: Side): L7Element[] | null {
  if (outcome !== "redirect") return null;
  return l7.map((element): L7Element => {
    if (element.kind === "anything") return "*";
    const { by } = element;
    switch (by.kind) {
      case "none":
        return "*";
      case "http":
      case "dns":
        return {
          [by.kind]: by.rules.map((rule): unknown => JSON.parse(rule)),
          ...(by.serverNames === undefined || by.serverNames.length === 0 ? {} : { serverNames: [...by.serverNames] }),
        };
      case "tls":
        return { serverNames: [...by.serverNames] };
      case "listener":
        return { listener: [by.name] };
    }
  });
}
