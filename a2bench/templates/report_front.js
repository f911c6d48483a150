"use strict";
// Front page: tables, charts, cases.

let data = null, shownCases = [], shownCount = 0;
const view = { suite: 0, all: false, sort: null, attribute: "" };
const STEP = 24;

// --- what is shown where ----------------------------------------------------------------------------------
async function start() {
  readAddress();
  data = await loadProtocol(state.p);
  settle(data);
  find("loading").hidden = true;
  find("content").hidden = false;
  fillStatic();
  fillProtocols();
  view.sort = null;
  if (!SITE.suites[view.suite]) view.suite = 0;
  fillSelects();
  drawTable();
  focusChanged();
  if (new URLSearchParams(location.hash.slice(1)).get("at") === "cases") find("cases-section").scrollIntoView();
}

function fillStatic() {
  if (find("facts").children.length) return;
  find("facts").replaceChildren(...SITE.caption.filter(([what]) => what !== "data set").map(([what, value]) =>
    make("div", {}, make("dt", {}, what), make("dd", what === "digest" ? { title: SITE.digest } : {}, value))));
  if (SITE.partial) { find("partial").hidden = false; find("partial").textContent = SITE.partial; }
  find("made-by").textContent = SITE.made_by;
  find("release").textContent = SITE.a2bench;
  find("absent").replaceChildren(...SITE.absent_suites.map(([name, why]) => make("p", { class: "hint" }, "Suite " + name + " is not shown: " + why)));
  find("provenance").replaceChildren(...SITE.provenance.map(([title, rows]) => make("details", { class: "notes" }, make("summary", {}, title),
    make("dl", { class: "rows" }, rows.flatMap(([what, value]) => [make("dt", {}, what), make("dd", {}, make("code", {}, value))])))));
}
function fillProtocols() {
  find("protocols").hidden = SITE.protocols.length < 2;
  find("protocols").replaceChildren(...SITE.protocols.map((one) => make("button", { type: "button", role: "tab", "aria-selected": String(one.name === state.p),
    on: { click: () => { location.hash = address({ p: one.name, f: [], q: "", m: state.m, k: state.k }); } } }, one.name, make("small", {}, " " + one.cases + " cases"))));
  find("protocol-text").textContent = "Protocol " + state.p + ". " + SITE.protocols.find((one) => one.name === state.p).text;
  find("methods").replaceChildren(...data.methods.map((method) => {
    const facts = SITE.methods[method], links = [["paper", facts.paper], ["code", facts.code]].filter(([, to]) => to);
    return make("details", { class: "notes" }, make("summary", {}, chip(data, method), facts.title, make("small", {}, " " + method)),
      make("p", {}, facts.summary), make("dl", { class: "rows" },
        [["inputs seen", facts.inputs.join(", ") || "none"], ["trained on", facts.trained_on], ["licences", facts.licences], ["hardware", facts.hardware], ["seeds", (data.seeds[method] || []).join(", ")]]
          .filter(([, text]) => text).flatMap(([what, text]) => [make("dt", {}, what), make("dd", {}, text)])),
      links.length ? make("p", {}, links.map(([what, to]) => make("a", { href: to, rel: "noreferrer noopener", target: "_blank" }, what + " "))) : null);
  }));
}

