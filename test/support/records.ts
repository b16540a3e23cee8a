/**
 * Records: what one registered resource looked like, as plain data that two runs on two machines render alike.
 *
 * Secrets, lifecycle code and folders of this machine are replaced by placeholders, references by `type::name`.
 */
import { homedir } from "node:os";
import { resolve } from "node:path";

/** Everything a program said about one resource. Absent: it said nothing. */
export interface ResourceRecord {
  readonly type: string;
  readonly name: string;
  /** A resource of its own, or a component that groups others. */
  readonly kind: "custom" | "component";
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  readonly provider?: string;
  readonly dependencies: readonly string[];
  readonly deletedWith?: string;
  readonly protect?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly retainOnDelete?: boolean;
  readonly ignoreChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly string[];
  readonly import?: string;
  readonly timeouts?: Readonly<Record<string, string>>;
}

/** What a program registered, in the order of registration, and what it exported. */
export interface ProgramRecord {
  readonly resources: readonly ResourceRecord[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** `type::name`: what a record is called wherever another one refers to it. */
export function referenceOf(resource: { readonly type: string; readonly name: string }): string {
  return `${resource.type}::${resource.name}`;
}

/** `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>` → `type::name`. */
export function referenceOfUrn(urn: string): string {
  const [, , types, ...name] = urn.split("::");
  return referenceOf({ type: types?.split("$").at(-1) ?? "", name: name.join("::") });
}

/** A provider is named by `<urn>::<id>`; ids change, urns do not. */
export function referenceOfProvider(provider: string): string {
  return referenceOfUrn(provider.split("::").slice(0, -1).join("::"));
}

const signature = "4dabf18193072939515e22adb298388d";
const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
} as const;
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a value as it goes over the wire holds a secret anywhere. */
export function holdsSecret(wire: unknown): boolean {
  if (wire === null || typeof wire !== "object") return false;
  if ((wire as Record<string, unknown>)[signature] === signatures.secret) return true;
  return Object.values(wire).some(holdsSecret);
}

/** A value as it goes over the wire → a value to compare, without secrets and without traces of this machine. */
export function readable(wire: unknown, folders: readonly Folder[] = foldersOfThisMachine()): unknown {
  if (typeof wire === "string") return readableText(wire, folders);
  if (wire === null || typeof wire !== "object") return wire;
  if (Array.isArray(wire)) return wire.map((item) => readable(item, folders));
  const fields = wire as Record<string, unknown>;
  switch (fields[signature]) {
    case undefined:
      return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, readable(value, folders)]));
    case signatures.secret:
      return "<secret>";
    case signatures.resource:
      return `<resource ${referenceOfUrn(String(fields["urn"]))}>`;
    case signatures.asset:
      return `<asset ${describe(fields["path"] ?? fields["uri"] ?? fields["text"], folders)}>`;
    case signatures.archive:
      return `<archive ${describe(fields["path"] ?? fields["uri"] ?? fields["assets"], folders)}>`;
    default:
      throw new Error(`a value with the signature ${String(fields[signature])} is not known to the recorder`);
  }
}

/** A folder that is another one on the next machine, and what to write in its place. */
export interface Folder {
  readonly path: string;
  readonly placeholder: string;
}

export function foldersOfThisMachine(): readonly Folder[] {
  // The project first: it may lie inside the home.
  return [
    { path: resolve(import.meta.dirname, "../.."), placeholder: "<project>" },
    { path: homedir(), placeholder: "<home>" },
  ].filter(({ path }) => path !== "/");
}

function readableText(text: string, folders: readonly Folder[]): string {
  if (text === unknown) return "<unknown>";
  return folders.reduce((shown, { path, placeholder }) => replaceFolder(shown, path, placeholder), text);
}

/** Only whole path segments: `/work/main` must not change `/work/main-site`, nor a home `/root` the key `a/root`. */
function replaceFolder(text: string, path: string, placeholder: string): string {
  const escaped = path.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replaceAll(new RegExp(`(?<![\\w.-])${escaped}(?![\\w.-])`, "g"), placeholder);
}

function describe(source: unknown, folders: readonly Folder[]): string {
  return typeof source === "string" ? readableText(source, folders) : JSON.stringify(readable(source, folders));
}
