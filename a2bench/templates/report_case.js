"use strict";
// One case: players in step, curves with a cursor, numbers.

let data = null, at = -1, players = [], truth = null, frames = 1, fps = 8, order = [];
const view = { frame: 0, isPlaying: false, speed: 1, mode: "side", wipe: .5, gain: 4, peek: false, against: "truth", big: "" };
let clockStart = 0, clockFrame = 0, watcher = null, loadNumber = 0, waitingForWorst = false;
const PLAY = "M4.5 2.5v11l9-5.5z", PAUSE = "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z";

async function openCase() {
  const number = ++loadNumber;
  readAddress();
  data = await loadProtocol(state.p);
  settle(data);
  order = ordered(data, chosen(data));
  at = data.cases.indexOf(state.c);
  if (at < 0) {
    const problem = find("problem");
    problem.hidden = false;
    problem.textContent = state.c ? "No case " + state.c + " in protocol " + state.p + " of this report; shown is the first." : "";
    problem.hidden = !state.c;
    at = order.length ? order[0] : 0;
    state.c = data.cases[at];
  } else find("problem").hidden = true;
  if (["wipe", "difference", "side"].includes(state.w)) view.mode = state.w;
  if (number === loadNumber) show();
}

function show() {
  view.isPlaying = false;
  showPlay();
  for (const player of players) { player.isGone = true; player.release(); }
  CLIPS.clear();
  const id = data.cases[at], place = order.indexOf(at);
  document.title = id + ": A²Bench report";
  find("title").textContent = caseTitle(data, at);
  find("title").title = id;
  find("place").textContent = (place < 0 ? "not among the cases of the filters" : place + 1 + " of " + order.length + ", " + orderText(data)) + " · " + state.p;
  find("back").href = "index.html" + address({ c: "", t: null, w: "" }) + "&at=cases";
  for (const [button, step] of [["before", -1], ["after", 1]]) find(button).disabled = place < 0 ? !order.length : !(place + step in order);
  buildPlayers();
  drawNumbers();
  drawFacts();
  curvesShown = [];
  find("curves").replaceChildren();
  writeAddress();
}

function buildPlayers() {
  const place = find("players"), own = [];
  watcher?.disconnect();
  players = [];
  const figure = (key, title, children, facts = {}) => make("figure", { class: "player" + (facts.role ? " role" : ""), "data-key": key },
    make("figcaption", {}, facts.chip || null, make("b", { title }, title),
      make("button", { class: "enlarge", type: "button", title: "Enlarge (double click)", "aria-label": "Enlarge " + title, on: { click: () => enlarge(key) } }, "⤢")), children);
  const message = (head, text) => make("div", { class: "screen message" }, make("b", {}, head), make("span", {}, text));
  const video = (key, name) => {
    const player = new Player(key, mediaPath(data, at, name + ".js"), name);
    players.push(player);
    return player;
  };
  const gone = ["no preview", SITE.why_absent];
  own.push(figure("reference", "Reference", data.reference[at]
    ? make("img", { class: "screen", alt: "The character's picture", src: mediaPath(data, at, data.reference[at] + ".webp") })
    : message(...gone), { role: true }));
  for (const [key, title] of [["driver", "Driver"], ["truth", "Truth"]]) {
    const name = data[key][at], player = name ? video(key, name) : null;
    if (key === "truth") truth = player;
    own.push(figure(key, title, player ? player.canvas : message(...gone), { role: true }));
  }
  const methods = data.methods.filter((method) => !SITE.methods[method].reference).sort((a, b) => (b === state.m) - (a === state.m));
  for (const method of methods) {
    const bad = data.bad[method]?.[at], name = data.previews[method][at];
    const player = name ? video(method, name) : null;
    const box = figure(method, titleOf(method), [
      player ? player.canvas : bad ? message(bad[0], bad[1]) : message(...gone),
      make("div", { class: "under" }, numbersUnder(method), make("span", { class: "now", "data-now": method }))], { chip: chip(data, method) });
    if (method === state.m) box.classList.add("focus");
    own.push(box);
  }
  place.replaceChildren(...own);
  place.classList.toggle("few", own.length <= 6);
  enlarge(view.big, true);
  fillAgainst();
  frames = 1; view.frame = 0;
  waitingForWorst = state.t === null;
  // pictures only of what is near the window; the truth is always needed
  watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const player = players.find((one) => one.canvas === entry.target);
      if (!player) continue;
      player.isSeen = entry.isIntersecting;
      if (entry.isIntersecting) player.decode().then(() => redraw(player)).catch((error) => sayProblem(player, error));
      else if (player !== truth && player.key !== view.against) player.release();
    }
  }, { rootMargin: "300px 0px" });
  const mine = loadNumber;
  for (const player of players) {
    watcher.observe(player.canvas);
    player.load().then((facts) => { if (mine === loadNumber) arrived(player, facts); }).catch((error) => sayProblem(player, error));
  }
  if (truth) truth.decode().then(redrawAll).catch((error) => sayProblem(truth, error));
}

