/**
 * toPorts: port entries and the L7 rules beside them, refused where Cilium refuses them.
 */
import { canonical, tlsOf, unrestricted, type L7Restriction } from "../judge/l7.ts";
import type { PortRule } from "../model.ts";
import { highestPort, isPortName, parsePortNumber, type PortEntry } from "../judge/ports.ts";
import type { EntryContext } from "./cilium-entry.ts";
import { isFields, type Fields, type Reading } from "./fields.ts";
import { checkDns, checkHttp } from "./l7-rules.ts";
import { checkEndPort } from "./port-numbers.ts";
import { isExtended, readProtocol } from "./protocol.ts";

const most = 40;

export function readPortRules(
  context: EntryContext,
  list: readonly unknown[],
  path: string,
  reading: Reading,
): PortRule[] {
  return list.map((each, index) => readPortRule(context, each, `${path}[${String(index)}]`, reading));
}

const allowFields = ["rules", "serverNames", "terminatingTLS", "originatingTLS", "listener"];

function readPortRule(context: EntryContext, value: unknown, path: string, reading: Reading): PortRule {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["ports", ...(context.action === "allow" ? allowFields : [])]);
  const ports = reading.list(fields["ports"], `${path}.ports`) ?? [];
  if (ports.length > most) reading.refuse(`${path}.ports`, "too many ports", "40 at most");
  const entries = ports.flatMap((port, index) => readPort(port, `${path}.ports[${String(index)}]`, reading));
  const l7 = context.action === "allow" ? readL7(context, fields, path, reading) : unrestricted;
  checkL7(l7, entries, path, reading);
  return { ports: entries, l7 };
}

function readPort(value: unknown, path: string, reading: Reading): PortEntry[] {
  const fields = reading.fields(value, path) ?? {};
  reading.only(fields, path, ["port", "endPort", "protocol"]);
  const word = reading.text(fields["protocol"], `${path}.protocol`) ?? "";
  const text = reading.text(fields["port"] ?? "", `${path}.port`);
  const endPort = reading.integer(fields["endPort"], `${path}.endPort`) ?? 0;
  if (isExtended(word)) return readExtended(word, text, path, reading);
  const protocols = readProtocol(word, `${path}.protocol`, reading);
  if (text === undefined) return [];
  if (isPortName(text)) {
    const name = text.toLowerCase();
    return protocols.map((protocol) => ({ kind: "named", protocol, name, endPort: endPort & highestPort }));
  }
  const first = parsePortNumber(text);
  if (first === undefined || first > highestPort) {
    reading.refuse(`${path}.port`, `\`${text}\` is no port`, "a number up to 65535 or a port's name, as a text");
    return [];
  }
  checkEndPort(first, endPort, path, reading);
  return protocols.map((protocol) => ({ kind: "range", protocol, first, endPort: endPort & highestPort }));
}

/** A protocol without ports opens none of those that we ask about. Without the port 0 the agent must be told of it. */
function readExtended(word: string, port: string | undefined, path: string, reading: Reading): PortEntry[] {
  if (port === "0") reading.beside(`${path}.protocol`, `protocol ${word}`, "TCP, UDP, SCTP and ICMP");
  else if (port === "")
    reading.dependsOnFlag(`${path}.protocol`, `protocol ${word} without a port`, "enable-extended-ip-protocols");
  else reading.refuse(`${path}.port`, "port must be empty or 0", `port 0 with protocol ${word}`);
  return [];
}

function readL7(context: EntryContext, fields: Fields, path: string, reading: Reading): L7Restriction {
  const rules = reading.fields(fields["rules"], `${path}.rules`) ?? {};
  reading.only(rules, `${path}.rules`, ["http", "dns"]);
  const http = readRules(rules["http"], `${path}.rules.http`, httpFields, reading);
  checkHttp(rules["http"], `${path}.rules.http`, context.expressionError, reading);
  const dns = readRules(rules["dns"], `${path}.rules.dns`, ["matchName", "matchPattern"], reading);
  checkDns(rules["dns"], `${path}.rules.dns`, reading);
  const serverNames = reading.texts(fields["serverNames"], `${path}.serverNames`) ?? [];
  const listener = reading.fields(fields["listener"], `${path}.listener`);
  const tls = tlsOf(
    serverNames,
    readTls(fields, "terminatingTLS", path, reading),
    readTls(fields, "originatingTLS", path, reading),
  );
  const terminates = tls.terminating !== undefined;
  const inspects = terminates || tls.originating !== undefined || serverNames.length > 0;
  const ruled = http.length + dns.length > 0;
  if (http.length > 0 && dns.length > 0) {
    reading.refuse(`${path}.rules`, "multiple L7 protocol rule types in a single rule", "http or dns");
  }
  if (dns.length > 0 && context.direction === "ingress") {
    reading.refuse(`${path}.rules.dns`, "DNS rules are not allowed on ingress", "DNS rules on egress only");
  }
  if (serverNames.includes("")) reading.refuse(`${path}.serverNames`, "an empty server name", "a name");
  if (serverNames.length > 0 && ruled && !terminates) {
    reading.refuse(`${path}.serverNames`, "server names with L7 rules", "terminatingTLS beside them");
  }
  if (listener !== undefined && (ruled || context.direction === "ingress")) {
    reading.refuse(`${path}.listener`, "a listener on ingress or with L7 rules", "egress without L7 rules");
  }
  checkListener(listener, `${path}.listener`, reading);
  if (listener !== undefined) return { kind: "listener", name: canonical(listener) };
  if (http.length > 0) return { kind: "http", rules: http, ...(inspects ? tls : {}) };
  if (dns.length > 0) return { kind: "dns", rules: dns, ...(inspects ? tls : {}) };
  return inspects ? { kind: "tls", ...tls } : unrestricted;
}

