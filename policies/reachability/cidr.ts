/**
 * CIDR: address ranges as Cilium reads them, both ends inclusive.
 *
 * Stricter than many parsers: four decimal parts without leading zeros, because `010.0.0.1` means two things.
 */
import ipaddr from "ipaddr.js";

export interface Cidr {
  readonly family: "ipv4" | "ipv6";
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: number;
}

interface Address {
  readonly family: Cidr["family"];
  readonly value: bigint;
}

const width = { ipv4: 32, ipv6: 128 } as const;

/** Undefined when it is not an address. */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text)) return address("ipv4", text);
  if (text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text)) return address("ipv6", text);
  return undefined;
}

function address(family: Cidr["family"], text: string): Address {
  const value = ipaddr
    .parse(text)
    .toByteArray()
    .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return { family, value };
}

/** Undefined when it is no range. A host part is allowed and ignored, as Cilium does. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.lastIndexOf("/");
  const base = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (slash < 0 || base === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const bits = Number(length);
  if (bits > width[base.family]) return undefined;
  const size = 1n << BigInt(width[base.family] - bits);
  const first = base.value - (base.value % size);
  return { family: base.family, first, last: first + size - 1n, bits };
}

/** A bare address is the range of itself, where the field takes both. */
export function parseCidrOrAddress(text: string): Cidr | undefined {
  const base = parseAddress(text);
  if (base === undefined) return parseCidr(text);
  return { family: base.family, first: base.value, last: base.value, bits: width[base.family] };
}

export function containsAddress(range: Cidr, { family, value }: Address): boolean {
  return range.family === family && range.first <= value && value <= range.last;
}

export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}
