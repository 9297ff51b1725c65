// The inspector: the event at the moment, or a ticket, with everything that it rests on.

const LINES_AT_ONCE = 300, LINKS_AT_ONCE = 12;
let chosenTicket = null, wholeRun = false;
let drawing = 0;

function jump(at, words) {
  return h("button", { type: "button", class: "jump kind-" + kindOf(at), onclick: () => go(at, true), title: typeOf(at) },
    h("span", { class: "pos", text: at }), h("span", { class: "who", text: plain(whoseOf(at)) }), h("span", { class: "what" }, marked(line(words || wordsOf(at)), query)));
}

function factRows(pairs) {
  return h("dl", { class: "facts" }, pairs.map(([name, value]) => [h("dt", { text: plain(name) }), h("dd", {}, marked(plain(value), query))]));
}

function folded(title, open, fill, note) {
  const body = h("div", { class: "body" });
  const box = h("details", { open }, h("summary", {}, h("span", { text: plain(title) }), note ? h("span", { class: "note", text: note }) : null), body);
  let filled = false;
  const start = async () => { if (box.open && !filled) { filled = true; body.replaceChildren(...[await fill()].flat()); } };
  box.addEventListener("toggle", start);
  start();
  return box;
}

// A text in lines, some at a time, so that a long one does not stall the page.
function lines(text, kind) {
  const all = text.split("\n");
  if (all[all.length - 1] === "") all.pop();
  const pre = h("pre", { class: kind, tabindex: "0" });
  let from = 0;
  const more = () => {
    const piece = all.slice(from, from + LINES_AT_ONCE);
    from += piece.length;
    piece.forEach((one) => pre.append(kind === "diff" ? h("span", { class: "l " + diffKind(one) }, marked(one, query), "\n") : h("span", { class: "l" }, marked(one, query), "\n")));
    rest.hidden = from >= all.length;
    rest.textContent = `show ${Math.min(LINES_AT_ONCE * 4, all.length - from).toLocaleString("en")} more of ${all.length.toLocaleString("en")} lines`;
  };
  const rest = h("button", { type: "button", class: "more", onclick: () => { for (let n = 0; n < 4; n += 1) more(); } });
  more();
  return [pre, rest];
}

function diffKind(text) {
  if (text.startsWith("diff ") || text.startsWith("index ") || text.startsWith("--- ") || text.startsWith("+++ ") || text.startsWith("rename ") || text.startsWith("similarity ") || text.startsWith("new file") || text.startsWith("deleted file")) return "meta";
  return text.startsWith("@@") ? "hunk" : text.startsWith("+") ? "plus" : text.startsWith("-") ? "minus" : "same";
}

function changeNote(text) {
  const rows = text.split("\n"), plus = rows.filter((one) => diffKind(one) === "plus").length, minus = rows.filter((one) => diffKind(one) === "minus").length;
  return `+${plus} −${minus}`;
}

async function drawBlock(block, first) {
  const [kind, title, value, turn] = block;
  if (kind === "facts") return title.length ? factRows(title) : null;
  if (kind === "prompt") return folded(title, false, () => promptOf(value, turn), "exactly what the model read");
  if (kind === "call") return folded(title, true, () => callOf(value, turn));
  const text = await textOf(value);
  if (kind === "diff") return folded(title, true, () => (text ? lines(text, "diff") : h("p", { class: "none", text: "The diff is not there." })), changeNote(text));
  const sized = text.length > 2000 ? `${counted(text.split("\n").length, "line")}, ${text.length.toLocaleString("en")} characters` : "";
  if (kind === "prose") return folded(title, true, () => h("p", { class: "prose" }, marked(text, query)), sized);
  const hit = query && text.toLowerCase().includes(query.toLowerCase());
  return folded(title, hit || (first && title !== "Record" && text.length < 6000), () => lines(text, "code"), sized);
}

async function callOf(pairs, texts_) {
  const long = await Promise.all(texts_.map(async ([name, row]) => [h("p", { class: "argument", text: plain(name) }), lines(await textOf(row), "code")]));
  return [pairs.length ? factRows(pairs) : null, ...long.flat(Infinity)].filter(Boolean);
}

// The prompt of a turn, put together as it was for the model: system, tools, message by message.
async function promptOf(number, turn) {
  const attempt = ATTEMPTS[number];
  if (!attempt) return h("p", { class: "none", text: "The attempt is not on record." });
  const parts = [say("system", "System", await textOf(attempt.system)), h("p", { class: "tools-note", text: `Tools: ${plain(attempt.tools.join(", ")) || "none"}` }), say("ours", "trackside", await textOf(attempt.message))];
  for (const past of attempt.turns.slice(0, turn - 1)) {
    const calls = await Promise.all(past.calls.map(async ([id, tool, row]) => `${id} ${tool} ${await textOf(row)}`));
    parts.push(say("model", "model", [await textOf(past.text), ...calls].filter(Boolean).join("\n")));
    for (const [id, tool, row, ok] of past.results) parts.push(say(ok ? "result" : "result bad", `${id} ${tool}`, await textOf(row)));
    if (past.note) parts.push(say("ours", "trackside", past.note));
  }
  return h("div", { class: "talk" }, parts);
}

function say(kind, who, text) {
  return h("div", { class: "said " + kind }, h("span", { class: "who", text: plain(who) }), lines(text, "code"));
}

function chainOf(at) {
  const chain = [];
  for (let cause = EVENTS.cause[at - 1]; cause && chain.length < 200; cause = EVENTS.cause[cause - 1]) chain.push(cause);
  return chain;
}

