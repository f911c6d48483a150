"use strict";
// What both pages of the report share: data, state in the address, filters, order, looks.

let SITE = null;
const PROTOCOLS = new Map();
function site(data) { SITE = data; }                                  // data/site.js calls it
function protocol(data) { PROTOCOLS.set(data.protocol, data); }       // data/<protocol>.js calls it

const find = (id) => document.getElementById(id);

// Texts only ever become text nodes: nothing that a card, a case or a reason says is markup.
function make(tag, facts, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, does] of Object.entries(value)) element.addEventListener(event, does);
    else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined));
  return element;
}
function svg(tag, facts, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(facts || {})) if (value !== undefined && value !== null) element.setAttribute(name, value);
  element.append(...children.flat().filter(Boolean));
  return element;
}
// (is it code, text) pairs, as the tables have them
const spans = (pairs) => pairs.map(([isCode, text]) => (isCode ? make("code", {}, text) : text));

function loadScript(source) {
  return new Promise((done, failed) => {
    const script = make("script", { src: source });
    script.addEventListener("load", () => { script.remove(); done(); });
    script.addEventListener("error", () => { script.remove(); failed(new Error("cannot load " + source)); });
    document.head.append(script);
  });
}
async function loadProtocol(name) {
  if (!PROTOCOLS.has(name)) await loadScript("data/" + encodeURIComponent(name) + ".js");
  return PROTOCOLS.get(name);
}
const mediaPath = (data, at, name) =>
  ["media", data.protocol, data.cases[at], name].map(encodeURIComponent).join("/");

// --- looks --------------------------------------------------------------------------------------
const HUES = ["#2f6fdb", "#e0670b", "#0f9271", "#c22a5f", "#7a4fe0", "#0c8ea8", "#a4780a", "#5c8a14", "#d24fb0", "#8a5a3c", "#4b6078", "#e0a000"];
function colourOf(data, method) {
  if (SITE.methods[method].reference) return "#8b93a1";
  const ranked = data.methods.filter((one) => !SITE.methods[one].reference);
  return HUES[ranked.indexOf(method) % HUES.length];
}
const titleOf = (method) => SITE.methods[method].title;
const chip = (data, method) => make("i", { class: "chip", style: { background: colourOf(data, method) } });

const remembered = (() => {  // a browser may forbid storage to pages from the disk
  try { return window.localStorage; } catch { return null; }
})();
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  try { if (theme && remembered) remembered.setItem("a2bench-theme", theme); } catch { /* not kept, that is all */ }
}
const isDark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
function toggleTheme() { setTheme(isDark() ? "light" : "dark"); window.dispatchEvent(new Event("themechange")); }
try { setTheme(remembered && remembered.getItem("a2bench-theme")); } catch { /* the system's */ }

// --- columns and numbers ------------------------------------------------------------------------
function columnsOf(data) {  // every column that has numbers of cases, headline first
  const found = [];
  for (const suite of SITE.suites) for (const column of suite.columns) if (data.numbers[column.name]) found.push({ ...column, suite: suite.name });
  return found;
}
const columnOf = (data, name) => columnsOf(data).find((column) => column.name === name);
const format = (value, column) => (value === null || value === undefined ? "–" : value.toFixed(column.digits));
const withUnit = (value, column) => format(value, column) + (column.unit && value !== null && value !== undefined ? " " + column.unit : "");
function mean(numbers) {
  let sum = 0, count = 0;
  for (const one of numbers) if (one !== null && one !== undefined) { sum += one; count++; }
  return count ? sum / count : null;
}
function median(numbers) {
  const known = numbers.filter((one) => one !== null && one !== undefined).sort((a, b) => a - b), half = known.length >> 1;
  if (!known.length) return null;
  return known.length % 2 ? known[half] : (known[half - 1] + known[half]) / 2;
}
const quantile = (sorted, part) => {
  const place = (sorted.length - 1) * part, low = Math.floor(place);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (place - low);
};

