/**
 * Label selectors: `matchLabels` and `matchExpressions` as written, checked as Cilium checks them.
 */
import type { Expression, LabelSelector, Operator } from "../select/selectors.ts";
import type { Reading } from "./fields.ts";

const operators: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist"];

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && operators.includes(text);
}

/** `null` and absent select like `{}` here; whether the field itself is absent is the caller's question. */
export function readLabelSelector(value: unknown, path: string, reading: Reading): LabelSelector {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["matchLabels", "matchExpressions"]);
  const list = reading.list(fields["matchExpressions"], `${path}.matchExpressions`) ?? [];
  const matchLabels = reading.labels(fields["matchLabels"], `${path}.matchLabels`);
  for (const [key, text] of matchLabels) checkLabel(key, [text], `${path}.matchLabels`, reading);
  return {
    matchLabels,
    matchExpressions: list.flatMap((each, index) =>
      readExpression(each, `${path}.matchExpressions[${String(index)}]`, reading),
    ),
  };
}

function readExpression(value: unknown, path: string, reading: Reading): Expression[] {
  const fields = reading.fields(value, path) ?? {};
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
  checkLabel(key, values, path, reading);
  return [{ key, operator, values }];
}

const name = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const domain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Kubernetes' rules for keys and values, with a source before the key if there is one (S9). */
function checkLabel(written: string, values: readonly string[], path: string, reading: Reading): void {
  const [, prefix, key = ""] = /^(?:[A-Za-z0-9]+:)?(?:([^:/]*)\/)?([^:/]*)$/.exec(written) ?? [];
  const isDomain = prefix === undefined || (prefix.length <= 253 && domain.test(prefix));
  if (!isDomain || !name.test(key)) {
    reading.refuse(path, `\`${written}\` is no key of a label`, "a name, with a domain before a slash if there is one");
  }
  for (const value of values) {
    if (value !== "" && !name.test(value)) {
      reading.refuse(path, `\`${value}\` is no value of a label`, "at most 63 letters, digits, `-`, `_` and `.`");
    }
  }
}