// --- the table -----------------------------------------------------------------------------------------------
function tableColumns() {
  const columns = SITE.suites[view.suite].columns.map((column, place) => ({ ...column, place }));
  return view.all || view.suite ? columns : columns.filter((column) => column.headline);
}
function drawTable() {
  const segments = [];
  const segment = (text, suite, all, title) => segments.push(make("button", { type: "button", title, "aria-pressed": String(view.suite === suite && view.all === all),
    on: { click: () => { view.suite = suite; view.all = all; view.sort = null; drawTable(); } } }, text));
  SITE.suites.forEach((suite, number) => {
    if (number) { segment(suite.name, number, false, suite.summary); return; }
    segment("headline", 0, false, suite.summary);
    if (suite.columns.some((column) => !column.headline)) segment("all columns", 0, true, "headline and extended columns of suite " + suite.name);
  });
  find("suites").replaceChildren(...segments);
  const table = data.tables[view.suite], columns = tableColumns();
  const seconds = new Map(data.methods.map((method) => [method, median(data.seconds[method])]));
  const heading = (text, key, descends, facts = {}, unit = "") => make("th", { scope: "col", "aria-sort": view.sort && view.sort.key === key ? (view.sort.descends ? "descending" : "ascending") : undefined, ...facts },
    make("button", { type: "button", "data-sort": key, on: { click: () => { const same = view.sort && view.sort.key === key; view.sort = { key, descends: same ? !view.sort.descends : descends }; drawTable(); find("board").querySelector('[data-sort="' + CSS.escape(key) + '"]')?.focus(); } } }, text, unit ? make("small", {}, unit) : null));
  const head = make("tr", {}, heading("Method", "method", false), make("th", { scope: "col", class: "wordy" }, "Inputs seen"),
    columns.map((column) => heading(column.title + " " + column.arrow, column.name, column.higher, { title: [column.summary, column.formula, column.pitfalls].filter(Boolean).join("\n\n") }, column.unit)),
    heading("Seconds", "seconds", false, { title: "The method's own time for a video, loading left out: median over cases" }, "a video"), heading("Scored", "scored", true));
  const key = view.sort && view.sort.key;
  const sortValue = (row) => {
    if (key === "method") return row.title.toLowerCase();
    if (key === "seconds") return seconds.get(row.method);
    if (key === "scored") return row.scored;
    const column = columns.find((one) => one.name === key), text = column ? row.cells[column.place].sort : "";
    return text === "" ? null : text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
  };
  const sorted = (rows) => !view.sort ? rows : rows.slice().sort((a, b) => {
    const x = sortValue(a), y = sortValue(b);
    if (x === null || y === null) return (x === null) - (y === null);
    return (x < y ? -1 : x > y ? 1 : 0) * (view.sort.descends ? -1 : 1);
  });
  const mark = (letters) => (letters ? make("sup", {}, letters) : null);
  const body = (rows) => sorted(rows).map((row) => make("tr", { class: row.method === state.m ? "focus" : "", "data-method": row.method },
    make("th", { scope: "row", title: row.summary }, make("button", { class: "name", type: "button", on: { click: () => select({ m: row.method }, true) } }, chip(data, row.method), row.title, mark(row.method_marks))),
    make("td", { class: "wordy" }, row.inputs.join(", ") || "none"),
    columns.map((column) => {
      const cell = row.cells[column.place], has = data.numbers[column.name]?.[row.method];
      const inside = [cell.best ? make("b", {}, cell.text) : cell.second ? make("u", {}, cell.text) : cell.text, cell.tied || null, mark(cell.marks), make("small", {}, [cell.interval, cell.skill].filter(Boolean).join(" · "))];
      return make("td", { class: (cell.muted ? "muted" : "") + (row.method === state.m && column.name === state.k ? " key" : ""), title: cell.tip },
        has ? make("button", { type: "button", "data-cell": row.method + " " + column.name, on: { click: () => select({ m: row.method, k: column.name }, true) } }, inside) : make("span", {}, inside));
    }),
    make("td", {}, seconds.get(row.method) === null ? "–" : seconds.get(row.method).toPrecision(3)),
    make("td", {}, row.scored + " / " + row.of, mark(row.scored_marks))));
  const ranked = table.rows.filter((row) => !row.reference), apart = table.rows.filter((row) => row.reference);
  find("board").replaceChildren(make("thead", {}, head), make("tbody", {}, body(ranked)), make("tbody", { class: "apart" }, body(apart)));
  find("legend").replaceChildren(...spans(SITE.suites[view.suite].legend));
  find("notes").replaceChildren(...table.notes.map(([letter, text]) => make("li", {}, make("b", {}, letter), make("span", {}, spans(text)))));
}