function sayProblem(player, error) {
  const problem = find("problem");
  problem.hidden = false;
  problem.textContent = player.name + ": " + (error && error.message ? error.message : error);
}

function numbersUnder(method) {
  const shown = columnsOf(data).filter((column) => column.headline && column.suite === SITE.suites[0].name && data.numbers[column.name][method]);
  return make("span", { class: "numbers" }, shown.map((column) =>
    make("span", { class: column.name === state.k ? "is-key" : "" }, make("small", {}, column.title + " "), format(data.numbers[column.name][method][at], column))));
}

function arrived(player, facts) {
  if (player === truth || frames === 1) {
    frames = facts.frames.length; fps = rateOf(facts);
    find("scrub").max = frames - 1;
    toFrame(state.t ?? view.frame);
  }
  if (facts.psnr) {
    drawCurves();
    if (waitingForWorst && player.key === state.m) { waitingForWorst = false; toFrame(facts.worst); }
  }
  redraw(player);
}

// --- the clock: one for all ---------------------------------------------------------------------------
function redraw(player) {
  const other = players.find((one) => one.key === view.against);
  const isMethod = player.key !== "truth" && player.key !== "driver";
  player.draw(view.frame, view, isMethod ? other : null);
}
function redrawAll() { for (const player of players) redraw(player); }
function showTime() {
  const facts = truth?.facts || players.find((one) => one.facts)?.facts;
  const number = facts ? facts.frames[view.frame] : view.frame;
  find("scrub").value = view.frame;
  find("time").textContent = (facts ? number / facts.fps : 0).toFixed(3) + " s · " + (number + 1) + "/" + (facts ? facts.frames.at(-1) + 1 : 1);
  moveCursor();
}
function toFrame(frame, isTick = false) {
  view.frame = ((Math.round(frame) % frames) + frames) % frames;
  if (!isTick) { clockStart = performance.now(); clockFrame = view.frame; }
  redrawAll();
  showTime();
}
function tick(now) {
  if (!view.isPlaying) return;
  const frame = (clockFrame + Math.floor((now - clockStart) / 1000 * fps * view.speed)) % frames;
  if (frame !== view.frame) toFrame(frame, true);
  requestAnimationFrame(tick);
}
function play() {
  if (view.isPlaying) return;
  waitingForWorst = false;
  view.isPlaying = true;
  clockStart = performance.now(); clockFrame = view.frame;
  requestAnimationFrame(tick);
  showPlay();
}
function pause() { view.isPlaying = false; showPlay(); state.t = view.frame; }
function showPlay() {
  find("play").replaceChildren(svg("svg", { viewBox: "0 0 16 16" }, svg("path", { d: view.isPlaying ? PAUSE : PLAY })));
}
const togglePlay = () => { if (view.isPlaying) { pause(); writeAddress(); } else play(); };
function step(by) { view.isPlaying = false; showPlay(); waitingForWorst = false; toFrame(view.frame + by); state.t = view.frame; writeAddress(); }
function go(by) {
  const place = order.indexOf(at), next = place < 0 ? order[0] : order[place + by];
  if (next === undefined) return;
  at = next; state.c = data.cases[at]; state.t = null;
  loadNumber++;
  show();
}

