/** L7 change: whether a connection that stays possible lets more requests pass than before, or fewer. */
import type { L7Union } from "../model.ts";
import type { Restriction } from "../matrix.ts";
import type { ChangeRow } from "./report.ts";

type Way = NonNullable<ChangeRow["l7"]>;
type Sides = Readonly<Record<"egress" | "ingress", Restriction>>;

/** Fewer on one side and more on the other is `otherwise`: requests are not enumerated (L2). */
export function l7Way(before: Sides, after: Sides): Way {
  const ways = [wayOf(before.egress, after.egress), wayOf(before.ingress, after.ingress)];
  const moved = ways.filter((way) => way !== "same");
  const [first = "otherwise", second = first] = moved;
  return first === second ? first : "otherwise";
}

function wayOf(before: Restriction, after: Restriction): Way | "same" {
  const l7 = requestsWay(requests(before.l7), requests(after.l7));
  const shakes = handshakes(before) - handshakes(after);
  if (shakes === 0) return l7;
  const way = shakes > 0 ? "widened" : "narrowed";
  return l7 === "same" || l7 === way ? way : "otherwise";
}

function handshakes({ authentication }: Restriction): number {
  return { unspecified: 0, disabled: 0, required: 1, "test-always-fail": 2 }[authentication];
}

/** What may pass: everything, or these rules. */
type Requests = "everything" | ReadonlySet<string>;

function requests(l7: L7Union): Requests {
  const rules = new Set<string>();
  for (const element of l7) {
    if (element.kind === "anything" || element.by.kind === "none") return "everything";
    for (const rule of rulesOf(element.by)) {
      if (rule === "http {}" || rule === 'dns {"matchPattern":"*"}') return "everything";
      rules.add(rule);
    }
  }
  return l7.length === 0 ? "everything" : rules;
}

function rulesOf(by: Exclude<Extract<L7Union[number], { by: unknown }>["by"], { kind: "none" }>): string[] {
  switch (by.kind) {
    case "http":
    case "dns":
      return by.rules.map((rule) => `${by.kind} ${rule}`);
    case "tls":
      return by.serverNames.map((name) => `tls ${name}`);
    case "listener":
      return [`listener ${by.name}`];
  }
}

function requestsWay(before: Requests, after: Requests): Way | "same" {
  const [lost, won] = [!within(before, after), !within(after, before)];
  if (lost) return won ? "otherwise" : "narrowed";
  return won ? "widened" : "same";
}

function within(some: Requests, all: Requests): boolean {
  if (all === "everything") return true;
  return some !== "everything" && [...some].every((rule) => all.has(rule));
}