// --- state: in the address, so that a view can be linked and goes from page to page ------------------
const state = { p: "", m: "", k: "", o: "worst", v: "", q: "", f: [], c: "", t: null, w: "" };
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const name of ["p", "m", "k", "v", "q", "c", "w"]) state[name] = words.get(name) || "";
  state.o = ["worst", "best", "loss", "gain", "split"].includes(words.get("o")) ? words.get("o") : "worst";
  state.f = words.getAll("f");
  state.t = words.has("t") && /^\d+$/.test(words.get("t")) ? Number(words.get("t")) : null;
  const names = SITE.protocols.map((one) => one.name);
  if (!names.includes(state.p)) state.p = names.includes("cross") ? "cross" : names[0];
}
function address(changes) {
  const now = { ...state, ...changes }, words = new URLSearchParams();
  for (const name of ["p", "c", "m", "k", "v", "q", "w"]) if (now[name]) words.set(name, now[name]);
  if (now.o !== "worst") words.set("o", now.o);
  if (now.t !== null && now.t !== undefined) words.set("t", now.t);
  for (const one of now.f) words.append("f", one);
  return "#" + words;
}
const writeAddress = () => history.replaceState(null, "", address({}));
function settle(data) {  // what the address left open, or named and is not there
  const columns = columnsOf(data), ranked = data.methods.filter((one) => !SITE.methods[one].reference);
  if (!columns.some((column) => column.name === state.k)) state.k = columns.length ? columns[0].name : "";
  const known = state.k ? Object.keys(data.numbers[state.k]) : data.methods;
  if (!known.includes(state.m)) state.m = ranked.find((one) => known.includes(one) && one !== "still") || known[0] || data.methods[0];
  if (state.v === state.m || !known.includes(state.v)) state.v = known.includes("still") && state.m !== "still" ? "still" : known.find((one) => one !== state.m) || "";
  if (!state.v && (state.o === "loss" || state.o === "gain")) state.o = "worst";
}

// --- attributes ------------------------------------------------------------------------------------
const FIRST = ["family", "species", "style", "difficulty", "body_plan", "turning", "background", "background_motion", "proportions"];
const MOST_VALUES = 120, MOST_NUMBERS = 12;
const spoken = (name) => name.replace(/^driver\./, "driver: ").replaceAll("_", " ");
function facetsOf(data) {
  if (data.facets) return data.facets;
  const names = Object.keys(data.facts);
  const rank = (name) => { const at = FIRST.indexOf(name); return at >= 0 ? at : name.startsWith("driver.") ? 200 : 100; };
  names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  const facets = [];
  for (const name of names) {
    const { values, of } = data.facts[name];
    let words = of.map((place) => (place < 0 ? [] : [values[place]]));
    let order = null;
    const numbers = values.map(Number);
    if (values.length > MOST_NUMBERS && values.every((one) => one.trim() !== "") && numbers.every(Number.isFinite)) {
      const sorted = of.filter((place) => place >= 0).map((place) => numbers[place]).sort((a, b) => a - b);
      const edges = [0, .25, .5, .75, 1].map((part) => quantile(sorted, part));
      const names4 = [0, 1, 2, 3].map((part) => Number(edges[part].toPrecision(3)) + " to " + Number(edges[part + 1].toPrecision(3)));
      words = of.map((place) => (place < 0 ? [] : [names4[Math.max(0, [1, 2, 3].filter((part) => numbers[place] > edges[part]).length)]]));
      order = [...new Set(names4)];
    } else if (values.length > MOST_VALUES && values.some((one) => one.includes(", "))) {
      words = of.map((place) => (place < 0 ? [] : [...new Set(values[place].split(", "))]));
    } else if (values.every((one) => one.trim() !== "") && numbers.every(Number.isFinite)) {
      order = values.slice().sort((a, b) => a - b);
    }
    const cases = new Map();
    words.forEach((found, at) => { for (const word of found) { if (!cases.has(word)) cases.set(word, []); cases.get(word).push(at); } });
    if (cases.size < 2 || cases.size > MOST_VALUES) continue;
    const shown = order ? order.filter((one) => cases.has(one)) : [...cases.keys()].sort((a, b) => cases.get(b).length - cases.get(a).length || a.localeCompare(b));
    facets.push({ name, values: shown, cases, exact: !order || values.length <= MOST_NUMBERS, ofWhole: words.every((one) => one.length <= 1) });
  }
  const bad = new Map();
  for (const [method, cases] of Object.entries(data.bad)) {
    for (const [at, [status]] of Object.entries(cases)) {
      const word = titleOf(method) + ": " + status;
      if (!bad.has(word)) bad.set(word, []);
      bad.get(word).push(Number(at));
    }
  }
  if (bad.size) facets.unshift({ name: "without a prediction", values: [...bad.keys()], cases: bad, exact: false, ofWhole: false });
  data.facets = facets;
  return facets;
}
function chosen(data, { except = "", text = true } = {}) {  // case numbers that the filters leave
  let left = null;
  const keep = (cases) => { const set = new Set(cases); left = left === null ? set : new Set([...left].filter((at) => set.has(at))); };
  for (const facet of facetsOf(data)) {
    if (facet.name === except) continue;
    const picked = state.f.filter((one) => one.startsWith(facet.name + "=")).map((one) => one.slice(facet.name.length + 1));
    if (picked.length) keep(picked.flatMap((value) => facet.cases.get(value) || []));
  }
  const found = left === null ? data.cases.map((_, at) => at) : [...left].sort((a, b) => a - b);
  const words = text ? state.q.toLowerCase().split(/\s+/).filter(Boolean) : [];
  if (!words.length) return found;
  data.texts ||= data.cases.map((id, at) => (id + " " + Object.entries(data.facts).map(([, { values, of }]) => (of[at] < 0 ? "" : values[of[at]])).join(" ")).toLowerCase());
  return found.filter((at) => words.every((word) => data.texts[at].includes(word)));
}
const ORDERS = { worst: "worst first", best: "best first", loss: "loses most to", gain: "beats most", split: "order of the split" };
function badness(data, at) {  // larger comes first; null: no number
  const column = columnOf(data, state.k);
  if (!column) return null;
  const own = data.numbers[state.k][state.m][at];
  if (own === null || own === undefined) return null;
  const sign = column.higher ? -1 : 1;
  if (state.o === "worst") return sign * own;
  if (state.o === "best") return -sign * own;
  const other = data.numbers[state.k][state.v]?.[at];
  if (other === null || other === undefined) return null;
  return (state.o === "loss" ? 1 : -1) * sign * (own - other);
}
function ordered(data, cases) {
  if (state.o === "split" || !state.k) return cases;
  const keys = new Map(cases.map((at) => [at, badness(data, at)]));
  return cases.slice().sort((a, b) => {
    const x = keys.get(a), y = keys.get(b);
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return y - x || a - b;
  });
}
function orderText(data) {
  const column = columnOf(data, state.k);
  if (state.o === "split" || !column) return ORDERS.split;
  const versus = state.o === "loss" || state.o === "gain" ? " " + titleOf(state.v) : "";
  return titleOf(state.m) + ", " + ORDERS[state.o] + versus + " by " + column.title;
}

