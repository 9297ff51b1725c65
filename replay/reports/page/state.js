// The state of the run at any position: the changes of all events up to it, added up.

const EVERY = 400;

function emptyUse() { return { calls: 0, input: 0, cached: 0, output: 0, thinking: 0, usd: 0, unknown: 0 }; }
function tokensOf(use) { return use.input + use.output + use.thinking; }
function usdOf(use) { return use.unknown ? null : use.usd; }

function addTo(use, delta) {
  const [, , , , input, cached, output, thinking, usd] = delta;
  use.calls += 1;
  use.input += input; use.cached += cached; use.output += output; use.thinking += thinking;
  if (usd === null) use.unknown += 1; else use.usd += usd;
}

function freshUse() { return { total: emptyUse(), tiers: new Map(), tickets: TICKETS.map(emptyUse), attempts: ATTEMPTS.map(emptyUse) }; }

function initial() {
  return {
    position: 0, standing: "", open: 0, forkedAt: 0,
    tickets: new Uint8Array(TICKETS.length).fill(255),
    attempts: new Uint8Array(ATTEMPTS.length).fill(255),
    use: freshUse(), inherited: 0,
  };
}

function copy(state) {
  const use = state.use;
  return {
    ...state, tickets: state.tickets.slice(), attempts: state.attempts.slice(),
    use: {
      total: { ...use.total }, tickets: use.tickets.map((one) => ({ ...one })), attempts: use.attempts.map((one) => ({ ...one })),
      tiers: new Map([...use.tiers].map(([key, one]) => [key, { ...one }])),
    },
  };
}

function step(state) {
  state.position += 1;
  for (const delta of EVENTS.deltas[state.position - 1]) {
    switch (delta[0]) {
      case "t": state.tickets[delta[1]] = delta[2]; break;
      case "a": state.attempts[delta[1]] = delta[2]; break;
      case "n": state.attempts[delta[1]] = DATA.activities.indexOf("context"); break;
      case "r": state.standing = delta[1]; break;
      case "q": state.open += delta[1]; break;
      case "f":
        state.inherited += tokensOf(state.use.total);
        state.use = freshUse();
        state.forkedAt = state.position;
        break;
      case "u": {
        const [, attempt, tier, model] = delta, key = JSON.stringify([tier, model]);
        if (!state.use.tiers.has(key)) state.use.tiers.set(key, emptyUse());
        for (const use of [state.use.total, state.use.tiers.get(key), state.use.attempts[attempt], state.use.tickets[ATTEMPTS[attempt].ticket]]) addTo(use, delta);
        break;
      }
    }
  }
}

const frames = [initial()];
// Tokens used by then, at every position: the line of the chart.
const SUMS = new Float64Array(LAST + 1);

(() => {
  const state = initial();
  while (state.position < LAST) {
    step(state);
    SUMS[state.position] = tokensOf(state.use.total) + state.inherited;
    if (state.position % EVERY === 0) frames.push(copy(state));
  }
})();

let now = copy(frames[0]);

// The state right after `position`.
function stateAt(position) {
  if (position < now.position || position - now.position > EVERY) now = copy(frames[Math.floor(position / EVERY)]);
  while (now.position < position) step(now);
  return now;
}

function stateName(number) { return number === 255 ? "unplanned" : DATA.states[number]; }
function activityName(number) { return number === 255 ? "unborn" : DATA.activities[number]; }

const RESTING = new Set(["over", "waits", "unborn"]);

// How the run stands, in a word: one that only waits for persons waits, whatever else it might do.
function standingOf(state) {
  if (state.position === LAST && state.standing === "ended") return RUN.standing;
  const doings = [...state.attempts].map(activityName);
  const waits = doings.includes("waits") && doings.every((doing) => RESTING.has(doing));
  return state.standing === "running" && waits ? "waiting" : state.standing;
}

const STATE_WORDS = {
  unplanned: "not planned yet", locked: "locked", pending: "ready", in_progress: "in progress", step_paused: "waits for a person",
  completed: "completed", blocked: "blocked", skipped: "skipped",
};
const ACTIVITY_WORDS = {
  unborn: "", over: "over", context: "reads its context", setup: "sets up", model: "asks the model", tool: "runs a tool", check: "runs the check",
  qa: "waits for a hint", waits: "waits for a person", queue: "waits for its merge", merge: "is merged", between: "prepares",
};

// The pieces of an attempt's bar: from which position to which it was at what.
const PIECES = ATTEMPTS.map(() => []);
(() => {
  const open = ATTEMPTS.map(() => null);
  const end = (attempt, position) => {
    const piece = open[attempt];
    if (piece) { piece.to = position; PIECES[attempt].push(piece); open[attempt] = null; }
  };
  EVENTS.deltas.forEach((deltas, index) => deltas.forEach((delta) => {
    if (delta[0] !== "a" && delta[0] !== "n") return;
    end(delta[1], index + 1);
    const doing = delta[0] === "n" ? "context" : DATA.activities[delta[2]];
    if (doing !== "over") open[delta[1]] = { from: index + 1, doing };
  }));
  open.forEach((_, attempt) => end(attempt, LAST));
})();
