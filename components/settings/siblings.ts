/**
 * StackFiles: the other stacks of the same folder, and what two stacks cannot both have.
 */
import type { Problem } from "../../policies/problems.ts";
import { type Settings, settingsSchema } from "../settings.ts";
import { defaultClusterName } from "./names.ts";
import { hostPorts } from "./ports.ts";
import { readShape } from "./shape.ts";
import type { StackFile } from "./stack-files.ts";

/** Names and ports this stack shares with one that lives in the same place. */
export function siblingProblems(settings: Settings, siblings: readonly StackFile[], file: string): readonly Problem[] {
  return siblings.flatMap((sibling) => {
    const other = settingsOf(sibling);
    if (other === undefined || placeOf(other) !== placeOf(settings)) return [];
    return [...sameName(settings, other, sibling, file), ...samePorts(settings, other, sibling, file)];
  });
}

/** What a sibling says, its own mistakes left out. */
function settingsOf(sibling: StackFile): Settings | undefined {
  const { value } = readShape(settingsSchema, sibling.values, sibling.file);
  return value === undefined
    ? undefined
    : { ...value, clusterName: value.clusterName ?? defaultClusterName(sibling.stack) };
}

/** Where clusters of one name would meet. A cluster somebody else made meets nobody: we do not name it. */
function placeOf(settings: Settings): "this machine" | "Azure" | Settings {
  switch (settings.target) {
    case "kwok":
    case "kind":
      return "this machine";
    case "aks":
      return "Azure";
    case "existing":
      return settings;
  }
}

function sameName(settings: Settings, other: Settings, sibling: StackFile, file: string): readonly Problem[] {
  if (settings.clusterName !== other.clusterName) return [];
  return [
    {
      code: "settings/name-taken",
      where: `${file} › clusterName`,
      what: `is also the cluster of stack \`${sibling.stack}\`, got \`${settings.clusterName}\``,
      expected: `a name that ${sibling.file} does not use`,
    },
  ];
}

function samePorts(settings: Settings, other: Settings, sibling: StackFile, file: string): readonly Problem[] {
  const theirs = new Map(hostPorts(other).map((use) => [use.port, use.setting]));
  return hostPorts(settings).flatMap(({ port, setting }) => {
    const taken = theirs.get(port);
    if (taken === undefined) return [];
    return [
      {
        code: "settings/port-taken",
        where: `${file} › ${setting}`,
        what: `port ${String(port)} of this machine is also taken by stack \`${sibling.stack}\` (\`${taken}\`)`,
        expected: `a port that ${sibling.file} does not use`,
      },
    ];
  });
}