function caseTitle(data, at) {  // what a person would call it
  const word = (name) => { const fact = data.facts[name]; return fact && fact.of[at] >= 0 ? fact.values[fact.of[at]].replaceAll("_", " ") : ""; };
  const who = word("species"), style = word("style");
  if (!who) return data.cases[at];
  const driver = word("driver.species");
  return who + (style ? ", " + style : "") + (driver && data.protocol === "cross" ? " ← " + driver : "");
}

// --- keys: one list for the help and for the handler --------------------------------------------------
function bindKeys(keys) {
  const help = find("help");
  find("keys").replaceChildren(...keys.filter(([, , text]) => text).flatMap(([names, , text]) => [
    make("dt", {}, ...names.map((name) => make("kbd", {}, name === " " ? "Space" : name.replace("Arrow", "").replace("Left", "←").replace("Right", "→")))), make("dd", {}, text)]));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input[type=search], select")) { if (event.key === "Escape") event.target.blur(); return; }
    if (help.open && event.key !== "?") return;
    const found = keys.find(([names]) => names.includes(event.key));
    if (!found || !found[1]) return;
    if ((event.key === " " || event.key === "Enter") && event.target.matches("button, a, summary")) return;
    event.preventDefault();
    found[1](event);
  });
}
function toggleHelp() { const help = find("help"); if (help.open) help.close(); else help.showModal(); }
document.addEventListener("DOMContentLoaded", () => {
  find("theme").addEventListener("click", toggleTheme);
  find("open-help").addEventListener("click", toggleHelp);
  find("close-help").addEventListener("click", toggleHelp);
  find("help").addEventListener("click", (event) => { if (event.target === find("help")) find("help").close(); });
});
