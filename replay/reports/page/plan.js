// The plan: each ticket a box, in layers; the colour says how it stands at the moment.

const BOX = { widest: 204, narrowest: 148, height: 62, thin: 12, gapX: 46, gapY: 16, edge: 12 };
const plan = { boxes: [], lines: [] };

function drawPlan() {
  const legend = ["pending", "in_progress", "step_paused", "completed", "blocked", "locked"].map((state) =>
    h("span", { class: "key" }, h("i", { class: "swatch state-" + state }), STATE_WORDS[state]));
  plan.scroll = h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Tickets and what they depend on" });
  $("plan").append(
    h("div", { class: "bar" }, h("h2", { id: "plan-title", text: "Plan" }), h("span", { class: "sub", id: "plan-sub" }), h("span", { class: "legend" }, legend)),
    plan.scroll);
  layPlan();
}

// The top of each row of each layer: a line that only passes through needs less room than a box.
function rowTops() {
  const layers = [];
  const note = (layer, row, height) => { (layers[layer] = layers[layer] || [])[row] = height; };
  TICKETS.forEach((ticket) => {
    note(ticket.layer, ticket.row, BOX.height);
    ticket.bends.flat().forEach(([layer, row]) => note(layer, row, BOX.thin));
  });
  const sizes = layers.map((rows) => rows.reduce((sum, height) => sum + height + BOX.gapY, -BOX.gapY));
  const tallest = Math.max(...sizes);
  const tops = layers.map((rows, layer) => {
    let top = BOX.edge + (tallest - sizes[layer]) / 2;
    return rows.map((height) => { const here = top; top += height + BOX.gapY; return here; });
  });
  return { tops, tallest };
}

function layPlan() {
  const { tops, tallest } = rowTops();
  const layers = tops.length, gap = BOX.gapX, room = (plan.scroll.clientWidth || 900) - 2 * BOX.edge - (layers - 1) * gap;
  const wide = Math.floor(Math.min(BOX.widest, Math.max(BOX.narrowest, room / layers)));
  const stepX = wide + gap, width = 2 * BOX.edge + layers * stepX - gap, height = 2 * BOX.edge + tallest;
  const place = ([layer, row]) => ({ x: BOX.edge + layer * stepX, y: tops[layer][row] });
  const lines = s("svg", { class: "lines", width, height, "aria-hidden": "true" });
  const stage = h("div", { class: "stage", vars: { width: width + "px", height: height + "px", "--wide": wide + "px" } }, lines);
  plan.boxes = [];
  plan.lines = [];
  TICKETS.forEach((ticket, number) => {
    const to = place([ticket.layer, ticket.row]);
    ticket.needs.forEach((need, index) => {
      const from = place([TICKETS[need].layer, TICKETS[need].row]);
      const stops = [{ x: from.x + wide, y: from.y + BOX.height / 2 }];
      ticket.bends[index].map(place).forEach((bend) => stops.push({ x: bend.x, y: bend.y + BOX.thin / 2 }, { x: bend.x + wide, y: bend.y + BOX.thin / 2 }));
      stops.push({ x: to.x - 5, y: to.y + BOX.height / 2 });
      const path = s("path", { class: "edge", d: curve(stops) });
      const end = stops[stops.length - 1];
      const head = s("path", { class: "head", d: `M${end.x - 2} ${end.y - 4}l6 4-6 4z` });
      lines.append(path, head);
      plan.lines.push({ need, path, head, number });
    });
    const dots = ATTEMPTS_OF[number].slice(0, 12).map((attempt) => ({ attempt, dot: h("i", { class: "dot" }) }));
    const doing = h("span", { class: "doing" });
    const box = h("button", {
      type: "button", class: "box", vars: { left: to.x + "px", top: to.y + "px" }, onclick: () => chooseTicket(number), title: line(ticket.title),
    }, h("b", { text: plain(ticket.id) }), h("span", { class: "title", text: line(ticket.title) }),
      h("span", { class: "foot" }, doing, h("span", { class: "dots" }, dots.map((one) => one.dot))));
    stage.append(box);
    plan.boxes.push({ box, doing, dots, at: { left: to.x, top: to.y, width: wide, height: BOX.height } });
  });
  plan.scroll.replaceChildren(stage);
}

// A line through its stops: it swings between layers, and is straight where it crosses one.
function curve(stops) {
  let path = `M${stops[0].x} ${stops[0].y}`;
  for (let at = 1; at < stops.length; at += 1) {
    const from = stops[at - 1], to = stops[at];
    if (at % 2 === 0) { path += `L${to.x} ${to.y}`; continue; }
    const bend = (to.x - from.x) / 2;
    path += `C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
  }
  return path;
}

const DONE = new Set(["completed", "skipped"]);

// Only what has changed is touched: a large plan stays quick.
function showPlan(state, sight) {
  plan.boxes.forEach((one, number) => {
    const name = stateName(state.tickets[number]);
    const doings = one.dots.map(({ attempt }) => dotOf(attempt, state));
    const busy = ATTEMPTS_OF[number].map((attempt) => activityName(state.attempts[attempt])).find((doing) => doing !== "over" && doing !== "unborn");
    const words = busy && name !== "step_paused" ? ACTIVITY_WORDS[busy] : STATE_WORDS[name];
    const look = [`box state-${name}${chosenTicket === number ? " chosen" : ""}`, words, ...doings].join("|");
    if (one.look === look) return;
    one.look = look;
    one.box.className = look.slice(0, look.indexOf("|"));
    one.doing.textContent = words;
    one.box.setAttribute("aria-label", `Ticket ${plain(TICKETS[number].id)}: ${words}`);
    one.dots.forEach(({ dot }, index) => { dot.className = "dot " + doings[index]; });
  });
  plan.lines.forEach((one) => {
    const look = (DONE.has(stateName(state.tickets[one.need])) ? " met" : "") + (chosenTicket === one.number || chosenTicket === one.need ? " lit" : "");
    if (one.look === look) return;
    one.look = look;
    one.path.setAttribute("class", "edge" + look);
    one.head.setAttribute("class", "head" + look);
  });
  const counts = DATA.states.map((name, number) => [name, state.tickets.filter((one) => one === number).length]).filter(([, count]) => count);
  $("plan-sub").textContent = counts.map(([name, count]) => `${count} ${STATE_WORDS[name]}`).join(" · ");
  const about = chosenTicket === null ? EVENTS.ticket[state.position - 1] : chosenTicket;
  if (about >= 0 && about !== plan.about) bringIntoSight(plan.scroll, sight, plan.boxes[about].at);
  plan.about = about;
}

function dotOf(attempt, state) {
  const doing = activityName(state.attempts[attempt]);
  if (doing === "unborn") return "unborn";
  if (doing !== "over") return "active";
  return ATTEMPTS[attempt].result === "completed" ? "good" : "bad";
}
