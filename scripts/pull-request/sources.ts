/** Sources: the line of a field in the file that its policy was written in; an inventory knows the line of the object only. */
import { sourceAnnotation } from "../../policies/inventory-head.ts";
import type { Origin } from "../../policies/reachability/model.ts";
import { isFields, type Fields } from "../../policies/reachability/read/fields.ts";
import { readDocuments } from "../../reach/input/documents.ts";
import { Lines } from "../../reach/input/lines.ts";
import { offsetOf } from "../../reach/input/located.ts";
import { objectsIn } from "../../reach/input/objects.ts";
import type { Scenario } from "../../reach/scenario.ts";

type LineOf = (path: string) => number;

/** The same scenario with places of fields. `read` gives the text of a file of the project, if it has it. */
export async function withSources(
  scenario: Scenario,
  read: (file: string) => Promise<string | undefined>,
): Promise<Scenario> {
  const known = new Map<string, LineOf>();
  for (const { object } of scenario.manifests) {
    const metadata = isFields(object["metadata"]) ? object["metadata"] : {};
    const annotations = isFields(metadata["annotations"]) ? metadata["annotations"] : {};
    const source = annotations[sourceAnnotation];
    const [, file, line] = typeof source === "string" ? (/^(.+):(\d+)$/.exec(source) ?? []) : [];
    if (file === undefined) continue;
    const lineOf = await lineIn(await read(file), object, Number(line));
    if (lineOf !== undefined) known.set(keyOf(String(object["kind"]), metadata), lineOf);
  }
  return { ...scenario, place: (origin) => exactly(scenario.place(origin), origin, known) };
}

function exactly(place: string | undefined, origin: Origin, known: ReadonlyMap<string, LineOf>): string | undefined {
  const lineOf = known.get(keyOf(origin.policy.kind, { ...origin.policy }));
  return lineOf === undefined ? place : place?.replace(/:\d+$/, () => `:${String(lineOf(origin.path))}`);
}

function keyOf(kind: string, { namespace, name }: Fields): string {
  return JSON.stringify([kind, namespace ?? null, name]);
}

/** Of the object of this kind and name that begins nearest to the line. */
async function lineIn(text: string | undefined, { kind, metadata }: Fields, line: number): Promise<LineOf | undefined> {
  if (text === undefined) return undefined;
  const lines = new Lines(text);
  const name = isFields(metadata) ? metadata["name"] : undefined;
  const [found] = (await readDocuments(text)).documents
    .flatMap(objectsIn)
    .filter(({ object }) => {
      return (
        isFields(object) &&
        object["kind"] === kind &&
        isFields(object["metadata"]) &&
        object["metadata"]["name"] === name
      );
    })
    .sort((a, b) => Math.abs(lines.line(a.offset) - line) - Math.abs(lines.line(b.offset) - line));
  return found === undefined ? undefined : (path) => lines.line(offsetOf(path, found.locate()));
}
