// The player: one moment for all parts of the page, moved by slider, buttons, keys and clicks.

let position = LAST;
let playing = null, speed = 1;
const SPEEDS = [1, 4, 16];
const FULL_LENGTH_MS = 24000, MOST_SLEEPERS = 240;
const player = {};

function go(to, inspect) {
  position = Math.min(LAST, Math.max(1, Math.round(to)));
  wholeRun = false;
  if (inspect) chosenTicket = null;
  redraw();
}

let due = false;

// Everything is drawn once a frame at the most, however fast the slider is moved.
function redraw() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; draw(); });
}

function draw() {
  const state = stateAt(position);
  const [inPlan, inTime, inLanes, inList] = [plan.scroll, timeline.scroll, timeline.lanes, listView.list].map(sightOf);
  showPlan(state, inPlan); showTimeline(state, inTime, inLanes); showUse(state); showTop(state); drawRows(follow(inList), inList.height);
  player.slider.value = position;
  player.slider.setAttribute("aria-valuetext", `event ${position} of ${LAST}: ${line(wordsOf(position))}`);
  player.where.textContent = `${position} / ${LAST}`;
  player.clock.textContent = clockOf(position);
  player.words.textContent = `${plain(subjectOf(position))} ${line(wordsOf(position))}`;
  player.fill.style.setProperty("--at", 100 * (position - 1) / Math.max(1, LAST - 1) + "%");
  if (chosenTicket !== null) inspectTicket(chosenTicket); else if (wholeRun) inspectRun(); else inspectEvent(position);
  document.documentElement.dataset.position = position;
  clearTimeout(player.hash);
  player.hash = setTimeout(() => history.replaceState(null, "", "#" + position), 400);
}

function chooseRun() {
  wholeRun = true;
  chosenTicket = null;
  redraw();
}

function chooseTicket(number) {
  chosenTicket = number;
  redraw();
  if (number !== null && matchMedia("(max-width: 1020px)").matches) $("inspector").scrollIntoView({ block: "start" });
}

function notableFrom(at, forward) {
  const list = DATA.notable;
  return forward ? list.find((one) => one > at) || LAST : [...list].reverse().find((one) => one < at) || 1;
}

function play(on) {
  if (playing) cancelAnimationFrame(playing.frame);
  playing = null;
  if (on) {
    if (position === LAST) position = 1;
    playing = { since: performance.now(), from: position - 1 };
    const tick = (at) => {
      if (!playing) return;
      const moved = (at - playing.since) / FULL_LENGTH_MS * speed * Math.max(1, LAST - 1);
      const to = Math.floor(playing.from + moved) + 1;
      if (to !== position) go(to);
      if (to >= LAST) { play(false); return; }
      playing.frame = requestAnimationFrame(tick);
    };
    playing.frame = requestAnimationFrame(tick);
  }
  player.button.replaceChildren(icon(on ? "pause" : "play"));
  player.button.setAttribute("aria-label", on ? "Pause" : "Play");
}

// One mark a notable event, its colour how it went: the sleepers of the rail.
function sleepers() {
  const svg = s("svg", { class: "sleepers", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  const colours = { "ticket.completed": "good", "ticket.blocked": "bad", "ticket.requeued": "warn", "ticket.parked": "waits", "run.forked": "forked", "attempt.call_failed": "warn" };
  const step = Math.max(1, Math.ceil(DATA.notable.length / MOST_SLEEPERS));
  const dear = new Set(["bad", "waits", "forked"]);
  DATA.notable.forEach((at, number) => {
    const colour = colours[typeOf(at)];
    if (!dear.has(colour) && number % step) return;
    const x = 1000 * (at - 1) / Math.max(1, LAST - 1);
    svg.append(s("line", { class: colour || "plain", x1: x, x2: x, y1: colour ? 0 : 3, y2: colour ? 10 : 7, "vector-effect": "non-scaling-stroke" }));
  });
  return svg;
}

function drawPlayer() {
  player.slider = h("input", { type: "range", min: 1, max: LAST, step: 1, value: position, "aria-label": "Position", oninput: () => { play(false); chosenTicket = null; go(Number(player.slider.value)); } });
  player.fill = h("div", { class: "rail" }, sleepers(), player.slider);
  player.button = button("play", "Play", () => play(!playing), { class: "tool main" });
  player.speed = h("button", { type: "button", class: "tool speed", title: "Speed", onclick: () => { speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length]; player.speed.textContent = speed + "×"; if (playing) play(true); }, text: "1×" });
  player.where = h("span", { class: "where" });
  player.clock = h("span", { class: "clock" });
  player.words = h("span", { class: "now" });
  $("player").append(
    h("div", { class: "controls" },
      button("first", "To the beginning (Home)", () => go(1, true)), button("back", "Back (left arrow)", () => go(position - 1, true)), player.button,
      button("forward", "Forward (right arrow)", () => go(position + 1, true)), button("last", "To the end (End)", () => go(LAST, true)), player.speed),
    player.fill, h("div", { class: "status" }, player.where, player.clock, player.words));
}

const KEYS = [
  ["← →", "one event back, forward"], ["shift ← →", "to the notable event before, after"], ["Home, End", "to the beginning, to the end"],
  ["space", "play, pause"], ["/", "search everything: events, prompts, replies, diffs, outputs"], ["n, N", "next, previous match"],
  ["1 … 9", "which events are listed"], ["c", "to what the event was caused by"], ["t", "light, dark, as the system"], ["Esc", "leave search or ticket, back to the run"], ["?", "this list"],
];

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input[type=search]");
  if (event.key === "Escape") {
    if (typing) { event.target.value = ""; search(""); event.target.blur(); } else if (chosenTicket !== null) chooseTicket(null); else chooseRun();
    return;
  }
  if (typing) { if (event.key === "Enter") nextMatch(!event.shiftKey); return; }
  if ($("help").open) return;
  const inPage = event.target.matches("button, summary, a");
  const keys = {
    ArrowLeft: () => go(event.shiftKey ? notableFrom(position, false) : position - 1, true), ArrowRight: () => go(event.shiftKey ? notableFrom(position, true) : position + 1, true),
    Home: () => go(1, true), End: () => go(LAST, true), " ": () => play(!playing), "/": () => player.search.focus(), n: () => nextMatch(true), N: () => nextMatch(false),
    c: () => { const cause = EVENTS.cause[position - 1]; if (cause) go(cause, true); }, t: nextTheme, "?": () => $("help").showModal(),
  };
  if (event.key === " " && inPage) return;
  const act = keys[event.key] || (KINDS[Number(event.key) - 1] && (() => { filter = KINDS[Number(event.key) - 1][0]; select(); }));
  if (!act) return;
  event.preventDefault();
  if (event.key.startsWith("Arrow")) play(false);
  act();
}

function nextTheme() {
  const root = document.documentElement, themes = ["", "dark", "light"], to = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
  if (to) root.dataset.theme = to; else delete root.dataset.theme;
}
