// The head of the page, and the beginning of everything.

const top_ = {};

function tile(name, label) {
  top_[name] = h("b", {});
  return h("div", { class: "tile" }, top_[name], h("span", { text: label }));
}

function drawTop() {
  let wait = 0;
  player.search = h("input", {
    type: "search", placeholder: "Search everything", "aria-label": "Search events, prompts, replies, diffs and outputs", spellcheck: "false", autocomplete: "off",
    oninput: () => { clearTimeout(wait); wait = setTimeout(() => search(player.search.value), 120); },
  });
  player.hits = h("span", { class: "hits", "aria-live": "polite" });
  top_.badge = h("span", { class: "badge" });
  const lineage = RUN.lineage.map(([run, at]) => h("span", { class: "lineage" }, icon("fork"), `fork of ${plain(run)} at ${at}`));
  $("top").append(
    h("div", { class: "headline" },
      h("div", { class: "names" }, h("p", { class: "over" }, h("span", { class: "brand", text: "trackside" }), h("span", { text: plain(RUN.id) }), lineage), h("h1", {}, h("button", { type: "button", title: "The run as a whole (Esc)", onclick: chooseRun, text: line(RUN.title || RUN.track) }))),
      h("div", { class: "find" }, h("label", { class: "search" }, icon("search"), player.search, player.hits, h("kbd", { text: "/" })), button("theme", "Light, dark, as the system (t)", nextTheme), button("help", "Keys (?)", () => $("help").showModal()))),
    h("div", { class: "tiles" }, h("div", { class: "tile standing" }, top_.badge, h("span", { text: "the run" })), tile("tickets", "tickets completed"), tile("attempts", "attempts"), tile("calls", "model calls"), tile("tokens", "tokens"), tile("usd", "cost"), tile("time", "since it began"), tile("open", "open questions")),
    RUN.note ? h("p", { class: "warning", text: plain(RUN.note) }) : "");
}

function showTop(state) {
  const done = state.tickets.filter((one) => stateName(one) === "completed").length, total = state.use.total;
  const ended = standingOf(state);
  top_.badge.textContent = (ended || "new").replace("_", " ");
  top_.badge.className = "badge run-" + ended;
  top_.tickets.textContent = `${done} / ${TICKETS.length}`;
  top_.attempts.textContent = state.attempts.filter((one) => one !== 255).length.toLocaleString("en");
  top_.calls.textContent = total.calls.toLocaleString("en");
  top_.tokens.textContent = short(tokensOf(total));
  top_.usd.textContent = money(usdOf(total));
  top_.time.textContent = span(Math.max(0, EVENTS.at[position - 1] - Math.min(0, EVENTS.at[Math.min(1, LAST - 1)])));
  top_.open.textContent = state.open;
}

function drawHelp() {
  $("help").append(h("h2", { text: "Keys" }), h("dl", { class: "facts" }, KEYS.map(([key, words]) => [h("dt", {}, h("kbd", { text: key })), h("dd", { text: words })])),
    h("button", { type: "button", class: "filter", onclick: () => $("help").close(), text: "Close" }));
}

function begin() {
  drawTop(); drawPlan(); drawPlayer(); drawEvents(); drawTimeline(); drawUse(); drawHelp();
  const wanted = Number(location.hash.slice(1));
  go(wanted >= 1 ? wanted : LAST);
  wholeRun = !wanted;
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", () => { const at = Number(location.hash.slice(1)); if (at && at !== position) go(at, true); });
  let wait = 0;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => { layPlan(); layTimeline(); redraw(); }, 100); });
  document.documentElement.dataset.ready = "yes";
}

begin();