// --- views -----------------------------------------------------------------------------------------------
function setMode(mode) {
  view.mode = mode; state.w = mode === "side" ? "" : mode;
  for (const button of find("modes").children) button.setAttribute("aria-pressed", button.dataset.mode === mode);
  document.body.dataset.mode = mode;
  find("against-label").hidden = mode === "side";
  find("gain-label").hidden = mode !== "difference";
  needAgainst();
  redrawAll();
  if (data) writeAddress();
}
function needAgainst() {
  const other = players.find((one) => one.key === view.against);
  if (other) other.decode().then(redrawAll).catch((error) => sayProblem(other, error));
}
function fillAgainst() {
  const keys = players.map((one) => one.key).filter((key) => key !== "driver");
  if (!keys.includes(view.against)) view.against = "truth";
  find("against").replaceChildren(...keys.map((key) => make("option", { value: key, selected: key === view.against }, key === "truth" ? "truth" : titleOf(key))));
}
function enlarge(key, isAgain = false) {
  view.big = !isAgain && view.big === key ? "" : key;
  for (const box of find("players").children) box.classList.toggle("large", box.dataset.key === view.big);
}
function peek(isOn) { if (view.peek !== isOn) { view.peek = isOn; document.body.classList.toggle("peek", isOn); redrawAll(); } }

// --- curves ----------------------------------------------------------------------------------------------
let curvesShown = [];
function drawCurves() {
  const known = players.filter((one) => one.facts && one.facts.psnr);
  curvesShown = [];
  const boxes = SITE.curves.map((curve) => {
    const width = 420, height = 150, left = 40, right = 8, top = 10, bottom = 20;
    const lines = known.map((player) => [player.key, player.facts[curve.name]]);
    const values = lines.flatMap(([, line]) => line).filter((one) => one !== null);
    if (!values.length) return null;
    let low = Math.min(...values), high = Math.max(...values);
    if (!curve.higher) low = Math.min(low, 0);
    if (high - low < 1e-9) high = low + 1;
    const x = (frame) => left + (width - left - right) * (frames > 1 ? frame / (frames - 1) : 0);
    const y = (value) => top + (height - top - bottom) * (high - value) / (high - low);
    const box = svg("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": curve.title + " of each frame" });
    for (const part of [0, .5, 1]) {
      const value = low + (high - low) * part;
      box.append(svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "rule" }),
        svg("text", { x: left - 5, y: y(value) + 3.5, "text-anchor": "end" }, value.toFixed(high - low > 5 ? 0 : high - low > .5 ? 1 : 3)));
    }
    for (const part of [0, .25, .5, .75, 1]) {
      const frame = Math.round((frames - 1) * part);
      box.append(svg("text", { x: x(frame), y: height - 5, "text-anchor": part === 1 ? "end" : part ? "middle" : "start" }, String((truth?.facts || known[0].facts).frames[frame] + 1)));
    }
    const first = lines[0][1], wide = (width - left - right) / Math.max(1, frames - 1);
    first.forEach((_, frame) => {
      if (lines.every(([, line]) => line[frame] === null)) box.append(svg("rect", { x: Math.max(left, x(frame) - wide / 2), y: top, width: wide * (frame === 0 || frame === frames - 1 ? .5 : 1), height: height - top - bottom, class: "unscored" }));
    });
    for (const [key, line] of lines.slice().sort(([a], [b]) => (a === state.m) - (b === state.m))) {
      let path = "", pen = "M";
      line.forEach((value, frame) => { if (value === null) { pen = "M"; return; } path += pen + x(frame).toFixed(1) + " " + y(value).toFixed(1); pen = "L"; });
      box.append(svg("path", { d: path, class: "line" + (key === state.m ? " focus" : ""), stroke: colourOf(data, key) }));
    }
    const cursor = svg("line", { y1: top, y2: height - bottom, class: "cursor" });
    box.append(cursor);
    const dots = lines.map(([key, line]) => { const dot = svg("circle", { r: 3, fill: colourOf(data, key) }); box.append(dot); return [dot, line]; });
    const seek = (event) => {
      const area = box.getBoundingClientRect(), place = (event.clientX - area.left) / area.width * width;
      step(Math.round((place - left) / (width - left - right) * (frames - 1)) - view.frame);
    };
    box.addEventListener("pointerdown", (event) => { box.setPointerCapture(event.pointerId); seek(event); });
    box.addEventListener("pointermove", (event) => { if (event.buttons) seek(event); });
    curvesShown.push({ cursor, dots, x, y });
    return make("figure", {}, make("figcaption", {}, curve.title + " " + curve.arrow, make("small", {}, " " + [curve.unit, "each frame alone"].filter(Boolean).join(", "))), box);
  });
  find("curves").replaceChildren(...boxes.filter(Boolean));
  moveCursor();
}
function moveCursor() {
  for (const { cursor, dots, x, y } of curvesShown) {
    cursor.setAttribute("x1", x(view.frame)); cursor.setAttribute("x2", x(view.frame));
    for (const [dot, line] of dots) {
      const value = line[view.frame];
      dot.style.display = value === null || value === undefined ? "none" : "";
      if (value !== null && value !== undefined) { dot.setAttribute("cx", x(view.frame)); dot.setAttribute("cy", y(value)); }
    }
  }
  const curve = SITE.curves.find((one) => one.name === state.k) || SITE.curves[0];
  for (const place of document.querySelectorAll("[data-now]")) {
    const facts = players.find((one) => one.key === place.dataset.now)?.facts, value = facts?.[curve.name]?.[view.frame];
    place.textContent = !facts ? "" : value === null || value === undefined ? "this frame is not scored" : "this frame: " + curve.title + " " + value.toFixed(curve.digits) + (curve.unit ? " " + curve.unit : "");
  }
}

