/** Options: what verbs have in common, read from the words of a command line, all that is wrong at once. */
import { readFile } from "node:fs/promises";

import { ProblemsError, type Problem } from "../policies/problems.ts";
import type { CiliumVersion, World } from "../policies/reachability/model.ts";
import { entities, type External } from "../policies/reachability/read/externals.ts";
import { isFields } from "../policies/reachability/read/fields.ts";
import { select, type Selected, type Selection } from "../policies/reachability/report/selection.ts";
import { ciliumVersions, type Given, type Target } from "./surroundings.ts";

/** The words behind the options, before anybody looked at them. */
export interface WorldWords {
  readonly target?: Target;
  readonly cilium?: string;
  readonly names: "learned" | "known";
  readonly externals?: string;
  readonly inventory?: string;
}

function isCiliumVersion(text: string): text is CiliumVersion {
  return (ciliumVersions as readonly string[]).includes(text);
}

export async function surroundingsOf({ target, cilium, names, externals, inventory }: WorldWords): Promise<Given> {
  const problems: Problem[] = [];
  const version = cilium === undefined || isCiliumVersion(cilium) ? cilium : undefined;
  if (version !== cilium) problems.push(unknownVersion(cilium ?? ""));
  const listed = externals === undefined ? [] : await readExternals(externals, problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  return {
    ...(target === undefined ? {} : { target }),
    ...(version === undefined ? {} : { cilium: version }),
    names: names === "known" ? "known" : "as learned",
    externals: listed,
    ...(inventory === undefined ? {} : { inventory }),
  };
}

/** Manifests are asked for, unless there is a platform to ask about. */
export function pathsOf(
  paths: readonly string[],
  { inventory }: Pick<WorldWords, "inventory">,
  verb: string,
): readonly string[] {
  if (paths.length > 0 || inventory !== undefined) return paths;
  throw new ProblemsError([
    {
      code: "reach/usage",
      where: `reach ${verb}`,
      what: "neither files nor folders of manifests",
      expected: "at least one of them, or a platform: --inventory FILE",
      fix: `\`reach ${verb} --help\` says more`,
    },
  ]);
}

/** `1.19..1.20`: two versions to compare. Undefined where it is one. */
export function upgradeOf(written = ""): readonly [string, CiliumVersion] | undefined {
  const [from, to, ...surplus] = written.split("..");
  if (from === undefined || to === undefined) return undefined;
  if (surplus.length > 0 || !isCiliumVersion(to)) throw new ProblemsError([unknownVersion(to)]);
  return [from, to];
}

function unknownVersion(written: string): Problem {
  return {
    code: "reach/unknown-version",
    where: "--cilium",
    what: `verdicts of Cilium \`${written}\` are not known`,
    expected: ciliumVersions.join(", "),
  };
}

/** What the words select of this world. Words that select nothing are refused. */
export function selectedIn(world: World, selection: Selection): Selected {
  const { selected, problems } = select(selection, world);
  if (problems.length > 0) throw new ProblemsError(problems);
  return selected;
}

async function readExternals(file: string, problems: Problem[]): Promise<External[]> {
  let content: unknown;
  try {
    // Most runs need no second YAML reader, and loading one takes longer than judging a small world.
    const { parse } = await import("yaml");
    content = parse(await readFile(file, "utf8"));
  } catch (error) {
    const what = error instanceof Error ? (error.message.split("\n")[0] ?? "").replace(/:$/, "") : String(error);
    problems.push({ code: "reach/unusable-externals", where: file, what, expected: "a YAML file that can be read" });
    return [];
  }
  if (!Array.isArray(content)) {
    problems.push(unusableExternal(file, "holds no list"));
    return [];
  }
  return content.flatMap((entry: unknown, index) => {
    const external = externalOf(entry);
    if (typeof external !== "string") return [external];
    problems.push(unusableExternal(`${file} › [${String(index)}]`, external));
    return [];
  });
}

function unusableExternal(where: string, what: string): Problem {
  return {
    code: "reach/unusable-externals",
    where,
    what,
    expected: `a list of {name, fqdn, ip}, {name, ip} or {name, entity}, entity being one of ${entities.join(", ")}`,
  };
}

/** What is wrong with it, or the external. */
function externalOf(entry: unknown): External | string {
  if (!isFields(entry)) return "is no object";
  const { name, fqdn, ip, entity, ...rest } = entry;
  const [surplus] = Object.keys(rest);
  if (surplus !== undefined) return `unknown key \`${surplus}\``;
  if (typeof name !== "string" || name === "") return "has no name";
  if (entity !== undefined) {
    const known = entities.find((each) => each === entity);
    if (known === undefined) return `\`${JSON.stringify(entity)}\` is no entity`;
    return fqdn === undefined && ip === undefined ? { name, entity: known } : "has an entity and an address";
  }
  if (fqdn !== undefined && typeof fqdn !== "string") return "has a fqdn that is no text";
  if (typeof ip === "string") return { name, ip, ...(fqdn === undefined ? {} : { fqdn }) };
  return "has no ip";
}