// --- focus: one method by one metric ---------------------------------------------------------------------------
function select(changes, toCases = false) {
  Object.assign(state, changes);
  settle(data);
  shownCount = 0;
  fillSelects();
  drawTable();
  focusChanged();
  if (toCases) find("cases-section").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}
function fillSelects() {
  const option = (value, text, now) => make("option", { value, selected: value === now }, text);
  const columns = columnsOf(data), known = state.k ? data.methods.filter((method) => data.numbers[state.k][method]) : data.methods;
  find("method").replaceChildren(...known.map((method) => option(method, titleOf(method), state.m)));
  find("metric").replaceChildren(...SITE.suites.map((suite) => {
    const own = columns.filter((column) => column.suite === suite.name);
    return own.length ? make("optgroup", { label: suite.name }, own.map((column) => option(column.name, column.title + " " + column.arrow, state.k))) : null;
  }).filter(Boolean));
  const others = known.filter((method) => method !== state.m);
  find("order").replaceChildren(...Object.entries(ORDERS).filter(([name]) => others.length || !["loss", "gain"].includes(name)).map(([name, text]) => option(name, text, state.o)));
  find("versus").replaceChildren(...others.map((method) => option(method, titleOf(method), state.v)));
  find("versus-label").hidden = !["loss", "gain"].includes(state.o);
}
function focusChanged() {
  const column = columnOf(data, state.k);
  find("metric-text").textContent = column ? column.title + ": " + column.summary + "; " + (column.higher ? "higher" : "lower") + " is better." : "No metric has numbers of single cases.";
  drawScatter();
  drawSpread();
  drawWeak();
  drawHeat();
  drawFacets();
  drawCases();
}

