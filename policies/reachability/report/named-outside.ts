/** Named outside: addresses and DNS names that somebody asks about although no policy tells them apart. */
import type { World } from "../model.ts";
import { withExternals, type External } from "../read/externals.ts";
import { positionsOf } from "./selection.ts";

/** The world with those of the names that nobody in it has and that are an address or a DNS name. */
export function withNamed(names: readonly string[], world: World): World {
  const added = [...new Set(names)].flatMap((name) =>
    positionsOf(name, world.endpoints).length > 0 ? [] : (externalCalled(name) ?? []),
  );
  return added.length === 0 ? world : withExternals(world, added);
}

/** IPv4 in four parts, or a DNS name with at least one dot. */
function externalCalled(name: string): External | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    return name.split(".").every((part) => Number(part) <= 255) ? { name, ip: name } : undefined;
  }
  return /^([a-z0-9_-]+\.)+[a-z][a-z0-9-]*$/i.test(name) ? { name, fqdn: name.toLowerCase() } : undefined;
}
