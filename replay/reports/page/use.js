// What was used: tokens and money by tier and by ticket, up to the moment, and how they grew.

const TIERS = { 1: "epic", 2: "track", 3: "workers", 4: "QA" };
const PARTS = [["fresh", "prompt"], ["cached", "prompt, cached"], ["output", "answer"], ["thinking", "thought"]];
const MOST_TICKETS = 40;
const useView = {};

function partsOf(use) { return { fresh: use.input - use.cached, cached: use.cached, output: use.output, thinking: use.thinking }; }

function drawUse() {
  useView.line = s("svg", { class: "sum", viewBox: "0 0 1000 120", preserveAspectRatio: "none", "aria-hidden": "true" });
  useView.tiers = h("div", { class: "bars" });
  useView.tickets = h("div", { class: "bars" });
  $("use").append(
    h("div", { class: "bar" }, h("h2", { id: "use-title", text: "Tokens and cost" }), h("span", { class: "sub", id: "use-sub" }),
      h("span", { class: "legend" }, PARTS.map(([name, words]) => h("span", { class: "key" }, h("i", { class: "swatch part-" + name }), words)))),
    h("div", { class: "growth" }, useView.line),
    h("div", { class: "twin" }, h("div", {}, h("h3", { text: "By tier and model" }), useView.tiers), h("div", {}, h("h3", { text: "By ticket" }), useView.tickets)));
  const most = Math.max(1, SUMS[LAST]), points = [];
  const every = Math.max(1, Math.floor(LAST / 800));
  for (let at = 1; at <= LAST; at += every) points.push(at);
  if (points[points.length - 1] !== LAST) points.push(LAST);
  const y = (at) => 116 - 108 * SUMS[at] / most, x = (at) => 1000 * (at - 1) / Math.max(1, LAST - 1);
  const path = points.map((at, index) => (index ? `H${x(at).toFixed(1)}V${y(at).toFixed(1)}` : `M${x(at).toFixed(1)} ${y(at).toFixed(1)}`)).join("");
  useView.x = x;
  useView.cursor = s("line", { class: "cursor", y1: 0, y2: 120 });
  useView.future = s("rect", { class: "future", y: 0, height: 120 });
  useView.line.append(s("path", { class: "area", d: `${path}V120H0Z` }), s("path", { class: "stroke", d: path, "vector-effect": "non-scaling-stroke" }), useView.future, useView.cursor);
  useView.line.addEventListener("click", (event) => {
    const box = useView.line.getBoundingClientRect();
    go(1 + Math.round((event.clientX - box.left) / box.width * (LAST - 1)));
  });
}

function barOf(name, use, most, act) {
  const parts = partsOf(use), tokens = tokensOf(use);
  const label = act ? h("button", { type: "button", class: "name", onclick: act, title: name, text: name }) : h("span", { class: "name", title: name, text: name });
  return h("div", { class: "use-row" }, label,
    h("span", { class: "meter", title: PARTS.map(([part, words]) => `${words} ${parts[part].toLocaleString("en")}`).join(", ") },
      PARTS.map(([part]) => h("i", { class: "part-" + part, vars: { width: (100 * parts[part] / most) + "%" } }))),
    h("span", { class: "amount", text: short(tokens) }), h("span", { class: "price", text: money(usdOf(use)) }));
}

function showUse(state) {
  const use = state.use, tiers = [...use.tiers].map(([key, one]) => [...JSON.parse(key), one]).sort((a, b) => tokensOf(b[2]) - tokensOf(a[2]));
  const tickets = use.tickets.map((one, number) => [number, one]).filter(([, one]) => one.calls).sort((a, b) => tokensOf(b[1]) - tokensOf(a[1]));
  const most = Math.max(1, ...tiers.map((row) => tokensOf(row[2]))), mostTicket = Math.max(1, ...tickets.map((row) => tokensOf(row[1])));
  const none = h("p", { class: "none", text: "No model has answered yet." });
  useView.tiers.replaceChildren(...(tiers.length ? tiers.map(([tier, model, one]) => barOf(`${TIERS[tier]}, ${line(modelWords(model))}`, one, most)) : [none]));
  const rows = tickets.slice(0, MOST_TICKETS).map(([number, one]) => barOf(plain(TICKETS[number].id), one, mostTicket, () => chooseTicket(number)));
  if (tickets.length > MOST_TICKETS) rows.push(h("p", { class: "none", text: `and ${tickets.length - MOST_TICKETS} more` }));
  useView.tickets.replaceChildren(...rows);
  const total = use.total, inherited = state.inherited ? ` · ${short(state.inherited)} tokens inherited, at the parent's cost` : "";
  $("use-sub").textContent = `${counted(total.calls, "call")} · ${tokensOf(total).toLocaleString("en")} tokens · ${money(usdOf(total))}${inherited}`;
  const x = useView.x(state.position);
  useView.cursor.setAttribute("x1", x);
  useView.cursor.setAttribute("x2", x);
  useView.future.setAttribute("x", x);
  useView.future.setAttribute("width", 1000 - x);
}