function linkList(title, positions, empty) {
  const list = h("div", { class: "links" }, h("h3", { text: title }));
  if (!positions.length) list.append(h("p", { class: "none", text: empty }));
  positions.slice(0, LINKS_AT_ONCE).forEach((at) => list.append(jump(at)));
  if (positions.length > LINKS_AT_ONCE) list.append(h("p", { class: "none", text: `and ${positions.length - LINKS_AT_ONCE} more` }));
  return list;
}

async function inspectEvent(at) {
  const turn = ++drawing, ticket = EVENTS.ticket[at - 1];
  const blocks = await blocksOf(at);
  const open = blocks.findIndex(([kind]) => kind === "code");
  const parts = await Promise.all(blocks.map((block, index) => drawBlock(block, index === open)));
  if (turn !== drawing) return;
  fill($("inspector"),
    h("div", { class: "bar" }, h("h2", { class: "kind-" + kindOf(at) }, `Event ${at}`), h("span", { class: "sub", text: typeOf(at) })),
    h("p", { class: "words" }, h("b", { text: plain(subjectOf(at)) + " " }), marked(line(wordsOf(at)), query)),
    h("p", { class: "when" }, h("time", { datetime: timeOf(at).toISOString(), text: timeOf(at).toISOString().replace("T", " ").replace("Z", " UTC") }), " · ", plain(streamOf(at)),
      ticket >= 0 ? [" · ", h("button", { type: "button", class: "plainlink", onclick: () => chooseTicket(ticket), text: "ticket " + plain(TICKETS[ticket].id) })] : null),
    h("div", { class: "blocks" }, parts),
    linkList("Because of", chainOf(at), "Nothing on record: a beginning, or a person."),
    linkList("Led to", EFFECTS.get(at) || [], "Nothing that is on record."));
  $("inspector").scrollTop = 0;
}

function chip(number, state) {
  return h("button", { type: "button", class: "chip state-" + stateName(state.tickets[number]), onclick: () => chooseTicket(number), text: plain(TICKETS[number].id) });
}

async function inspectTicket(number) {
  const turn = ++drawing, ticket = TICKETS[number], state = stateAt(position);
  const text = await textOf(ticket.description);
  if (turn !== drawing) return;
  const mine = DATA.notable.filter((at) => EVENTS.ticket[at - 1] === number);
  const use = state.use.tickets[number], name = stateName(state.tickets[number]);
  fill($("inspector"),
    h("div", { class: "bar" }, h("h2", { text: plain(ticket.id) }), h("span", { class: "badge state-" + name, text: STATE_WORDS[name] }), h("span", { class: "tools" }, button("close", "Back to the event", () => chooseTicket(null)))),
    h("p", { class: "words" }, marked(unwrapped(text), query)),
    factRows([...ticket.facts, ["tokens", tokensOf(use).toLocaleString("en")], ["cost", money(usdOf(use))]]),
    ticket.needs.length ? h("p", { class: "chips" }, "needs ", ticket.needs.map((one) => chip(one, state))) : null,
    WANTED_BY[number].length ? h("p", { class: "chips" }, "is needed by ", WANTED_BY[number].map((one) => chip(one, state))) : null,
    h("div", { class: "links" }, h("h3", { text: "Attempts" }), ATTEMPTS_OF[number].map((one) => {
      const attempt = ATTEMPTS[one];
      return h("div", { class: "attempt" }, jump(attempt.begun, `${attempt.id}, ${modelWords(attempt.model)}, ${counted(attempt.turns.length, "turn")}`), attempt.reason && attempt.result !== "completed" ? h("p", { class: "prose small" }, marked(`${attempt.result.replace("_", " ")}: ${attempt.reason}`, query)) : null);
    }), ATTEMPTS_OF[number].length ? null : h("p", { class: "none", text: "Nobody has begun to work on it." })),
    h("div", { class: "links story" }, h("h3", { text: "Story" }), mine.map((at) => jump(at))));
  $("inspector").scrollTop = 0;
}

// The run as a whole: what came of each ticket, and what went on record about the run itself.
async function inspectRun() {
  const turn = ++drawing, state = stateAt(position), goal = RUN.goal ? await textOf(RUN.goal) : "";
  if (turn !== drawing) return;
  const story = DATA.notable.filter((at) => /^(run|ticket|budget|actor|log)\./.test(typeOf(at)));
  fill($("inspector"),
    h("div", { class: "bar" }, h("h2", { text: "The run" }), h("span", { class: "sub", text: plain(RUN.id) })),
    goal ? h("p", { class: "prose goal" }, marked(unwrapped(goal), query)) : null,
    factRows([...RUN.facts, ...RUN.lineage.map(([run, at]) => ["fork of", `${run} at position ${at}`])]),
    h("div", { class: "links" }, h("h3", { text: "What came of the tickets" }), TICKETS.map((ticket, number) => {
      const name = stateName(state.tickets[number]), use = state.use.tickets[number];
      return h("button", { type: "button", class: "outcome", onclick: () => chooseTicket(number) }, h("span", { class: "chip state-" + name, text: name === "step_paused" ? "waiting" : STATE_WORDS[name] }), h("span", { class: "who", text: plain(ticket.id) }),
        h("span", { class: "what", text: line(ticket.title) }), h("span", { class: "amount", text: use.calls ? short(tokensOf(use)) : "" }));
    })),
    h("div", { class: "links story" }, h("h3", { text: "How it went" }), story.map((at) => jump(at))),
    folded("For the record", false, () => factRows([["events", LAST.toLocaleString("en")], ["digest of the log", RUN.sum], ["digest of the state", RUN.digest], ["began", timeOf(1).toISOString()], ["report by", "trackside " + RUN.program]])));
  $("inspector").scrollTop = 0;
}
