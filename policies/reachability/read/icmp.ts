/**
 * ICMP: types, by number or by name, as ports of a protocol of their own.
 */
import { unrestricted } from "../judge/l7.ts";
import type { PortRule } from "../model.ts";
import type { Reading } from "./fields.ts";

const v4: Readonly<Record<string, number>> = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  Redirect: 5,
  Echo: 8,
  EchoRequest: 8,
  RouterAdvertisement: 9,
  RouterSelection: 10,
  TimeExceeded: 11,
  ParameterProblem: 12,
  Timestamp: 13,
  TimestampReply: 14,
  Photuris: 40,
  ExtendedEchoRequest: 42,
  ExtendedEchoReply: 43,
};
const v6: Readonly<Record<string, number>> = {
  DestinationUnreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  EchoRequest: 128,
  EchoReply: 129,
  MulticastListenerQuery: 130,
  MulticastListenerReport: 131,
  MulticastListenerDone: 132,
  RouterSolicitation: 133,
  RouterAdvertisement: 134,
  NeighborSolicitation: 135,
  NeighborAdvertisement: 136,
  RedirectMessage: 137,
  RouterRenumbering: 138,
  ICMPNodeInformationQuery: 139,
  ICMPNodeInformationResponse: 140,
  InverseNeighborDiscoverySolicitation: 141,
  InverseNeighborDiscoveryAdvertisement: 142,
  HomeAgentAddressDiscoveryRequest: 144,
  HomeAgentAddressDiscoveryReply: 145,
  MobilePrefixSolicitation: 146,
  MobilePrefixAdvertisement: 147,
  DuplicateAddressRequestCodeSuffix: 157,
  DuplicateAddressConfirmationCodeSuffix: 158,
  ExtendedEchoRequest: 160,
  ExtendedEchoReply: 161,
};

const most = 40;

export function readIcmps(list: readonly unknown[], path: string, reading: Reading): PortRule[] {
  return list.map((each, index) => {
    const at = `${path}[${String(index)}]`;
    const fields = reading.fields(each, at) ?? {};
    reading.only(fields, at, ["fields"]);
    const types = reading.list(fields["fields"], `${at}.fields`) ?? [];
    if (types.length > most) reading.refuse(`${at}.fields`, `${String(types.length)} types`, "40 at most");
    const ports = types.flatMap((type, position) => readType(type, `${at}.fields[${String(position)}]`, reading));
    return { ports, l7: unrestricted };
  });
}

function readType(value: unknown, path: string, reading: Reading): PortRule["ports"] {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["family", "type"]);
  const family = reading.text(fields["family"], `${path}.family`) ?? "IPv4";
  if (family !== "IPv4" && family !== "IPv6" && family !== "")
    reading.refuse(`${path}.family`, `\`${family}\``, "IPv4 or IPv6");
  const names = family === "IPv6" ? v6 : v4;
  const type = fields["type"];
  const first = typeof type === "string" ? (names[type] ?? (/^\d+$/.test(type) ? Number(type) : NaN)) : type;
  if (typeof first !== "number" || !Number.isInteger(first) || first < 0 || first > 255) {
    reading.refuse(`${path}.type`, `\`${String(type)}\` is no ICMP type of ${family}`, "0 to 255, or a type's name");
    return [];
  }
  return [{ kind: "range", protocol: family === "IPv6" ? "ICMPv6" : "ICMP", first, endPort: 0 }];
}