// --- numbers and facts ---------------------------------------------------------------------------------
function drawNumbers() {
  const columns = columnsOf(data), table = find("numbers");
  const head = make("tr", {}, make("th", {}, "Method"), columns.map((column) => make("th", { title: column.summary }, column.title + " " + column.arrow)), make("th", {}, "Seconds"));
  const rows = data.methods.map((method) => make("tr", {}, make("th", {}, chip(data, method), titleOf(method)), columns.map((column) => {
    const numbers = data.numbers[column.name][method], value = numbers ? numbers[at] : null;
    if (value === null || value === undefined) return make("td", { class: "muted" }, "–");
    const known = numbers.filter((one) => one !== null), worse = known.filter((one) => (column.higher ? one < value : one > value)).length, better = known.filter((one) => (column.higher ? one > value : one < value)).length;
    const shade = known.length < 10 ? "" : worse < known.length / 10 && better > known.length / 2 ? "bad" : better < known.length / 10 && worse > known.length / 2 ? "good" : "";
    const isFilled = data.filled[column.name]?.[method]?.includes(at);
    return make("td", { class: shade, title: worse + " of its " + known.length + " cases are worse, " + better + " better" }, format(value, column), isFilled ? make("sup", {}, "f") : null);
  }), make("td", {}, data.seconds[method][at] === null ? "–" : data.seconds[method][at].toPrecision(3))));
  table.replaceChildren(make("thead", {}, head), make("tbody", {}, rows));
}
function drawFacts() {
  const rows = [["case", data.cases[at]], ["reference", data.references[at]], ["driver", data.drivers[at]]];
  for (const [name, { values, of }] of Object.entries(data.facts)) if (of[at] >= 0 && !name.startsWith("driver.")) rows.push([spoken(name), values[of[at]].replaceAll("_", " ")]);
  for (const [name, { values, of }] of Object.entries(data.facts)) if (of[at] >= 0 && name.startsWith("driver.")) rows.push([spoken(name), values[of[at]].replaceAll("_", " ")]);
  find("facts").replaceChildren(...rows.map(([what, value]) => make("div", {}, make("dt", {}, what), make("dd", {}, value))));
  const paths = data.methods.filter((method) => data.previews[method][at] || data.bad[method]?.[at]).map((method) => make("li", {}, titleOf(method) + ": ",
    make("code", {}, ["predictions", SITE.name, SITE.version, state.p, method, (data.seeds[method] || [0])[0], data.cases[at] + ".mp4"].join("/")),
    data.seeds[method]?.length > 1 ? " (shown is seed " + data.seeds[method][0] + " of " + data.seeds[method].join(", ") + "; numbers are means over them)" : ""));
  find("where").replaceChildren(make("details", { class: "notes" }, make("summary", {}, "Where the predictions lie in the run folder"), make("ul", {}, paths)));
}

