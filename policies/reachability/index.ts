/**
 * Reachability: who may talk to whom, as Cilium decides it.
 *
 * Read manifests into a world, then ask: one connection, all of them, what a change does, or why.
 *
 * The way of a question: `read/` turns manifests into rules, `select/` says whom a selector means, `judge/` what rules
 * come to for one side, `pairs/` does so for all pairs and ports at once, `report/` tells it to a person. `repair/`
 * searches for the smallest change, `conformance/` compares with verdicts of Cilium's own code.
 */
export { compare, compareAt, type Change, type ChangeKind, type Comparison, type Question } from "./diff.ts";
export { explain, explanationText, type Explanation } from "./explain.ts";
export { needsExpressionCheck, type ExpressionError } from "./judge/expressions.ts";
export { connect, type Cell, type Matrix, type Span } from "./matrix.ts";
export type {
  Endpoint,
  Names,
  Origin,
  PolicyRef,
  Rule,
  SemanticRule,
  Service,
  Side,
  Traffic,
  Verdict,
  World,
} from "./model.ts";
export type { Protocol } from "./judge/ports.ts";
export { outsideOf } from "./outside.ts";
export { withExternals, type ApiServer, type External } from "./read/externals.ts";
export type { Manifest } from "./read/fields.ts";
export { readWorld, type ReadWorld, type WorldInput } from "./read/world.ts";
export {
  askService,
  findService,
  outsideArrivesAs,
  serviceTargets,
  type Backend,
  type Reach,
  type Routing,
  type ServiceAnswer,
  type ServicePortAnswer,
  type ServicePortTargets,
  type ServiceTargets,
} from "./service.ts";
export { decide } from "./verdict.ts";
