/** The table that a run ends with: one line for each piece of work, its cost beside the peer's, its limit and a verdict. */
export interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** The most that the process held. */
  readonly megabytes?: number;
}

/** `told`: measured without a limit. */
export interface Figure extends Partial<Cost> {
  readonly work: string;
  readonly verdict: "within" | "MISSED" | "told" | "skipped";
  readonly limit?: string;
  readonly peer?: Cost;
  readonly note?: string;
}

const head = ["work", "CPU", "wall", "memory", "peer CPU", "peer memory", "ratio", "limit", "verdict", "note"];

export function formatTable(figures: readonly Figure[]): string {
  const rows = [head, ...figures.map(cells)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function isNumber(column: number): boolean {
  return column >= 1 && column <= 6;
}

function cells({ work, cpuSeconds, wallSeconds, megabytes, peer, limit, verdict, note }: Figure): string[] {
  const ratio = peer === undefined || cpuSeconds === undefined ? undefined : peer.cpuSeconds / cpuSeconds;
  return [
    work,
    seconds(cpuSeconds),
    seconds(wallSeconds),
    whole(megabytes, "MB"),
    seconds(peer?.cpuSeconds),
    whole(peer?.megabytes, "MB"),
    ratio === undefined ? "" : ratio.toFixed(0),
    limit ?? "",
    verdict,
    note ?? "",
  ];
}

function seconds(value: number | undefined): string {
  return value === undefined ? "" : `${value.toFixed(value < 1 ? 3 : 2)} s`;
}

function whole(value: number | undefined, unit: string): string {
  return value === undefined ? "" : `${value.toFixed(0)} ${unit}`;
}