// --- start -----------------------------------------------------------------------------------------------
find("before").addEventListener("click", () => go(-1));
find("after").addEventListener("click", () => go(1));
find("play").addEventListener("click", togglePlay);
find("step-back").addEventListener("click", () => step(-1));
find("step-on").addEventListener("click", () => step(1));
find("scrub").addEventListener("input", (event) => step(Number(event.target.value) - view.frame));
find("speed").addEventListener("change", (event) => { view.speed = Number(event.target.value); clockStart = performance.now(); clockFrame = view.frame; });
find("gain").addEventListener("change", (event) => { view.gain = Number(event.target.value); redrawAll(); });
find("against").addEventListener("change", (event) => { view.against = event.target.value; needAgainst(); redrawAll(); });
for (const button of find("modes").children) button.addEventListener("click", () => setMode(button.dataset.mode));
find("players").addEventListener("dblclick", (event) => { const box = event.target.closest(".player"); if (box) enlarge(box.dataset.key); });
for (const name of ["pointermove", "pointerdown"]) {
  find("players").addEventListener(name, (event) => {
    if (view.mode !== "wipe" || !event.target.matches("canvas")) return;
    const area = event.target.getBoundingClientRect();
    view.wipe = Math.min(1, Math.max(0, (event.clientX - area.left) / area.width));
    redrawAll();
  });
}
const change = (id, by) => {
  const select = find(id), next = select.selectedIndex + by;
  if (next in select.options) { select.selectedIndex = next; select.dispatchEvent(new Event("change")); }
};
bindKeys([
  [[" "], togglePlay, "play or pause"],
  [["ArrowLeft"], () => step(-1), "frame before"], [["ArrowRight"], () => step(1), "next frame"],
  [["Home"], () => step(-view.frame), "first frame"], [["End"], () => step(frames - 1 - view.frame), "last frame"],
  [["j"], () => go(1), "next case"], [["k"], () => go(-1), "case before"],
  [["1"], () => setMode("side"), "side by side"], [["2"], () => setMode("wipe"), "wipe: move over a picture"], [["3"], () => setMode("difference"), "difference as heat"],
  [["t"], () => peek(true), "hold: see the truth in place of every method"],
  [["+", "="], () => change("gain", 1), "more gain"], [["-"], () => change("gain", -1), "less gain"],
  [["]"], () => change("speed", 1), "faster"], [["["], () => change("speed", -1), "slower"],
  [["d"], toggleTheme, "light or dark"], [["?"], toggleHelp, "this list"],
  [["Escape"], () => { location.href = find("back").href; }, "all cases"],
]);
document.addEventListener("keyup", (event) => { if (event.key === "t") peek(false); });
window.addEventListener("blur", () => peek(false));
window.addEventListener("hashchange", () => openCase());
setMode("side");
openCase().then(() => { if (["wipe", "difference"].includes(view.mode)) setMode(view.mode); }).catch((error) => sayProblem({ name: "report" }, error));
