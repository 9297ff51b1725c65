// The tables of the run, and its texts, which lie deflated in the page until somebody wants them.

const DATA = JSON.parse($("data").textContent);
const RUN = DATA.run, EVENTS = DATA.events, TICKETS = DATA.tickets, ATTEMPTS = DATA.attempts;
const LAST = RUN.position;
const BEGAN = Date.parse(RUN.began);

const chunkStarts = [];
DATA.chunks.reduce((start, size) => { chunkStarts.push(start); return start + size; }, 0);
const chunkTexts = new Map();

async function inflated(number) {
  const packed = Uint8Array.from(atob($("chunk" + number).textContent), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function chunk(number) {
  if (!chunkTexts.has(number)) chunkTexts.set(number, inflated(number));
  return chunkTexts.get(number);
}

// The text of a row of the pool.
async function textOf(row) {
  let number = chunkStarts.length - 1;
  while (chunkStarts[number] > row) number -= 1;
  return (await chunk(number))[row - chunkStarts[number]];
}

async function allTexts() {
  const chunks = await Promise.all(DATA.chunks.map((_, number) => chunk(number)));
  return chunks.flat();
}

async function blocksOf(position) { return JSON.parse(await textOf(EVENTS.details[position - 1])); }

// What each event led to: the causes, turned around.
const EFFECTS = new Map();
EVENTS.cause.forEach((cause, index) => {
  if (!cause) return;
  if (!EFFECTS.has(cause)) EFFECTS.set(cause, []);
  EFFECTS.get(cause).push(index + 1);
});

const WANTED_BY = TICKETS.map(() => []);
TICKETS.forEach((ticket, number) => ticket.needs.forEach((need) => WANTED_BY[need].push(number)));
const ATTEMPTS_OF = TICKETS.map(() => []);
ATTEMPTS.forEach((attempt, number) => ATTEMPTS_OF[attempt.ticket].push(number));

const NOTABLE = new Set(DATA.notable);

function typeOf(position) { return DATA.types[EVENTS.type[position - 1]]; }
function streamOf(position) { return DATA.streams[EVENTS.stream[position - 1]]; }
function timeOf(position) { return new Date(BEGAN + EVENTS.at[position - 1]); }
function clockOf(position) { return timeOf(position).toISOString().slice(11, 23); }
function wordsOf(position) { return EVENTS.words[position - 1] || typeOf(position); }

// What an event is about, for a label: the stream without its kind.
function subjectOf(position) {
  const stream = streamOf(position), slash = stream.indexOf("/");
  return slash === -1 ? stream : stream.slice(slash + 1);
}

// The same, but an event of the run that is about one ticket is the ticket's.
function whoseOf(position) {
  const ticket = EVENTS.ticket[position - 1];
  return streamOf(position) === "run" && ticket >= 0 ? TICKETS[ticket].id : subjectOf(position);
}

// A kind of event, for its colour and for the filter.
function kindOf(position) {
  const type = typeOf(position), stream = streamOf(position);
  if (stream.startsWith("hint/") || type === "attempt.hinted") return "qa";
  if (stream.startsWith("approval/") || type === "attempt.gated" || type === "attempt.answered" || type === "ticket.parked") return "waits";
  if (type === "attempt.call_begun" || type === "attempt.replied" || type === "attempt.call_failed") return "model";
  if (type.startsWith("attempt.tool")) return "tool";
  if (type === "attempt.check_ran" || type === "attempt.setup_ran") return "check";
  if (type.startsWith("merge.") || type === "attempt.merged" || type === "attempt.merge_begun" || type === "attempt.committed" || type === "attempt.submitted") return "merge";
  if (type.startsWith("ticket.")) return "ticket";
  if (type.startsWith("attempt.")) return "attempt";
  return "run";
}
