// Making elements. Whatever was recorded becomes a text node or an attribute value, never markup.

const SVG = "http://www.w3.org/2000/svg";

function $(id) { return document.getElementById(id); }

function put(element, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, to] of Object.entries(value)) element.style.setProperty(key, to);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
  return element;
}

function fill(element, ...children) {
  element.replaceChildren();
  return put(element, {}, children);
}

function h(tag, props, ...children) { return put(document.createElement(tag), props, children); }
function s(tag, props, ...children) { return put(document.createElementNS(SVG, tag), props, children); }

// Characters that hide, or turn the order of others around, are spelled out.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

function plain(text) {
  return String(text).replace(HIDDEN, (found) =>
    [...found].map((char) => {
      const code = char.codePointAt(0);
      return code < 256 ? "\\x" + code.toString(16).padStart(2, "0")
        : code < 65536 ? "\\u" + code.toString(16).padStart(4, "0")
          : "\\U" + code.toString(16).padStart(8, "0");
    }).join(""));
}

function line(text) { return plain(text).replace(/\s+/g, " ").trim(); }

// Where a view is scrolled to. Asked for before anything is drawn: afterwards the browser would have
// to lay out the whole page to know.
function sightOf(view) { return { left: view.scrollLeft, top: view.scrollTop, width: view.clientWidth, height: view.clientHeight }; }

// Scroll a part of the page, and never the page itself, so that a place in it is in sight.
function bringIntoSight(view, sight, at) {
  if (at.left < sight.left || at.left + at.width > sight.left + sight.width) view.scrollLeft = at.left - (sight.width - at.width) / 2;
  if (at.top < sight.top || at.top + at.height > sight.top + sight.height) view.scrollTop = at.top - (sight.height - at.height) / 2;
}

// Words that an author broke into lines of a file: only blank lines part them here.
function unwrapped(text) { return plain(text).trim().replace(/([^\n])\n(?![\n\s*-])/g, "$1 "); }

function counted(number, noun) { return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`; }

function short(number) {
  if (number < 10000) return number.toLocaleString("en");
  if (number < 1e6) return (number / 1e3).toFixed(number < 1e5 ? 1 : 0) + "k";
  return (number / 1e6).toFixed(2) + "M";
}

function money(usd) { return usd === null ? "unknown" : "$" + usd.toFixed(usd && usd < 1 ? 4 : 2); }

function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

// A text with every place that is searched for marked, as nodes.
function marked(text, query) {
  const shown = plain(text);
  if (!query) return [document.createTextNode(shown)];
  const nodes = [], lower = shown.toLowerCase(), wanted = query.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1 && nodes.length < 2000; at = lower.indexOf(wanted, from)) {
    nodes.push(document.createTextNode(shown.slice(from, at)), h("mark", { text: shown.slice(at, at + wanted.length) }));
    from = at + wanted.length;
  }
  nodes.push(document.createTextNode(shown.slice(from)));
  return nodes;
}

const ICONS = {
  first: "M5 5v14M19 5 9 12l10 7z", last: "M19 5v14M5 5l10 7-10 7z",
  back: "M15 5 7 12l8 7", forward: "M9 5l8 7-8 7",
  play: "M7 4.5v15l12-7.5z", pause: "M8 5v14M16 5v14",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
  theme: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18", help: "M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .8-1 1.7M12 17v.01",
  close: "M6 6l12 12M18 6 6 18", fork: "M7 4v16M7 12c6 0 9-2 9-6",
  plus: "M12 5v14M5 12h14", minus: "M5 12h14", fit: "M4 9V4h5M20 15v5h-5M15 4h5v5M9 20H4v-5",
};

function icon(name) {
  return s("svg", { class: "icon icon-" + name, viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
}

function button(name, label, act, props) {
  return h("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick: act, ...props }, icon(name));
}
