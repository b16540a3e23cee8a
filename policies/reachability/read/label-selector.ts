/**
 * Label selectors: `matchLabels` and `matchExpressions` as written, checked as Cilium checks them.
 */
import type { Expression, LabelSelector, Operator } from "../selectors.ts";
import { isFields, type Reading } from "./fields.ts";

const operators: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"];

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && operators.includes(text);
}

/** `null` and absent select like `{}` here; whether the field itself is absent is the caller's question. */
export function readLabelSelector(value: unknown, path: string, reading: Reading): LabelSelector {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["matchLabels", "matchExpressions"]);
  const list = reading.list(fields["matchExpressions"], `${path}.matchExpressions`) ?? [];
  return {
    matchLabels: reading.labels(fields["matchLabels"], `${path}.matchLabels`),
    matchExpressions: list.flatMap((each, index) =>
      readExpression(each, `${path}.matchExpressions[${String(index)}]`, reading),
    ),
  };
}

function readExpression(value: unknown, path: string, reading: Reading): Expression[] {
  const fields = isFields(value) ? value : {};
  const key = reading.text(fields["key"], `${path}.key`);
  const operator = reading.text(fields["operator"], `${path}.operator`);
  const values = reading.texts(fields["values"], `${path}.values`) ?? [];
  if (key === undefined || !isOperator(operator)) {
    reading.refuse(path, "a requirement needs a key and an operator", "In, NotIn, Exists or DoesNotExist");
    return [];
  }
  const takesValues = operator === "In" || operator === "NotIn";
  if (takesValues !== values.length > 0) {
    const expected = takesValues ? "at least one value" : "no values";
    reading.refuse(`${path}.values`, `\`${operator}\` with ${String(values.length)} values`, expected);
  }
  return [{ key, operator, values }];
}