// --- charts ---------------------------------------------------------------------------------------------------
const tip = find("tip");
function showTip(event, ...lines) {
  tip.replaceChildren(...lines.map((line) => make("div", {}, line)));
  tip.hidden = false;
  const wide = tip.offsetWidth, left = Math.min(event.clientX + 14, document.documentElement.clientWidth - wide - 8);
  tip.style.left = Math.max(4, left) + "px";
  tip.style.top = event.clientY + 16 + "px";
}
const hideTip = () => { tip.hidden = true; };
function cellOf(method, metric) {
  for (const [number, suite] of SITE.suites.entries()) {
    const place = suite.columns.findIndex((column) => column.name === metric), row = data.tables[number].rows.find((one) => one.method === method);
    if (place >= 0 && row) return { ...row.cells[place], low: row.low[place], high: row.high[place], number: row.cells[place].sort === "" ? null : Number(row.cells[place].sort) };
  }
  return null;
}
function ticks(low, high, count = 4) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough)), size = [1, 2, 5, 10].find((one) => one * power >= rough) * power;
  const found = [];
  for (let value = Math.ceil(low / size) * size; value <= high + size * 1e-6; value += size) found.push(Number(value.toPrecision(12)));
  return found;
}
function drawScatter() {
  const column = columnOf(data, state.k), place = find("scatter");
  if (!column) { place.replaceChildren(); return; }
  const points = data.methods.map((method) => {
    const cell = cellOf(method, state.k), seconds = median(data.seconds[method]);
    const value = cell && cell.number !== null ? (Number.isFinite(cell.number) ? cell.number : mean(data.numbers[state.k][method] || [])) : null;
    return { method, known: seconds, seconds: seconds === null ? null : Math.max(seconds, .001), value, low: cell?.low ?? null, high: cell?.high ?? null, text: cell?.text };
  }).filter((point) => point.value !== null);
  const timed = points.filter((point) => point.seconds !== null), untimed = points.filter((point) => point.seconds === null);
  if (!timed.length) { place.replaceChildren(make("p", { class: "empty" }, "No method of this table has a time.")); return; }
  const width = 520, height = 300, left = 52, right = 16, top = 14, bottom = 38;
  const ranked = points.filter((point) => !SITE.methods[point.method].reference), span = (ranked.length ? ranked : points);
  let low = Math.min(...span.map((one) => one.low ?? one.value)), high = Math.max(...span.map((one) => one.high ?? one.value));
  const pad = (high - low || Math.abs(high) || 1) * .12; low -= pad; high += pad;
  if (low < 0 && span.every((one) => one.value >= 0)) low = 0;
  let first = Math.log10(Math.min(...timed.map((one) => one.seconds))) - .35, last = Math.log10(Math.max(...timed.map((one) => one.seconds))) + .5;
  if (last - first < 1.4) { const more = (1.4 - last + first) / 2; first -= more; last += more; }
  const x = (seconds) => left + (width - left - right) * (Math.log10(seconds) - first) / (last - first);
  const y = (value) => top + (height - top - bottom) * (high - value) / (high - low);
  const box = svg("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": column.title + " against seconds" });
  for (const value of ticks(low, high)) box.append(svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "rule" }), svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  for (let power = Math.ceil(first); power <= last; power++) box.append(svg("line", { x1: x(10 ** power), x2: x(10 ** power), y1: top, y2: height - bottom, class: "rule" }), svg("text", { x: x(10 ** power), y: height - bottom + 15, "text-anchor": "middle" }, String(Number((10 ** power).toPrecision(1))) + " s"));
  box.append(svg("text", { x: width - right, y: height - 5, "text-anchor": "end", class: "soft" }, "seconds a video (median)"), svg("text", { x: left - 46, y: top - 3, class: "soft" }, column.title + " " + column.arrow + (column.unit ? " " + column.unit : "")));
  let lastY = [];
  for (const point of timed.slice().sort((a, b) => y(a.value) - y(b.value))) {
    const isOut = point.value < low || point.value > high, at = [x(point.seconds), Math.min(Math.max(y(point.value), top), height - bottom)];
    const colour = colourOf(data, point.method), isFocus = point.method === state.m;
    const group = svg("g", { class: "point", tabindex: 0, role: "button", "aria-label": titleOf(point.method) });
    if (point.low !== null && point.high !== null && !isOut) group.append(svg("line", { x1: at[0], x2: at[0], y1: y(point.low), y2: y(point.high), stroke: colour, "stroke-width": 2 }));
    group.append(svg("circle", { cx: at[0], cy: at[1], r: isFocus ? 7 : 5.5, fill: colour, class: isFocus ? "focus" : "" }));
    let labelY = at[1] + 4;
    while (lastY.some(([otherX, otherY]) => Math.abs(otherX - at[0]) < 130 && Math.abs(otherY - labelY) < 13)) labelY += 13;
    lastY.push([at[0], labelY]);
    const isRight = at[0] > width * .68;
    group.append(svg("text", { x: at[0] + (isRight ? -11 : 11), y: labelY, "text-anchor": isRight ? "end" : "start", class: isFocus ? "name focus" : "name" }, titleOf(point.method) + (isOut ? " (" + point.text + ", off the scale)" : "")));
    group.addEventListener("click", () => select({ m: point.method }));
    group.addEventListener("pointermove", (event) => showTip(event, titleOf(point.method), column.title + " " + point.text + (point.low !== null ? " [" + format(point.low, column) + ", " + format(point.high, column) + "]" : ""), point.known.toPrecision(3) + " s a video"));
    group.addEventListener("pointerleave", hideTip);
    box.append(group);
  }
  place.replaceChildren(box, untimed.length ? make("p", { class: "hint" }, "No time known: " + untimed.map((point) => titleOf(point.method) + " " + point.text).join(", ")) : "");
}

