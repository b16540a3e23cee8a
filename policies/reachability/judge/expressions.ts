/**
 * Expressions: regular expressions of HTTP rules, which Cilium and its proxy read as RE2 does.
 *
 * The library that knows RE2 costs more than reading a small bundle, so whoever wants the check loads it (`re2.ts`), and
 * only if there is an expression that is not plain.
 */
import { isFields, type Manifest } from "../read/fields.ts";

/** Why this is no expression; undefined if it is one. */
export type ExpressionError = (expression: string) => string | undefined;

const plain = /^(?:[\w/\-%&=~:,@! ]|\.[*+?]?|\\[./-])*$/;

/** Letters, digits, what paths are made of, and `.*`: an expression in every dialect. */
export function isPlainExpression(expression: string): boolean {
  return plain.test(expression);
}

/** Whether some HTTP rule holds an expression that only RE2 can judge. */
export function needsExpressionCheck(manifests: readonly Manifest[]): boolean {
  return manifests.some(
    ({ object }) => ciliumPolicy.test(String(object["kind"])) && hasExpression(object["spec"] ?? object["specs"]),
  );
}

const ciliumPolicy = /^Cilium.*NetworkPolicy$/;

function hasExpression(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasExpression);
  if (!isFields(value)) return false;
  return Object.entries(value).some(([key, inner]) =>
    typeof inner === "string" ? expressionFields.has(key) && !isPlainExpression(inner) : hasExpression(inner),
  );
}

const expressionFields: ReadonlySet<string> = new Set(["path", "method", "host"]);
