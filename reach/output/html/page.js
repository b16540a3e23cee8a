// @ts-check
/**
 * The page's script: zooms the map, filters the table, and tells why an edge is as it is.
 *
 * Everything it shows comes from the JSON in the page. Text only ever becomes text, never markup.
 */
"use strict";

/** @typedef {import("./data.ts").PageData} PageData */
/** @typedef {{ x: number, y: number, width: number, height: number }} View */
/** @typedef {(row: number) => boolean} Test */

(() => {
  /** Heights of a line of the table, as the style says, and how many are drawn beyond what is seen. */
  const lineHeight = 30;
  const spare = 12;
  /** Lines of one arrow that are told at once. */
  const toldAtOnce = 30;
  /** Lines and columns of the matrix that are drawn at once. */
  const gridSize = 80;

  /** @type {PageData} */
  const data = JSON.parse(byId("data").textContent ?? "");
  const { rows, arrows, groups, nodes, texts, words } = data;
  const viewport = byId("viewport");
  const query = /** @type {HTMLInputElement} */ (byId("query"));
  const scroller = byId("rows");
  const table = /** @type {HTMLTableElement} */ (scroller.querySelector("table"));
  const body = table.tBodies[0] ?? table.createTBody();
  const map = /** @type {SVGSVGElement} */ (viewport.querySelector("svg"));
  const arrowElements = arrows.map((_, at) => document.getElementById(`arrow-${at}`));
  const nodeElements = nodes.map((_, at) => document.getElementById(`node-${at}`));
  const arrowOfRow = new Map(arrows.flatMap(([, , , own], at) => own.map((row) => [row, at])));

  /** Looks that are not shown. @type {Set<string>} */
  const hidden = new Set();
  /** Positions in `rows` that the filter lets through. @type {number[]} */
  let found = [];
  /** @type {number | undefined} */
  let chosenRow;

  setUpMap();
  setUpTable();
  setUpToggles();
  setUpViews();
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    query.value = "";
    markArrow(undefined);
    filter();
  });
  filter();

  /** @param {string} id */
  function byId(id) {
    const element = document.getElementById(id);
    if (element === null) throw new Error(`the page has no ${id}`);
    return element;
  }

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} name
   * @param {string} text
   * @param {string} [style]
   */
  function element(name, text, style) {
    const made = document.createElement(name);
    made.textContent = text;
    if (style !== undefined) made.className = style;
    return made;
  }

  // ---- words of a row

  /** @param {number} at */
  function row(at) {
    const tuple = rows[at];
    if (tuple === undefined) throw new RangeError(`no row at ${at}`);
    const [from, to, look, ports, asks, notes, lines] = tuple;
    const text = (/** @type {number} */ position) => texts[position] ?? "";
    return {
      from: groups[from]?.[0] ?? "",
      to: groups[to]?.[0] ?? "",
      look,
      ports: text(ports),
      asks: text(asks),
      notes: notes.map(text),
      lines: lines.map(text),
    };
  }

  // ---- search

  /** `from:web "shop/db" 5432`: every word must be met. @param {string} written @returns {Test[]} */
  function testsOf(written) {
    const parts = written.toLowerCase().matchAll(/(?:(from|to|port):)?(?:"([^"]*)"|(\S+))/g);
    return [...parts].map(([, where, exact, part]) => testOf(where, exact, part ?? ""));
  }

  /** @param {string | undefined} where @param {string | undefined} exact @param {string} part @returns {Test} */
  function testOf(where, exact, part) {
    const names = (/** @type {number} */ group) =>
      exact === undefined ? namesOf(group).some((name) => name.includes(part)) : namesOf(group)[0] === exact;
    const from = (/** @type {number} */ at) => names(rows[at]?.[0] ?? 0);
    const to = (/** @type {number} */ at) => names(rows[at]?.[1] ?? 0);
    const port = (/** @type {number} */ at) => hasPort((texts[rows[at]?.[3] ?? 0] ?? "").toLowerCase(), exact ?? part);
    if (where === "from") return from;
    if (where === "to") return to;
    if (where === "port") return port;
    if (exact !== undefined) return (at) => from(at) || to(at);
    return (at) => from(at) || to(at) || port(at) || restOf(at).includes(part);
  }

  /** @type {Map<number, string[]>} */
  const lowerNames = new Map();

  /** The group's own name first. @param {number} group */
  function namesOf(group) {
    let names = lowerNames.get(group);
    if (names === undefined) {
      const [name = "", , members = []] = groups[group] ?? [];
      names = [name, ...members].map((text) => text.toLowerCase());
      lowerNames.set(group, names);
    }
    return names;
  }

  /** @param {number} at */
  function restOf(at) {
    const { look, asks, notes } = row(at);
    return [words[look], asks, ...notes].join(" ").toLowerCase();
  }

  /** Whether ports as they are written hold a number or a text: `tcp 80, 8000-8100`. @param {string} ports @param {string} wanted */
  function hasPort(ports, wanted) {
    if (!/^\d+$/.test(wanted)) return ports.includes(wanted);
    const number = Number(wanted);
    const [listed = "", except = "none"] = ports.startsWith("all ports except ") ? ["all", ports.slice(17)] : [ports];
    if (except !== "none") return !holds(except, number);
    return listed === "all ports" || holds(listed, number);
  }

  /** @param {string} list @param {number} number */
  function holds(list, number) {
    if (/\b(tcp|udp|sctp) all\b/.test(list)) return true;
    return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].some(([, first, last]) => {
      return Number(first) <= number && number <= Number(last ?? first);
    });
  }

  function filter() {
    const tests = testsOf(query.value);
    found = [];
    for (let at = 0; at < rows.length; at++) {
      if (!hidden.has(rows[at]?.[2] ?? "") && tests.every((test) => test(at))) found.push(at);
    }
    byId("count").textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    table.setAttribute("aria-rowcount", String(found.length + 1));
    scroller.scrollTop = 0;
    drawLines();
    markMatches(tests.length > 0);
    drawGrid();
  }

  /** @param {boolean} filtered */
  function markMatches(filtered) {
    map.classList.toggle("filtered", filtered);
    const matching = new Set(found.map((at) => arrowOfRow.get(at)));
    const ends = new Set();
    for (const [at, [from, to, look]] of arrows.entries()) {
      arrowElements[at]?.classList.toggle("off", hidden.has(look));
      arrowElements[at]?.classList.toggle("match", matching.has(at));
      if (matching.has(at)) ends.add(from).add(to);
    }
    for (const [at, node] of nodeElements.entries()) node?.classList.toggle("match", ends.has(at));
  }

  function setUpToggles() {
    for (const button of byId("toggles").querySelectorAll("button")) {
      button.addEventListener("click", () => {
        const look = button.dataset["look"] ?? "";
        if (!hidden.delete(look)) hidden.add(look);
        button.setAttribute("aria-pressed", String(!hidden.has(look)));
        filter();
      });
    }
  }

  // ---- table: only the lines that are seen exist

  function setUpTable() {
    let waiting = 0;
    query.addEventListener("input", () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(filter);
    });
    query.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        table.focus();
        event.preventDefault();
      }
    });
    scroller.addEventListener("scroll", drawLines);
    new ResizeObserver(drawLines).observe(scroller);
    body.addEventListener("click", ({ target }) => {
      const line = target instanceof Element ? target.closest("tr[data-row]") : null;
      if (line instanceof HTMLElement) chooseRow(Number(line.dataset["row"]));
    });
    table.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
      if (step === undefined || found.length === 0) return;
      event.preventDefault();
      const now = chosenRow === undefined ? -1 : found.indexOf(chosenRow);
      const next = Math.min(Math.max(now + step, 0), found.length - 1);
      chooseRow(found[next] ?? 0);
    });
  }

  function drawLines() {
    const first = Math.max(0, Math.floor(scroller.scrollTop / lineHeight) - spare);
    const last = Math.min(found.length, first + Math.ceil(scroller.clientHeight / lineHeight) + 2 * spare);
    const lines = found.slice(first, last).map((at, index) => lineOf(at, first + index));
    body.replaceChildren(space(first), ...lines, space(found.length - last));
    if (found.length === 0) body.replaceChildren(emptyLine());
    const active = chosenRow !== undefined && document.getElementById(`row-${chosenRow}`) !== null;
    if (active) table.setAttribute("aria-activedescendant", `row-${chosenRow}`);
    else table.removeAttribute("aria-activedescendant");
  }

  function emptyLine() {
    const line = document.createElement("tr");
    line.className = "space";
    const cell = element("td", "");
    cell.colSpan = 4;
    cell.append(element("p", rows.length === 0 ? "There is no edge at all." : "Nothing matches.", "none"));
    line.append(cell);
    return line;
  }

  /** @param {number} count */
  function space(count) {
    const line = document.createElement("tr");
    line.className = "space";
    line.setAttribute("aria-hidden", "true");
    const cell = element("td", "");
    cell.colSpan = 4;
    cell.style.height = `${Math.max(0, count) * lineHeight}px`;
    line.append(cell);
    return line;
  }

  /** @param {number} at @param {number} index */
  function lineOf(at, index) {
    const { from, to, ports, look, asks } = row(at);
    const line = document.createElement("tr");
    line.id = `row-${at}`;
    line.dataset["row"] = String(at);
    line.setAttribute("aria-rowindex", String(index + 2));
    line.setAttribute("aria-selected", String(at === chosenRow));
    const answer = element("td", "", look);
    const says = data.kind === "matrix" && asks !== "" && look !== "unknown" ? asks : (words[look] ?? look);
    answer.append(element("i", ""), says);
    for (const cell of [element("td", from), element("td", to), element("td", ports), answer]) {
      cell.title = cell.textContent ?? "";
      line.append(cell);
    }
    return line;
  }

  /** @param {number} at */
  function revealLine(at) {
    const index = found.indexOf(at);
    if (index < 0) return;
    // The header covers the first line's height.
    const [top, bottom] = [index * lineHeight, (index + 2) * lineHeight];
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
  }

  // ---- choosing

  /** @param {number} at */
  function chooseRow(at) {
    chosenRow = at;
    revealLine(at);
    drawLines();
    const arrow = arrowOfRow.get(at);
    markArrow(arrow);
    if (arrow !== undefined) showArrow(arrow);
    const { from, to } = row(at);
    tell(`${from} → ${to}`, [at], arrow);
  }

  /** `shop/web → shop/db`. @param {number} at */
  function nameOfArrow(at) {
    const [from = 0, to = 0, , , ways] = arrows[at] ?? [];
    return `${nodes[from]} ${ways === 2 ? "↔" : "→"} ${nodes[to]}`;
  }

  /** @param {number} at */
  function chooseArrow(at) {
    const own = arrows[at]?.[3] ?? [];
    chosenRow = own[0];
    if (chosenRow !== undefined) revealLine(chosenRow);
    drawLines();
    markArrow(at);
    tell(nameOfArrow(at), own, at);
  }

  /** @param {number} at */
  function chooseNode(at) {
    const name = nodes[at] ?? "";
    const wanted = groups.some(([group]) => group === name) ? `"${name}"` : `${name}/`;
    query.value = query.value === wanted ? "" : wanted;
    filter();
    markArrow(undefined);
    nodeElements[at]?.classList.add("chosen");
    const [, count = 0, members = []] = groups.find(([group]) => group === name) ?? [];
    const heading = element("h2", name);
    if (count < 2)
      return byId("explanation").replaceChildren(heading, element("p", "Its connections are in the table.", "hint"));
    const list = document.createElement("ul");
    list.append(...members.map((member) => element("li", member)));
    if (members.length < count) list.append(element("li", `and ${(count - members.length).toLocaleString("en")} more`));
    byId("explanation").replaceChildren(heading, element("p", `${count} endpoints that answer alike:`, "hint"), list);
  }

  /** @param {number | undefined} at */
  function markArrow(at) {
    for (const marked of map.querySelectorAll(".chosen")) marked.classList.remove("chosen");
    map.classList.toggle("choosing", at !== undefined);
    if (at === undefined) return;
    const [from, to] = arrows[at] ?? [];
    arrowElements[at]?.classList.add("chosen");
    for (const node of [from, to]) if (node !== undefined) nodeElements[node]?.classList.add("chosen");
  }

  /** The explanation as the command prints it. @param {readonly string[]} lines */
  function walk(lines) {
    const place = element("div", "", "walk");
    for (const line of lines) {
      const written = element("p", line.trimStart());
      written.style.marginLeft = `${line.length - line.trimStart().length}ch`;
      place.append(written);
    }
    return place;
  }

  /** @param {string} heading @param {readonly number[]} own @param {number} [arrow] */
  function tell(heading, own, arrow) {
    const place = byId("explanation");
    const parts = own.slice(0, toldAtOnce).flatMap((at) => partsOf(at, own.length));
    place.replaceChildren(element("h2", heading), ...parts);
    const more = own.length - toldAtOnce;
    if (more > 0)
      place.append(element("p", `and ${more.toLocaleString("en")} more: search for them in the table`, "hint"));
    if (arrow !== undefined && arrowElements[arrow] !== null) {
      const button = element("button", "Find in map", "find");
      button.type = "button";
      button.addEventListener("click", () => zoomToArrow(arrow));
      place.prepend(button);
    }
    place.scrollTop = 0;
  }

  /** @param {number} at @param {number} among */
  function partsOf(at, among) {
    const { from, to, ports, look, asks, notes, lines } = row(at);
    const title = document.createElement("h3");
    title.className = look;
    title.append(
      element("i", ""),
      `${ports} `,
      element("span", among > 1 ? `${words[look]} · ${from} → ${to}` : (words[look] ?? look)),
    );
    /** @type {HTMLElement[]} */
    const parts = [title];
    if (asks !== "") parts.push(element("p", asks, "asks"));
    if (notes.length > 0) {
      const list = document.createElement("ul");
      list.append(...notes.map((note) => element("li", note)));
      parts.push(list);
    }
    const told = lines.length > 0 ? lines : ["This page is too large to explain this edge: ask reach explain."];
    parts.push(walk(told));
    return parts;
  }

  // ---- matrix

  function setUpViews() {
    const buttons = byId("views").querySelectorAll("button");
    for (const button of buttons) {
      button.addEventListener("click", () => {
        for (const each of buttons) {
          each.setAttribute("aria-pressed", String(each === button));
          byId(each.dataset["view"] ?? "").hidden = each !== button;
        }
        byId("tools").hidden = viewport.hidden;
        drawGrid();
      });
    }
    byId("grid").addEventListener("click", ({ target }) => {
      const cell = target instanceof Element ? target.closest("td") : null;
      if (cell instanceof HTMLElement) chooseCell(cell);
    });
  }

  /** Whoever has a line that was found, or everybody: what is denied has no line and is an empty cell. */
  function drawGrid() {
    const place = byId("grid");
    if (place.hidden) return;
    const all = found.length === rows.length;
    const axis = (/** @type {0 | 1} */ end) =>
      all ? [...groups.keys()] : [...new Set(found.map((at) => rows[at]?.[end] ?? 0))].sort((a, b) => a - b);
    const [clients, servers] = [axis(0), axis(1)];
    const shown = servers.slice(0, gridSize);
    const cells = cellsOf(found);
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    head.append(element("th", ""), ...shown.map((server) => header("col", server)));
    const lines = table.createTBody();
    for (const client of clients.slice(0, gridSize)) {
      lines.insertRow().append(header("row", client), ...shown.map((server) => cellOf(client, server, cells)));
    }
    const cut = clients.length > gridSize || servers.length > gridSize;
    const note = `The first ${Math.min(clients.length, gridSize)} of ${clients.length} lines and ${shown.length} of ${servers.length} columns: search to narrow it.`;
    place.replaceChildren(
      ...(cut ? [element("p", note, "hint")] : []),
      found.length === 0 ? element("p", "Nothing matches.", "hint") : table,
    );
  }

  /** @param {"row" | "col"} scope @param {number} group */
  function header(scope, group) {
    const made = element("th", groups[group]?.[0] ?? "");
    made.scope = scope;
    made.title = made.textContent ?? "";
    return made;
  }

  /** Rows of each pair. @param {readonly number[]} among @returns {Map<string, number[]>} */
  function cellsOf(among) {
    const cells = new Map();
    for (const at of among) {
      const key = `${rows[at]?.[0]} ${rows[at]?.[1]}`;
      const own = cells.get(key);
      if (own === undefined) cells.set(key, [at]);
      else own.push(at);
    }
    return cells;
  }

  /** @param {number} from @param {number} to @param {Map<string, number[]>} cells */
  function cellOf(from, to, cells) {
    const cell = document.createElement("td");
    const own = cells.get(`${from} ${to}`);
    cell.dataset["from"] = String(from);
    cell.dataset["to"] = String(to);
    if (own === undefined) return cell;
    // In the order of the legend, as where one arrow stands for several.
    const legend = Object.keys(words);
    const [look = ""] = own.map((at) => rows[at]?.[2] ?? "").sort((a, b) => legend.indexOf(a) - legend.indexOf(b));
    cell.className = look;
    cell.dataset["rows"] = own.join(" ");
    const ports = own.map((at) => `${row(at).ports}, ${words[row(at).look]}`).join("; ");
    cell.title = `${groups[from]?.[0]} → ${groups[to]?.[0]}: ${ports}`;
    return cell;
  }

  /** @param {HTMLElement} cell */
  function chooseCell(cell) {
    const { from, to, rows: written } = cell.dataset;
    const name = `${groups[Number(from)]?.[0]} → ${groups[Number(to)]?.[0]}`;
    for (const picked of byId("grid").querySelectorAll(".picked")) picked.classList.remove("picked");
    if (written === undefined) {
      const words = "No edge: denied on every port, or left out of this report.";
      byId("explanation").replaceChildren(element("h2", name), element("p", words, "hint"));
      return;
    }
    const own = written.split(" ").map(Number);
    chosenRow = own[0];
    if (chosenRow !== undefined) revealLine(chosenRow);
    drawLines();
    markArrow(arrowOfRow.get(own[0] ?? 0));
    tell(name, own);
    cell.classList.add("picked");
  }

  // ---- map

  function setUpMap() {
    const whole = everything();
    show(whole);
    const { marked } = setUpArrows();
    byId("zoom-in").addEventListener("click", () => zoom(1 / 1.4));
    byId("zoom-out").addEventListener("click", () => zoom(1.4));
    byId("zoom-fit").addEventListener("click", () => show(whole));
    viewport.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004), pointOf(event));
      },
      { passive: false },
    );
    viewport.addEventListener("keydown", (event) => {
      const { width, height } = viewOf(map);
      /** @type {Record<string, () => void>} */
      const keys = {
        "+": () => zoom(1 / 1.4),
        "=": () => zoom(1 / 1.4),
        "-": () => zoom(1.4),
        0: () => show(whole),
        ArrowLeft: () => move(-width / 8, 0),
        ArrowRight: () => move(width / 8, 0),
        ArrowUp: () => move(0, -height / 8),
        ArrowDown: () => move(0, height / 8),
      };
      const act = event.ctrlKey || event.metaKey ? undefined : keys[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    });
    setUpDragging(marked);

    /** @param {number} factor @param {{ x: number, y: number }} [around] */
    function zoom(factor, around) {
      const { x, y, width, height } = viewOf(map);
      const next = Math.min(Math.max(width * factor, whole.width / 200), whole.width * 4);
      const ratio = next / width;
      const fixed = around ?? { x: x + width / 2, y: y + height / 2 };
      show({
        x: fixed.x - (fixed.x - x) * ratio,
        y: fixed.y - (fixed.y - y) * ratio,
        width: next,
        height: height * ratio,
      });
    }
  }

  /** The whole drawing, but letters no larger than a heading's where it is small. @returns {View} */
  function everything() {
    const { x, y, width, height } = viewOf(map);
    const largest = 1.6;
    const pixels = Math.min(viewport.clientWidth / width, viewport.clientHeight / height);
    const ratio = Math.max(1, pixels / largest);
    const [wide, high] = [width * ratio, height * ratio];
    return { x: x - (wide - width) / 2, y: y - (high - height) / 2, width: wide, height: high };
  }

  /** Thin lines get a wide place to click; what is under the pointer lights up with its arrows. */
  function setUpArrows() {
    for (const [at, arrow] of arrowElements.entries()) {
      const line = arrow?.querySelector("path");
      if (arrow === null || arrow === undefined || line === null || line === undefined) continue;
      const reach = /** @type {SVGPathElement} */ (line.cloneNode());
      reach.setAttribute("class", "reach");
      arrow.append(reach);
      const own = arrows[at]?.[3] ?? [];
      const ports = [...new Set(own.map((each) => row(each).ports))];
      const told = ports.length === 1 ? ports[0] : `${own.length} lines`;
      const title = arrow.querySelector("title");
      if (title !== null) title.textContent = `${nameOfArrow(at)}: ${told}, ${words[row(own[0] ?? 0).look]}`;
    }
    for (const [at, node] of nodeElements.entries()) {
      const near = arrows.flatMap(([from, to], arrow) => (from === at || to === at ? [arrowElements[arrow]] : []));
      for (const [type, on] of /** @type {const} */ ([
        ["pointerenter", true],
        ["pointerleave", false],
      ])) {
        node?.addEventListener(type, () => near.forEach((arrow) => arrow?.classList.toggle("near", on)));
      }
    }
    return { marked: choose };

    /** @param {Element} target */
    function choose(target) {
      const thing = target.closest(".arrow, .group");
      const [kind, at] = (thing?.id ?? "").split("-");
      if (kind === "arrow") chooseArrow(Number(at));
      if (kind === "node") chooseNode(Number(at));
      if (thing === null) markArrow(undefined);
    }
  }

  /** One pointer moves the map, two zoom it; a press that does not move chooses. @param {(target: Element) => void} choose */
  function setUpDragging(choose) {
    /** @type {Map<number, PointerEvent>} */
    const pointers = new Map();
    let moved = 0;
    viewport.addEventListener("pointerdown", (event) => {
      if (pointers.size === 0) moved = 0;
      pointers.set(event.pointerId, event);
    });
    viewport.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      const [was, is] = [pointOf(before), pointOf(event)];
      moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
      pointers.set(event.pointerId, event);
      if (moved < 4) return;
      // Captured only now: a captured pointer's click would go to the viewport.
      viewport.setPointerCapture(event.pointerId);
      viewport.classList.add("dragging");
      const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
      if (other === undefined) return move(was.x - is.x, was.y - is.y);
      const fixed = pointOf(other);
      const ratio =
        Math.hypot(was.x - fixed.x, was.y - fixed.y) / Math.max(1, Math.hypot(is.x - fixed.x, is.y - fixed.y));
      const { x, y, width, height } = viewOf(map);
      show({
        x: fixed.x - (fixed.x - x) * ratio,
        y: fixed.y - (fixed.y - y) * ratio,
        width: width * ratio,
        height: height * ratio,
      });
    });
    const end = (/** @type {PointerEvent} */ event) => {
      pointers.delete(event.pointerId);
      viewport.classList.remove("dragging");
    };
    viewport.addEventListener("pointerup", end);
    viewport.addEventListener("pointercancel", end);
    viewport.addEventListener("click", ({ target }) => {
      if (moved < 4 && target instanceof Element) choose(target);
    });
  }

  /** @param {SVGSVGElement} svg @returns {View} */
  function viewOf(svg) {
    const { x, y, width, height } = svg.viewBox.baseVal;
    return { x, y, width, height };
  }

  /** @param {View} view */
  function show({ x, y, width, height }) {
    map.setAttribute("viewBox", [x, y, width, height].map((part) => part.toFixed(2)).join(" "));
  }

  /** @param {number} dx @param {number} dy */
  function move(dx, dy) {
    const view = viewOf(map);
    show({ ...view, x: view.x + dx, y: view.y + dy });
  }

  /** Where in the drawing the pointer is. @param {MouseEvent} event */
  function pointOf({ clientX, clientY }) {
    return pointAt(clientX, clientY);
  }

  /** A point of the window, in the drawing. @param {number} x @param {number} y */
  function pointAt(x, y) {
    const matrix = map.getScreenCTM();
    return matrix === null ? { x: 0, y: 0 } : new DOMPoint(x, y).matrixTransform(matrix.inverse());
  }

  /** The arrow with its ends and some of its neighbours. @param {number} at */
  function zoomToArrow(at) {
    const [from, to] = arrows[at] ?? [];
    const things = [arrowElements[at], ...[from, to].map((node) => (node === undefined ? null : nodeElements[node]))];
    const boxes = things.flatMap((thing) =>
      thing === null || thing === undefined ? [] : [thing.getBoundingClientRect()],
    );
    const start = pointAt(Math.min(...boxes.map(({ left }) => left)), Math.min(...boxes.map(({ top }) => top)));
    const end = pointAt(Math.max(...boxes.map(({ right }) => right)), Math.max(...boxes.map(({ bottom }) => bottom)));
    const [width, height] = [Math.max(end.x - start.x, 300) * 1.5, Math.max(end.y - start.y, 200) * 1.5];
    show({ x: (start.x + end.x - width) / 2, y: (start.y + end.y - height) / 2, width, height });
  }

  /** Bring an arrow into view if it is outside. @param {number} at */
  function showArrow(at) {
    const box = arrowElements[at]?.getBoundingClientRect();
    const seen = viewport.getBoundingClientRect();
    if (box === undefined || box.width + box.height === 0) return;
    const inside = box.right > seen.left && box.left < seen.right && box.bottom > seen.top && box.top < seen.bottom;
    if (inside) return;
    const is = pointAt(box.left + box.width / 2, box.top + box.height / 2);
    const wanted = pointAt(seen.left + seen.width / 2, seen.top + seen.height / 2);
    move(is.x - wanted.x, is.y - wanted.y);
  }
})();
