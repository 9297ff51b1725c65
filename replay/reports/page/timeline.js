// The timeline: a bar for each attempt, cut into what it was at; silences are cut short.

const ROW = 24, HEAD = 26, PAD = 10, LABEL = 60;
const timeline = { zoom: 1, label: 116 };

function attemptOrder() {
  return ATTEMPTS.map((_, number) => number).sort((a, b) => ATTEMPTS[a].begun - ATTEMPTS[b].begun);
}

function drawTimeline() {
  const zoomBy = (factor) => () => { timeline.zoom = factor ? Math.min(64, Math.max(1, timeline.zoom * factor)) : 1; layTimeline(); redraw(); };
  const shown = ["context", "model", "tool", "check", "qa", "waits", "queue", "merge"];
  const names = { context: "context", model: "model", tool: "tools", check: "checks", qa: "QA", waits: "waits for a person", queue: "waits for its merge", merge: "merge" };
  const used = new Set(PIECES.flat().map((piece) => piece.doing));
  $("timeline").append(
    h("div", { class: "bar" }, h("h2", { id: "timeline-title", text: "Timeline" }), h("span", { class: "sub", text: `${counted(ATTEMPTS.length, "attempt")}, ${span(EVENTS.x[LAST - 1])} of work` }),
      h("span", { class: "legend" }, shown.filter((one) => used.has(one)).map((one) => h("span", { class: "key" }, h("i", { class: "swatch do-" + one }), names[one]))),
      h("span", { class: "tools" }, button("minus", "Zoom out", zoomBy(0.5)), button("plus", "Zoom in", zoomBy(2)), button("fit", "Show all", zoomBy(0)))),
    h("div", { class: "lanes" },
      h("div", { class: "labels" }), h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Attempts over time" })));
  timeline.scroll = $("timeline").querySelector(".scroll");
  timeline.labels = $("timeline").querySelector(".labels");
  timeline.lanes = $("timeline").querySelector(".lanes");
  layTimeline();
}

function xOf(at) { return PAD + EVENTS.x[at - 1] * timeline.scale; }

function layTimeline() {
  const order = attemptOrder(), total = Math.max(1, EVENTS.x[LAST - 1]);
  timeline.labels.replaceChildren(h("div", { class: "corner" }), ...order.map((number) => labelOf(ATTEMPTS[number])));
  const room = Math.max(240, timeline.scroll.clientWidth || 600) - 2 * PAD;
  timeline.scale = room * timeline.zoom / total;
  const width = total * timeline.scale + 2 * PAD, height = HEAD + order.length * ROW + (DATA.silences.length ? 22 : 8);
  const svg = s("svg", { width, height, class: "chart", "aria-hidden": "true" });
  svg.append(s("defs", {}, s("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { width: 6, height: 6, class: "hatch-back" }), s("rect", { width: 3, height: 6, class: "hatch-line" }))));
  for (const tick of ticksOf(total, width)) {
    svg.append(s("line", { class: "grid", x1: tick.x, x2: tick.x, y1: HEAD - 6, y2: height }), s("text", { class: "tick", x: tick.x + (tick.last ? -4 : 4), y: 14, text: tick.text, "text-anchor": tick.last ? "end" : "start" }));
  }
  DATA.silences.forEach(([at, length]) => {
    const x1 = xOf(at - 1), x2 = xOf(at);
    svg.append(s("rect", { class: "silence", x: x1, y: HEAD - 6, width: Math.max(2, x2 - x1), height: height - HEAD + 6 }));
    if (x2 - x1 > 44) svg.append(s("text", { class: "tick quiet", x: (x1 + x2) / 2, y: height - 6, "text-anchor": "middle", text: span(length) }));
  });
  order.forEach((number, row) => {
    const attempt = ATTEMPTS[number], y = HEAD + row * ROW, pieces = PIECES[number];
    const lane = s("g", { class: "lane", "data-attempt": number });
    if (pieces.length) lane.append(s("line", { class: "thread", x1: xOf(pieces[0].from), x2: xOf(pieces[pieces.length - 1].to), y1: y + ROW / 2, y2: y + ROW / 2 }));
    pieces.forEach((piece) => {
      const x = xOf(piece.from), to = xOf(piece.to), thin = piece.doing === "between" || piece.doing === "queue";
      const bar = s("rect", {
        class: "piece do-" + piece.doing, x, y: y + (thin ? 9 : 4), width: Math.max(thin ? 0.5 : 2, to - x), height: thin ? 6 : ROW - 8, rx: 2, "data-from": piece.from,
      }, s("title", { text: `${plain(attempt.id)} ${ACTIVITY_WORDS[piece.doing]}, ${span(EVENTS.x[piece.to - 1] - EVENTS.x[piece.from - 1])}` }));
      lane.append(bar);
    });
    if (attempt.result && pieces.length) {
      const good = attempt.result === "completed", x = xOf(pieces[pieces.length - 1].to);
      lane.append(s("path", { class: "ending " + (good ? "good" : "bad"), d: good ? `M${x + 3} ${y + 12}l3 3 5-6` : `M${x + 4} ${y + 9}l6 6m0-6-6 6` }));
    }
    svg.append(lane);
  });
  svg.addEventListener("click", (event) => {
    const from = event.target.getAttribute("data-from");
    const left = svg.getBoundingClientRect().left;
    go(from ? Number(from) : nearest((event.clientX - left - PAD) / timeline.scale));
  });
  timeline.stripe = h("div", { class: "stripe", hidden: true });
  timeline.veil = h("div", { class: "veil" });
  timeline.needle = h("div", { class: "needle" });
  timeline.scroll.replaceChildren(h("div", { class: "field", vars: { width: width + "px", height: height + "px" } }, timeline.stripe, svg, timeline.veil, timeline.needle));
  timeline.rows = order;
  timeline.about = null;
}

function labelOf(attempt) {
  const title = `${plain(attempt.id)}, ${plain(modelWords(attempt.model))}`;
  return h("button", { type: "button", class: "label", title, onclick: () => chooseTicket(attempt.ticket), text: plain(attempt.id) });
}

// The last event at or before a place on the axis.
function nearest(x) {
  let low = 0, high = LAST - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (EVENTS.x[middle] <= x) low = middle; else high = middle - 1;
  }
  return low + 1;
}

function ticksOf(total, width) {
  const wanted = Math.max(3, Math.floor(width / 110)), rough = total / wanted;
  const steps = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000, 7200000, 14400000, 43200000, 86400000];
  const step = steps.find((one) => one >= rough) || Math.ceil(rough / 86400000) * 86400000;
  const ticks = [];
  for (let at = 0; at <= total; at += step) {
    const x = PAD + at * timeline.scale;
    ticks.push({ x, text: at ? span(at) : "0", last: x > width - LABEL });
  }
  return ticks;
}

function showTimeline(state, sight, lanes) {
  const x = xOf(state.position);
  timeline.needle.style.transform = `translateX(${x}px)`;
  timeline.veil.style.transform = `translateX(${x}px)`;
  bringIntoSight(timeline.scroll, sight, { left: x - 20, width: 40, top: sight.top, height: 0 });
  const about = EVENTS.attempt[state.position - 1];
  if (about === timeline.about) return;
  timeline.about = about;
  const row = timeline.rows.indexOf(about);
  timeline.stripe.hidden = row < 0;
  if (row < 0) return;
  const top = HEAD + row * ROW;
  timeline.stripe.style.transform = `translateY(${top}px)`;
  bringIntoSight(timeline.lanes, lanes, { left: lanes.left, width: 0, top, height: ROW });
}

function modelWords(model) { return model.replace(/(scripted|recorded):[^+]*\//g, "$1:"); }
