/**
 * CIDR: address ranges as Cilium reads them, both ends inclusive.
 *
 * Stricter than many parsers: four decimal parts without leading zeros, because `010.0.0.1` means two things.
 */
import ipaddr from "ipaddr.js";

import { Memory, remembered } from "../pairs/remembered.ts";

export interface Cidr {
  readonly family: "ipv4" | "ipv6";
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: number;
}

export interface Address {
  readonly family: Cidr["family"];
  readonly value: bigint;
}

/** Addresses from one to another, both ends included. */
export type Interval = Pick<Cidr, "family" | "first" | "last">;

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

const known = new Memory<Cidr | "none">();

/** Undefined when it is no range. A host part is allowed and ignored, as Cilium does. */
export function parseCidr(text: string): Cidr | undefined {
  const cidr = remembered(known, text, () => parseAnew(text) ?? "none");
  return cidr === "none" ? undefined : cidr;
}

function parseAnew(text: string): Cidr | undefined {
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
  if (text.includes("/")) return parseCidr(text);
  const base = parseAddress(text);
  if (base === undefined) return undefined;
  return { family: base.family, first: base.value, last: base.value, bits: width[base.family] };
}

/** `10.0.0.1`, or IPv6 in its shortest spelling. */
export function formatAddress({ family, value }: Address): string {
  const bytes = Array.from({ length: width[family] / 8 }, (_, index) => {
    return Number((value >> BigInt(width[family] - 8 * (index + 1))) & 255n);
  });
  return ipaddr.fromByteArray(bytes).toString();
}

/** The fewest ranges that cover exactly the addresses from `first` to `last`, in order. */
export function* cidrsBetween({ family, first, last }: Interval): Generator<Cidr> {
  let from = first;
  while (from <= last) {
    let host = 0n;
    // As large as the alignment of its first address and what is left allow.
    while (host < width[family] && from % (2n << host) === 0n && from + (2n << host) - 1n <= last) host += 1n;
    const next = from + (1n << host);
    yield { family, first: from, last: next - 1n, bits: width[family] - Number(host) };
    from = next;
  }
}

export function formatCidr({ family, first, bits }: Cidr): string {
  return `${formatAddress({ family, value: first })}/${String(bits)}`;
}

export function containsAddress(range: Cidr, { family, value }: Address): boolean {
  return range.family === family && range.first <= value && value <= range.last;
}

export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}
