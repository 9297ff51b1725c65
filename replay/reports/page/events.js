// All events in a list, of which only what is in sight is drawn; and the search through everything.

const LINE = 30, AROUND = 8;
const KINDS = [["all", "all"], ["notable", "notable"], ["model", "model"], ["tool", "tools"], ["check", "checks"], ["qa", "QA"], ["waits", "approvals"], ["merge", "merges"], ["ticket", "tickets"], ["run", "run"]];
let query = "", filter = "all", shownEvents = [], found = null;
const listView = {};

function drawEvents() {
  listView.rows = h("div", { class: "rows" });
  listView.list = h("div", { class: "list", tabindex: "0", role: "listbox", "aria-label": "Events" }, listView.rows);
  listView.list.addEventListener("scroll", () => drawRows(listView.list.scrollTop, listView.list.clientHeight), { passive: true });
  listView.filters = KINDS.map(([name, words]) => h("button", { type: "button", class: "filter", "data-filter": name, "aria-pressed": String(name === filter), onclick: () => { filter = name; select(); }, text: words }));
  $("events").append(
    h("div", { class: "bar" }, h("h2", { id: "events-title", text: "Events" }), h("span", { class: "sub", id: "events-sub", "aria-live": "polite" })),
    h("div", { class: "filters", role: "group", "aria-label": "Which events" }, listView.filters), listView.list);
  select();
}

function passes(at) {
  if (found && !found.has(at)) return false;
  if (filter === "all") return true;
  return filter === "notable" ? NOTABLE.has(at) : kindOf(at) === filter;
}

function select() {
  shownEvents = [];
  for (let at = 1; at <= LAST; at += 1) if (passes(at)) shownEvents.push(at);
  listView.rows.style.height = shownEvents.length * LINE + "px";
  listView.filters.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.filter === filter)));
  $("events-sub").textContent = found ? `${counted(shownEvents.length, "match").replace(/s$/, "es").replace("1 matches", "1 match")} of ${LAST.toLocaleString("en")}` : `${shownEvents.length.toLocaleString("en")} of ${LAST.toLocaleString("en")}`;
  player.hits.textContent = found ? found.size.toLocaleString("en") : "";
  player.hits.title = found ? "events that match; Enter goes to the next one" : "";
  const sight = sightOf(listView.list);
  drawRows(follow(sight), sight.height);
}

function rowOf(at) {
  let low = 0, high = shownEvents.length;
  while (low < high) { const middle = (low + high) >> 1; if (shownEvents[middle] < at) low = middle + 1; else high = middle; }
  return low;
}

// Scroll to the moment if it is out of sight; return where the list is scrolled to now.
function follow(sight) {
  const top = rowOf(position) * LINE;
  if (top >= sight.top && top <= sight.top + sight.height - LINE) return sight.top;
  const to = Math.max(0, Math.min(top - sight.height / 2, shownEvents.length * LINE - sight.height));
  listView.list.scrollTop = to;
  return to;
}

function drawRows(top, height) {
  const first = Math.max(0, Math.floor(top / LINE) - AROUND);
  const last = Math.min(shownEvents.length, Math.ceil((top + (height || 400)) / LINE) + AROUND);
  const rows = [];
  for (let row = first; row < last; row += 1) {
    const at = shownEvents[row];
    rows.push(h("button", {
      type: "button", tabindex: "-1", role: "option", "aria-selected": String(at === position), class: `event kind-${kindOf(at)}${at === position ? " current" : ""}${at > position ? " later" : ""}`,
      vars: { top: row * LINE + "px" }, onclick: () => go(at, true), "data-at": at,
    }, h("span", { class: "pos", text: at }), h("span", { class: "clock", text: clockOf(at) }), h("span", { class: "who", text: plain(subjectOf(at)) }), h("span", { class: "what" }, marked(line(wordsOf(at)), query))));
  }
  listView.rows.replaceChildren(...rows);
}

let texts = null, referring = null;

// Which events show which text: from their blocks, and for a prompt from all that it repeats.
async function index() {
  if (referring) return;
  texts = (await allTexts()).map((text) => text.toLowerCase());
  const refer = new Map();
  const add = (row, at) => { if (!refer.has(row)) refer.set(row, []); refer.get(row).push(at); };
  for (let at = 1; at <= LAST; at += 1) {
    for (const [kind, , value] of await blocksOf(at)) if (kind !== "facts" && kind !== "prompt") add(value, at);
    add(EVENTS.details[at - 1], at);
  }
  referring = refer;
}

let searching = 0;

async function search(words) {
  const turn = ++searching;
  query = words.trim();
  if (!query) { found = null; select(); redraw(); return; }
  await index();
  if (turn !== searching) return;
  const wanted = query.toLowerCase(), hits = new Set();
  EVENTS.words.forEach((text, number) => { if (text.toLowerCase().includes(wanted) || subjectOf(number + 1).toLowerCase().includes(wanted)) hits.add(number + 1); });
  texts.forEach((text, row) => { if (text.includes(wanted)) for (const at of referring.get(row) || []) hits.add(at); });
  found = hits;
  select();
  redraw();
}

function nextMatch(forward) {
  const row = rowOf(position), here = shownEvents[row] === position;
  const to = forward ? shownEvents[here ? row + 1 : row] : shownEvents[row - 1];
  if (to) go(to, true);
}
