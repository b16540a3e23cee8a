/**
 * L7 rules: what Cilium refuses in a single HTTP or DNS rule, and what its proxy would.
 */
import { isPlainExpression, type ExpressionError } from "../judge/expressions.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";

const mismatches = ["LOG", "ADD", "DELETE", "REPLACE"];

function each(value: unknown, path: string, check: (rule: Fields, path: string) => void): void {
  if (!Array.isArray(value)) return;
  for (const [index, rule] of value.entries()) if (isFields(rule)) check(rule, `${path}[${String(index)}]`);
}

/** Without `expressionError` regular expressions are taken as written (L2). */
export function checkHttp(
  value: unknown,
  path: string,
  expressionError: ExpressionError | undefined,
  reading: Reading,
): void {
  each(value, path, (rule, at) => {
    for (const field of ["path", "method", "host"]) {
      const written = rule[field];
      if (typeof written !== "string" || isPlainExpression(written)) continue;
      const error = expressionError?.(written);
      if (error === undefined) continue;
      const what = `\`${written}\` is no regular expression: ${error}`;
      const expected = "an expression that RE2 takes: no look-around, no back references";
      // Cilium checks the first two; a host reaches the proxy as it is.
      if (field === "host") reading.note("reachability/host-expression", `${at}.host`, what, expected);
      else reading.refuse(`${at}.${field}`, what, expected);
    }
    each(rule["headerMatches"], `${at}.headerMatches`, (match, where) => {
      checkHeader(match, where, reading);
    });
  });
}

function checkHeader(match: Fields, path: string, reading: Reading): void {
  if ((reading.text(match["name"], `${path}.name`) ?? "") === "") {
    reading.refuse(`${path}.name`, "header name missing", "the header's name");
  }
  const mismatch = reading.text(match["mismatch"], `${path}.mismatch`) ?? "";
  if (mismatch !== "" && !mismatches.includes(mismatch)) {
    reading.refuse(`${path}.mismatch`, `invalid header action: \`${mismatch}\``, mismatches.join(", "));
  }
  const secret = reading.fields(match["secret"], `${path}.secret`);
  if (secret !== undefined && (reading.text(secret["name"], `${path}.secret.name`) ?? "") === "") {
    reading.refuse(`${path}.secret.name`, "secret name missing", "the Secret's name");
  }
}

export function checkDns(value: unknown, path: string, reading: Reading): void {
  each(value, path, (rule, at) => {
    const name = reading.text(rule["matchName"], `${at}.matchName`) ?? "";
    const pattern = reading.text(rule["matchPattern"], `${at}.matchPattern`) ?? "";
    if (!/^[-a-zA-Z0-9_.]*$/.test(name) || !/^[-a-zA-Z0-9_.*]*$/.test(pattern)) {
      reading.refuse(at, `\`${name}${pattern}\` is no DNS name`, "letters, digits, `-`, `_` and `.`; `*` in a pattern");
    }
  });
}
