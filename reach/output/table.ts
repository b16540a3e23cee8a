/** Table: rows for Markdown and for spreadsheets. */

/** A table of Markdown, with what would end a cell escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function escaped(cell: string): string {
  return inline(cell).replaceAll("|", "\\|");
}

/** Text inside Markdown that stays text: names and rules may hold whatever their authors like. Backticks in pairs are code. */
export function inline(text: string): string {
  const line = text.replace(/\s*\n\s*/g, " ");
  const parts = line.split("`");
  if (parts.length % 2 === 0) return literal(line);
  return parts.map((part, at) => (at % 2 === 0 ? literal(part) : `\`${part}\``)).join("");
}

function literal(text: string): string {
  return (
    text
      .replaceAll("\\", "\\\\")
      .replace(/[*`]/g, "\\$&")
      .replaceAll("](", "]\\(")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      // Nobody is called by a policy: the comment is invisible and parts the sign from the name.
      .replace(/@(?=\w)/g, "@<!-- -->")
  );
}

/** As code, where nothing is markup. */
export function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replace(/\s*\n\s*/g, " ")}\``;
}

/** Comma-separated values as RFC 4180 has them, with plain line ends. */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) => row.map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(","))
    .join("\n");
}
