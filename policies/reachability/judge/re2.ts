/**
 * RE2: why a text is no expression in that dialect. Loaded by those who ask (`needsExpressionCheck`): it costs 8 ms.
 */
import { RE2JS } from "re2js";

import type { ExpressionError } from "./expressions.ts";

export const re2Error: ExpressionError = (expression) => {
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