/** What Cilium's decoder asks of it. */
function checkListener(listener: Fields | undefined, path: string, reading: Reading): void {
  const config = reading.fields(listener?.["envoyConfig"], `${path}.envoyConfig`) ?? {};
  for (const key of ["kind", "name"]) reading.text(config[key], `${path}.envoyConfig.${key}`);
  reading.text(listener?.["name"], `${path}.name`);
  reading.integer(listener?.["priority"], `${path}.priority`);
}

/** One of the two TLS contexts, as the text by which it is compared. */
function readTls(fields: Fields, field: string, path: string, reading: Reading): string | undefined {
  const at = `${path}.${field}`;
  const context = reading.fields(fields[field], at);
  if (context === undefined) return undefined;
  reading.only(context, at, ["secret", "trustedCA", "certificate", "privateKey"]);
  for (const key of ["trustedCA", "certificate", "privateKey"]) reading.text(context[key], `${at}.${key}`);
  const secret = reading.fields(context["secret"], `${at}.secret`);
  for (const key of ["namespace", "name"]) reading.text(secret?.[key], `${at}.secret.${key}`);
  if (secret === undefined) reading.refuse(`${at}.secret`, "no secret", "the name of a secret");
  return canonical(context);
}

const httpFields = ["path", "method", "host", "headers", "headerMatches"];
const headerFields = ["mismatch", "name", "secret", "value"];
const secretFields = ["namespace", "name"];

/** Rules as written, without what says nothing: an empty text is as if absent. */
function readRules(value: unknown, path: string, known: readonly string[], reading: Reading): string[] {
  return (reading.list(value, path) ?? []).map((each, index) => {
    const at = `${path}[${String(index)}]`;
    const fields = reading.fields(each, at) ?? {};
    reading.only(fields, at, known);
    checkRule(fields, at, reading);
    return canonical(saying(known, fields));
  });
}

/** The fields that Cilium knows and that say something. */
function saying(known: readonly string[], fields: Fields): Fields {
  const said = Object.entries(fields).filter(
    ([key, inner]) =>
      known.includes(key) && inner !== "" && inner !== null && !(Array.isArray(inner) && inner.length === 0),
  );
  return Object.fromEntries(said.map(([key, inner]) => [key, key === "headerMatches" ? headersOf(inner) : inner]));
}

function headersOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.filter(isFields).map((header): Fields => {
    const said = saying(headerFields, header);
    return isFields(said["secret"]) ? { ...said, secret: saying(secretFields, said["secret"]) } : said;
  });
}

const texts: readonly string[] = ["path", "method", "host", "matchName", "matchPattern"];

/** What Cilium's decoder asks of a rule's fields; l7-rules.ts says what else is asked. */
function checkRule(fields: Fields, path: string, reading: Reading): void {
  for (const key of texts) reading.text(fields[key], `${path}.${key}`);
  reading.texts(fields["headers"], `${path}.headers`);
  for (const [index, each] of (reading.list(fields["headerMatches"], `${path}.headerMatches`) ?? []).entries()) {
    const at = `${path}.headerMatches[${String(index)}]`;
    // Cilium's own check of it ends in a panic.
    if (each === null) reading.refuse(at, "no header", "an object with the header's name");
    const header = reading.fields(each, at) ?? {};
    reading.only(header, at, headerFields);
    reading.text(header["value"], `${at}.value`);
    const secret = reading.fields(header["secret"], `${at}.secret`) ?? {};
    reading.only(secret, `${at}.secret`, secretFields);
    reading.text(secret["namespace"], `${at}.secret.namespace`);
  }
}

function checkL7(l7: L7Restriction, ports: readonly PortEntry[], path: string, reading: Reading): void {
  if (l7.kind !== "http" && l7.kind !== "dns") return;
  if (l7.kind === "http" && ports.some(({ protocol }) => protocol !== "TCP")) {
    reading.refuse(path, "L7 rules can only apply to TCP, except for DNS rules", "protocol TCP, written out");
  }
  if (ports.some((port) => port.kind === "range" && port.first === 0)) {
    reading.refuse(path, "L7 rules can not be used when a port is 0", "a port");
  }
  if (l7.kind === "dns" && ports.length === 0) {
    reading.refuse(path, "port 53 must be specified for DNS rules", "port 53");
  }
  if (l7.kind === "dns" && ports.some((port) => port.kind === "range" && port.endPort > port.first)) {
    reading.refuse(path, "DNS rules do not support port ranges", "a single port");
  }
}