function drawSpread() {  // one canvas: 500 cases x 10 methods are 5000 dots
  const column = columnOf(data, state.k), place = find("spread");
  if (!column) { place.replaceChildren(); return; }
  const methods = data.methods.filter((method) => data.numbers[state.k][method]), kept = new Set(chosen(data));
  const shown = methods.filter((method) => !SITE.methods[method].reference), range = (shown.length ? shown : methods).flatMap((method) => data.numbers[state.k][method]).filter((one) => one !== null);
  const width = 520, row = Math.max(26, Math.min(84, 250 / methods.length)), top = 8, bottom = 24, left = 8, right = 8, height = top + bottom + row * methods.length;
  const low = Math.min(...range), high = Math.max(...range) + 1e-9, x = (value) => left + (width - left - right) * Math.min(1, Math.max(0, (value - low) / (high - low)));
  const scale = Math.min(3, window.devicePixelRatio || 1) * 1.5;
  const canvas = make("canvas", { width: width * scale, height: height * scale, class: "spread", role: "img", "aria-label": "Distribution of " + column.title }), pen = canvas.getContext("2d");
  const style = getComputedStyle(document.body), ink = style.getPropertyValue("--ink"), soft = style.getPropertyValue("--soft"), line = style.getPropertyValue("--line");
  pen.scale(scale, scale);
  pen.font = "11px system-ui, sans-serif";
  for (const value of ticks(low, high, 5)) {
    pen.fillStyle = line; pen.fillRect(x(value), top, 1, height - top - bottom);
    pen.fillStyle = soft; pen.textAlign = "center"; pen.fillText(String(value), Math.min(width - 14, Math.max(14, x(value))), height - 8);
  }
  const dots = [];
  methods.forEach((method, number) => {
    const numbers = data.numbers[state.k][method], middle = top + row * (number + .62), colour = colourOf(data, method);
    pen.fillStyle = colour;
    numbers.forEach((value, at) => {
      if (value === null) return;
      const spot = [x(value), middle + (((at * 7919) % 997) / 997 - .5) * row * .55];
      pen.globalAlpha = kept.has(at) ? (isDark() ? .75 : .5) : .08;
      pen.beginPath(); pen.arc(spot[0], spot[1], 2.1, 0, 7); pen.fill();
      if (kept.has(at)) dots.push([spot[0], spot[1], method, at, value]);
    });
    pen.globalAlpha = 1;
    const sorted = numbers.filter((one, at) => one !== null && kept.has(at)).sort((a, b) => a - b);
    if (sorted.length) {
      const [a, b, c] = [.25, .5, .75].map((part) => x(quantile(sorted, part)));
      pen.strokeStyle = ink; pen.lineWidth = 1.2; pen.strokeRect(a, middle - row * .2, Math.max(1, c - a), row * .4);
      pen.fillStyle = ink; pen.fillRect(b - 1, middle - row * .2, 2, row * .4);
    }
    pen.fillStyle = method === state.m ? ink : soft; pen.textAlign = "left"; pen.font = (method === state.m ? "600 " : "") + "11px system-ui, sans-serif";
    pen.fillText(titleOf(method), left, top + row * number + 9);
  });
  const near = (event) => {
    const area = canvas.getBoundingClientRect(), spot = [(event.clientX - area.left) / area.width * width, (event.clientY - area.top) / area.height * height];
    let found = null, best = 64;
    for (const dot of dots) { const far = (dot[0] - spot[0]) ** 2 + (dot[1] - spot[1]) ** 2; if (far < best) { best = far; found = dot; } }
    return found;
  };
  canvas.addEventListener("pointermove", (event) => { const dot = near(event); canvas.style.cursor = dot ? "pointer" : ""; if (dot) showTip(event, caseTitle(data, dot[3]), titleOf(dot[2]) + " " + withUnit(dot[4], column)); else hideTip(); });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => { const dot = near(event); if (dot) location.href = caseLink(dot[3], { m: dot[2] }); });
  place.replaceChildren(canvas);
}

