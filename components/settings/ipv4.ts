/**
 * IPv4 ranges: which addresses a CIDR holds, and whether two of them meet.
 */
import ipaddr from "ipaddr.js";

/** The addresses of one CIDR as numbers, both ends included. */
export interface Ipv4Span {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

export function isIpv4Address(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** True for a CIDR without host bits: `10.0.0.0/8`, not `10.1.2.3/8`. */
export function isIpv4Range(text: string): boolean {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return false;
  return ipaddr.IPv4.networkAddressFromCIDR(text).toString() === text.split("/")[0];
}

/** Expects a text for which {@link isIpv4Range} holds. */
export function spanOf(range: string): Ipv4Span {
  const [address, prefix] = ipaddr.IPv4.parseCIDR(range);
  const first = numberOf(address.toString());
  return { first, last: first + 2 ** (32 - prefix) - 1, prefix };
}

/** The range that an address with a prefix lies in: `10.1.2.3/8` lies in `10.0.0.0/8`. */
export function rangeAround(address: string): string {
  const [, prefix = ""] = address.split("/");
  return `${ipaddr.IPv4.networkAddressFromCIDR(address).toString()}/${prefix}`;
}

/** Expects a text for which {@link isIpv4Address} holds. */
export function numberOf(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

export function overlap(one: string, other: string): boolean {
  const a = spanOf(one);
  const b = spanOf(other);
  return a.first <= b.last && b.first <= a.last;
}

/** Whether every address of `inner` is in `outer`. */
export function contains(outer: string, inner: string): boolean {
  const a = spanOf(outer);
  const b = spanOf(inner);
  return a.first <= b.first && b.last <= a.last;
}
