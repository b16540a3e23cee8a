/** `reach why`: why a recorded flow was dropped, and the smallest change that would let it pass, as a patch. */
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Answer, Proposal } from "../flows/answer.ts";
import { answersTo } from "../flows/answers.ts";
import type { Tally } from "../flows/read-flows.ts";
import { surroundingsOf, type WorldWords } from "../options.ts";
import { counted } from "../output/counted.ts";
import { documentText, schema } from "../output/json.ts";
import type { Paint, Terminal } from "../terminal.ts";

interface Words extends WorldWords {
  readonly flow: string;
  readonly all?: boolean;
  readonly output: "text" | "json" | "markdown";
}

export async function why([given]: readonly unknown[], words: Words, terminal: Terminal): Promise<ExitCode> {
  const paths = given as readonly string[];
  const { answers, unasked, tally } = await answersTo({
    file: words.flow,
    which: words.all === true ? "every dropped flow" : "the first dropped flow",
    paths,
    surroundings: await surroundingsOf(words),
    progress: terminal.progress,
  });
  const beside = [...tallyNotes(words.flow, tally), ...(unasked > 0 ? [othersText(unasked)] : [])];
  for (const note of beside) terminal.warn(`${note}\n`);
  terminal.print(told(answers, words.output, terminal.paint));
  return answers.every(({ repair, mended }) => (repair ?? mended) !== undefined) ? exitCodes.fine : exitCodes.no;
}

function othersText(others: number): string {
  const verb = others === 1 ? "was" : "were";
  return `${counted(others, "other connection")} ${verb} dropped as well: --all answers for each`;
}

function tallyNotes(path: string, { malformed, examples }: Tally): readonly string[] {
  if (malformed === 0) return [];
  const where = path === "-" ? "stdin" : path;
  return [
    `${where}: ${counted(malformed, "malformed line")}: ${examples.map(({ line, what }) => `line ${String(line)} (${what})`).join(", ")}`,
  ];
}

function told(answers: readonly Answer[], output: Words["output"], paint: Paint): string {
  if (output === "json") return documentText({ schema, kind: "why", answers });
  const texts = answers.map((each) => (output === "text" ? text(each, paint) : markdown(each)));
  return `${texts.join("\n\n")}\n`;
}

function text({ flow, explanation, notes, repair, wider }: Answer, paint: Paint): string {
  return [
    paint("bold", flow),
    ...explanation,
    ...notes.map((note) => `${paint("yellow", "note")}: ${note}`),
    ...(repair === undefined ? [] : proposalText("repair", repair, paint)),
    ...wider.flatMap((each) => proposalText("wider", each, paint)),
  ].join("\n");
}

function proposalText(word: string, { steps, proved, also, patch }: Proposal, paint: Paint): readonly string[] {
  const shown = also.slice(0, alsoTold);
  return [
    "",
    ...steps.map((step) => `${paint(word === "repair" ? "green" : "yellow", word)}: ${step}`),
    `proved: ${proved}`,
    ...shown.map((line) => `  also ${line}`),
    ...(also.length > shown.length ? [`  and ${String(also.length - shown.length)} more`] : []),
    // Set back, so that nobody applies by mistake what opens more than was asked for.
    ...(patch === undefined ? [] : ["", word === "repair" ? lines(patch) : lines(patch).replaceAll(/^/gm, "  ")]),
  ];
}

const alsoTold = 10;

/** Without the last line break; blanks before it are the last line of the file. */
function lines(patch: string): string {
  return patch.replace(/\n$/, "");
}

function markdown({ flow, explanation, notes, repair, wider }: Answer): string {
  return [
    `### ${flow}`,
    ...(explanation.length === 0 ? [] : ["", "```text", ...explanation, "```"]),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `- ${note}`)]),
    ...[...(repair === undefined ? [] : [repair]), ...wider].flatMap(proposalMarkdown),
  ].join("\n");
}

function proposalMarkdown({ steps, proved, also, patch }: Proposal): readonly string[] {
  return [
    "",
    ...steps.map((step) => `1. ${step}`),
    "",
    `Proved: ${proved}.`,
    ...(also.length === 0 ? [] : ["", ...also.slice(0, alsoTold).map((line) => `- also ${line}`)]),
    ...(patch === undefined ? [] : ["", "```diff", lines(patch), "```"]),
  ];
}