// --- attributes --------------------------------------------------------------------------------------------------
function subsetMeans(facet, method) {  // value -> mean of the numbers with which its cases enter the table
  const numbers = data.numbers[state.k][method];
  return facet.values.map((value) => mean(facet.cases.get(value).map((at) => numbers[at])));
}
function drawWeak() {  // where the method is farthest below its own mean, for the size of the group
  const column = columnOf(data, state.k), place = find("weak");
  if (!column || SITE.methods[state.m].reference) { place.replaceChildren(); return; }
  const numbers = data.numbers[state.k][state.m], known = numbers.filter((one) => one !== null), overall = mean(known);
  const deviation = Math.sqrt(mean(known.map((one) => (one - overall) ** 2)) || 0), fewest = Math.max(4, Math.ceil(known.length * .02)), found = [];
  for (const facet of facetsOf(data)) {
    for (const value of facet.values) {
      const own = facet.cases.get(value).map((at) => numbers[at]).filter((one) => one !== null);
      if (own.length < fewest || own.length > known.length * .9 || !deviation) continue;
      const gap = (mean(own) - overall) * (column.higher ? 1 : -1);
      found.push({ facet, value, count: own.length, gap, strength: gap * Math.sqrt(own.length) / deviation });
    }
  }
  found.sort((a, b) => a.strength - b.strength);
  const button = (one) => make("button", { type: "button", class: "tag", title: "show these cases, worst first", on: { click: () => { state.f = [one.facet.name + "=" + one.value]; state.o = "worst"; select({}, true); } } },
    make("b", {}, spoken(one.facet.name) + ": " + one.value.replaceAll("_", " ")), " " + ((one.gap * (column.higher ? 1 : -1)) < 0 ? "−" : "+") + Math.abs(one.gap).toFixed(column.digits) + (column.unit ? " " + column.unit : "") + ", " + one.count + " cases");
  const weak = found.filter((one) => one.strength < -2).slice(0, 5);
  place.replaceChildren(make("span", {}, weak.length ? "Where " + titleOf(state.m) + " is weakest against its own mean:" : "No attribute stands out for " + titleOf(state.m) + "."), ...weak.map(button));
}
function drawHeat() {
  const facets = facetsOf(data), column = columnOf(data, state.k);
  if (!facets.length || !column) { find("heat").replaceChildren(); find("attribute").replaceChildren(); return; }
  if (!facets.some((facet) => facet.name === view.attribute)) view.attribute = facets.find((facet) => facet.name !== "without a prediction")?.name || facets[0].name;
  find("attribute").replaceChildren(...facets.map((facet) => make("option", { value: facet.name, selected: facet.name === view.attribute }, spoken(facet.name))));
  const facet = facets.find((one) => one.name === view.attribute), methods = data.methods.filter((method) => data.numbers[state.k][method]);
  const means = methods.map((method) => subsetMeans(facet, method)), overall = methods.map((method) => mean(data.numbers[state.k][method]));
  const spread = methods.map((method, number) => { const known = data.numbers[state.k][method].filter((one) => one !== null); return Math.sqrt(mean(known.map((one) => (one - overall[number]) ** 2)) || 0) || 1; });
  const rows = facet.values.map((value, place) => make("tr", {}, make("th", {}, value.replaceAll("_", " ")), make("td", { class: "muted" }, String(facet.cases.get(value).length)), methods.map((method, number) => {
    const own = means[number][place];
    if (own === null) return make("td", { class: "muted" }, "–");
    const strength = (own - overall[number]) / spread[number] * (column.higher ? 1 : -1), share = SITE.methods[method].reference ? 0 : Math.min(60, Math.round(Math.abs(strength) * 45));
    return make("td", { style: { background: "color-mix(in srgb, var(--" + (strength < 0 ? "bad" : "good") + ") " + share + "%, transparent)" } },
      make("button", { type: "button", "data-subset": facet.name + "=" + value + " " + method, on: { click: () => { state.f = [facet.name + "=" + value]; select({ m: method }, true); } } }, format(own, column)));
  })));
  find("heat").replaceChildren(make("thead", {}, make("tr", {}, make("th", {}, spoken(facet.name)), make("th", {}, "Cases"), methods.map((method) => make("th", {}, chip(data, method), titleOf(method))))), make("tbody", {}, rows,
    make("tr", { class: "all" }, make("th", {}, "all"), make("td", { class: "muted" }, String(data.cases.length)), overall.map((one) => make("td", {}, format(one, column))))));
  const example = facet.values[0] || "";
  find("heat-text").replaceChildren("Mean " + column.title + " of the cases with that attribute; shaded against the method's own mean, orange is worse. ",
    ...(facet.exact && facet.ofWhole && !example.includes(",") && facet.name !== "without a prediction" ? ["With intervals: ", make("code", {}, "a2bench table --split " + SITE.split + " --protocol " + state.p + " --subset " + quoted(facet.name + "=" + example))] : []));
}
const quoted = (text) => (/^[\w.=-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");

const isOpenAtFirst = (facet, number) => (facetsOf(data).some((one) => one.name === "family") ? ["family", "style", "difficulty"].includes(facet.name) : number < 3);
function drawFacets() {
  const open = new Set([...find("facets").querySelectorAll("details[open]")].map((one) => one.dataset.name)), isFirst = !find("facets").children.length;
  const groups = facetsOf(data).map((facet, number) => {
    const picked = state.f.filter((one) => one.startsWith(facet.name + "="));
    const isOpen = (isFirst ? isOpenAtFirst(facet, number) : open.has(facet.name)) || picked.length > 0;
    const list = make("ul", { class: "values" }), fill = () => {
      if (list.children.length) return;
      const left = new Set(chosen(data, { except: facet.name }));
      list.append(...facet.values.map((value) => {
        const word = facet.name + "=" + value, count = facet.cases.get(value).filter((at) => left.has(at)).length;
        return make("li", {}, make("button", { type: "button", "aria-pressed": String(picked.includes(word)), class: count ? "" : "none", "data-filter": word, on: { click: () => filter(word) } }, make("span", {}, value.replaceAll("_", " ")), make("span", { class: "count" }, String(count))));
      }));
    };
    if (isOpen) fill();  // the others when they are opened: most of 57 attributes never are
    return make("details", { "data-name": facet.name, open: isOpen, on: { toggle: fill } }, make("summary", {}, make("span", {}, spoken(facet.name)), picked.length ? make("span", { class: "count on" }, String(picked.length)) : null), list);
  });
  find("facets").replaceChildren(...groups);
  const chips = state.f.map((word) => { const [name, ...rest] = word.split("="); return make("button", { type: "button", class: "tag", title: "remove this filter", on: { click: () => filter(word) } }, spoken(name) + ": " + rest.join("=").replaceAll("_", " ") + " ×"); });
  find("picked").replaceChildren(...chips, ...(chips.length || state.q ? [make("button", { type: "button", class: "tag clear", on: { click: clear } }, "clear all")] : []));
  find("open-filters").textContent = state.f.length ? "Filters (" + state.f.length + ")" : "Filters";
}
function filter(word) {
  state.f = state.f.includes(word) ? state.f.filter((one) => one !== word) : [...state.f, word];
  shownCount = 0;
  drawFacets(); drawSpread(); drawCases();
}
function clear() { state.f = []; state.q = find("search").value = ""; shownCount = 0; drawFacets(); drawSpread(); drawCases(); }

// --- cases ----------------------------------------------------------------------------------------------------------
const caseLink = (at, changes = {}) => "case.html" + address({ ...changes, c: data.cases[at], t: null });
function drawCases() {
  const column = columnOf(data, state.k), kept = chosen(data);
  shownCases = ordered(data, kept);
  const own = column ? kept.map((at) => data.numbers[state.k][state.m][at]) : [];
  find("shown").textContent = kept.length + " of " + data.cases.length + " cases, " + orderText(data) + (column && kept.length ? ". Mean of these: " + withUnit(mean(own), column) : "") + ".";
  find("search").value = state.q;
  shownCount = Math.max(shownCount, STEP);
  find("grid").replaceChildren(...shownCases.slice(0, shownCount).map(card));
  if (!shownCases.length) find("grid").append(make("p", { class: "empty" }, "Nothing matches. Press c to clear the filters."));
  more();
  writeAddress();
}
function more() {
  const left = shownCases.length - shownCount;
  find("more").hidden = left <= 0;
  find("more").textContent = "Show " + Math.min(STEP, left) + " more of " + left;
}
function showMore() {
  find("grid").append(...shownCases.slice(shownCount, shownCount + STEP).map((at, number) => card(at, shownCount + number)));
  shownCount += STEP;
  more();
}
function card(at, place) {
  const column = columnOf(data, state.k), value = column ? data.numbers[state.k][state.m][at] : null, bad = data.bad[state.m]?.[at], name = data.previews[state.m]?.[at];
  const isFilled = column && data.filled[state.k]?.[state.m]?.includes(at);
  const other = column && ["loss", "gain"].includes(state.o) ? data.numbers[state.k][state.v][at] : null;
  const fact = data.facts.difficulty;
  return make("a", { class: "card", href: caseLink(at), title: data.cases[at], "data-case": data.cases[at] },
    make("span", { class: "picture" }, name ? make("img", { loading: "lazy", decoding: "async", alt: "Truth and " + titleOf(state.m) + " at its worst frame", width: 256, height: 192, src: mediaPath(data, at, name + ".webp") })
      : make("span", { class: "message" }, bad ? bad[0] + ": " + bad[1] : "no preview: " + SITE.why_absent), name ? make("span", { class: "labels" }, make("i", {}, "truth"), make("i", {}, titleOf(state.m))) : null),
    make("span", { class: "title" }, caseTitle(data, at)),
    make("span", { class: "value" }, make("b", {}, withUnit(value, column || { digits: 2 })), isFilled ? " filled in" : "", other !== null && other !== undefined ? " · " + titleOf(state.v) + " " + format(other, column) : "",
      make("span", { class: "rank" }, "#" + (place + 1))));
}

// --- start ---------------------------------------------------------------------------------------------------------------
find("method").addEventListener("change", (event) => select({ m: event.target.value }));
find("metric").addEventListener("change", (event) => select({ k: event.target.value }));
find("order").addEventListener("change", (event) => select({ o: event.target.value }));
find("versus").addEventListener("change", (event) => select({ v: event.target.value }));
find("attribute").addEventListener("change", (event) => { view.attribute = event.target.value; drawHeat(); });
find("search").addEventListener("input", (event) => { state.q = event.target.value; shownCount = 0; drawFacets(); drawSpread(); drawCases(); });
find("more").addEventListener("click", showMore);
function drawer(isOpen) {
  find("side").classList.toggle("open", isOpen);
  find("open-filters").setAttribute("aria-expanded", String(isOpen));
  document.body.style.overflow = isOpen ? "hidden" : "";
}
find("open-filters").addEventListener("click", () => drawer(!find("side").classList.contains("open")));
find("close-filters").addEventListener("click", () => drawer(false));
function moveFocus(by) {
  const cards = [...find("grid").querySelectorAll(".card")], at = cards.indexOf(document.activeElement);
  if (at + by >= cards.length - 1 && !find("more").hidden) showMore();
  (cards[at + by] || (at < 0 ? cards[0] : null))?.focus();
}
bindKeys([
  [["/"], () => find("search").focus(), "search"],
  [["j", "ArrowRight"], () => moveFocus(1), "next case"], [["k", "ArrowLeft"], () => moveFocus(-1), "case before"],
  [["Enter"], null, "open the case"],
  [["m"], () => { const select = find("method"); select.selectedIndex = (select.selectedIndex + 1) % select.options.length; select.dispatchEvent(new Event("change")); }, "next method"],
  [["n"], () => { const select = find("metric"); select.selectedIndex = (select.selectedIndex + 1) % select.options.length; select.dispatchEvent(new Event("change")); }, "next metric"],
  [["c"], clear, "clear filters"], [["d"], toggleTheme, "light or dark"], [["?"], toggleHelp, "this list"],
  [["Escape"], () => drawer(false), ""],
]);
window.addEventListener("themechange", () => drawSpread());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && drawSpread());
window.addEventListener("hashchange", () => { shownCount = 0; start(); });
start().catch((error) => { find("loading").hidden = false; find("loading").textContent = "This report cannot be shown: " + error.message; });
