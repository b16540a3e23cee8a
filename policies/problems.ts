/**
 * Problem: the one shape in which settings, bundles and tools refuse input.
 *
 * Everything that can be wrong is collected first and thrown once, so that a
 * person corrects a file in one go instead of one error at a time.
 */

/** One thing that is wrong, told so that the reader can mend it without reading our source. */
export interface Problem {
  /** Stable, kebab-case, `area/what`, for example `settings/unknown-key`. */
  readonly code: string;
  /** File and path inside it, for example `Pulumi.kind.yaml › cilium.routing`. */
  readonly where: string;
  /** What is wrong, lower case, no final period; the offending value in backticks. */
  readonly what: string;
  /** What would have been right, continuing the word "expected". */
  readonly expected: string;
  /** The one thing to do. Absent where `expected` already says it. */
  readonly fix?: string;
}

/** A problem as it is printed: three lines, the code at the end of the last. */
export function formatProblem(problem: Problem): string {
  const lines = [`${problem.where}: ${problem.what}`, `  expected ${problem.expected}`];
  if (problem.fix !== undefined) lines.push(`  fix: ${problem.fix}`);
  lines.push(`${lines.pop() ?? ""}  [${problem.code}]`);
  return lines.join("\n");
}

/** All problems, sorted by place, line 9 before line 10, each separated by an empty line. */
export function formatProblems(problems: readonly Problem[]): string {
  const inOrder = new Intl.Collator("en", { numeric: true });
  return [...problems]
    .sort((a, b) => inOrder.compare(a.where, b.where) || inOrder.compare(a.code, b.code))
    .map(formatProblem)
    .join("\n\n");
}

/** For the person at the keyboard: printed without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Thrown once, with every problem found. */
export class ProblemsError extends UserError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(`${String(problems.length)} problem${problems.length === 1 ? "" : "s"}\n\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}
