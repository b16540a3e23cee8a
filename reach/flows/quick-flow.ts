/**
 * Quick flow: of a flow in the form in which Hubble prints it, only what weighing needs.
 *
 * Parsing a whole flow costs several times what we do with it, and pods repeat the same hundreds of bytes in every line. So
 * the fields are found by their names, which cannot stand inside a text because its quotes would be escaped, and each end
 * that was seen before is known by its text. A line in any other form is left to the whole reading.
 */
import { partyOf, transport, type Flow, type Party } from "./flow.ts";

/** Undefined where the line must be read as a whole: it may still be a flow. */
export type QuickReader = (line: string) => Flow | undefined;

const envelope = '{"flow":{"time":"';
const secondsLength = "2006-01-02T15:04:05".length;
const verdictWord = /"([A-Z_]+)"/y;
const addresses = /\{"source":"([^"\\]*)","destination":"([^"\\]*)"/y;

/** The first field of Cilium's own order that follows the two ends in every flow. */
const afterEnds = '},"Type":"';

/** More ends than this are forgotten and read again: clients from outside may be without number. */
const mostRemembered = 50_000;

export function quickReader(): QuickReader {
  const parties = new Parties();
  return (line) => {
    // A line that was cut off ends elsewhere.
    if (!line.startsWith(envelope) || !line.endsWith('"}')) return undefined;
    try {
      return read(line, parties);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  };
}

/** The ends that were seen, by their text: the same object for the same text. */
class Parties {
  #byText = new Map<string, Map<string, Party>>();
  #remembered = 0;

  of(text: string, ip: string, names: string): Party {
    const key = names === "" ? ip : `${ip} ${names}`;
    return this.#byText.get(text)?.get(key) ?? this.#added(copied(text), copied(key), copied(ip), names);
  }

  #added(text: string, key: string, ip: string, names: string): Party {
    if (this.#remembered >= mostRemembered) {
      this.#byText = new Map();
      this.#remembered = 0;
    }
    const found = partyOf(JSON.parse(text) as unknown, ip, names === "" ? [] : (JSON.parse(names) as unknown));
    const known = this.#byText.get(text);
    if (known === undefined) this.#byText.set(text, new Map([[key, found]]));
    else known.set(key, found);
    this.#remembered += 1;
    return found;
  }
}

/** A part of a text keeps all of it in memory, here some thousand lines. */
function copied(text: string): string {
  return Buffer.from(text).toString();
}

function read(line: string, parties: Parties): Flow | undefined {
  const verdict = matchAt(verdictWord, line, after(line, '"verdict":', envelope.length));
  const ips = matchAt(addresses, line, after(line, '"IP":', envelope.length));
  if (verdict === null || ips === null) return undefined;
  const l4 = after(line, ',"l4":', addresses.lastIndex);
  const source = after(line, ',"source":', l4);
  const destination = after(line, ',"destination":', source);
  const end = line.indexOf(afterEnds, destination) + 1;
  if (l4 < 0 || source < 0 || destination < 0 || end === 0) return undefined;
  const closed = line.indexOf('},"node_name":"', end);
  // One record for many flows is read as a whole.
  if (closed < 0 || line.includes('"aggregate":', end)) return undefined;
  const header = headerOf(line.slice(l4, source - sourceLength), replyIn(line, end));
  const { reply, opening, protocol, port } = header;
  return {
    verdict: verdict[1] ?? "",
    source: parties.of(
      line.slice(source, destination - destinationLength),
      ips[1] ?? "",
      listAfter(line, ',"source_names":', end),
    ),
    destination: parties.of(line.slice(destination, end), ips[2] ?? "", listAfter(line, ',"destination_names":', end)),
    ...(protocol === undefined ? {} : { protocol }),
    ...(port === undefined ? {} : { port }),
    opening,
    reply,
    deniedBy: [],
    time: line.slice(envelope.length, envelope.length + secondsLength),
    count: 1,
  };
}

const sourceLength = ',"source":'.length;
const destinationLength = ',"destination":'.length;

function replyIn(line: string, from: number): Flow["reply"] {
  const at = after(line, ',"is_reply":', from);
  if (at < 0) return "unknown";
  return line.startsWith("true", at) ? "yes" : "no";
}

const ports = /^\{"(TCP|UDP|SCTP)":\{"source_port":(\d+),"destination_port":(\d+)/;

/** Most headers are two ports and some flags, of which only an acknowledgement says more. */
function headerOf(text: string, said: Flow["reply"]): ReturnType<typeof transport> {
  const found = said === "unknown" && text.includes('"ACK"') ? null : ports.exec(text);
  if (found === null) return transport(JSON.parse(text) as unknown, said);
  const protocol = found[1] as "TCP" | "UDP" | "SCTP";
  return { protocol, port: Number(said === "yes" ? found[2] : found[3]), opening: "unknown", reply: said };
}

/** The position after this text; -1 where it does not stand, or where there was nothing to begin from. */
function after(line: string, text: string, from: number): number {
  const at = from < 0 ? -1 : line.indexOf(text, from);
  return at < 0 ? -1 : at + text.length;
}

function matchAt(expression: RegExp, line: string, at: number): RegExpExecArray | null {
  if (at < 0) return null;
  expression.lastIndex = at;
  return expression.exec(line);
}

/** A list of texts, as it is written; empty where there is none. */
function listAfter(line: string, name: string, from: number): string {
  const at = after(line, name, from);
  return at < 0 ? "" : line.slice(at, line.indexOf("]", at) + 1);
}
