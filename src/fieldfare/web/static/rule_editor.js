// @ts-check
/**
 * The editor of the rules: one file at a time, checked while one types. The form is what is sent, with or without
 * this file; the server says the same either way.
 */
import { CodeField } from "./code.js";
import { Offers, defined } from "./completion.js";

/** @typedef {import("./code.js").Mark & {file: string, source_line: string}} Problem */

const PAUSE_MS = 350;
const form = /** @type {HTMLFormElement} */ (document.querySelector("#draft"));
const files = /** @type {HTMLElement} */ (document.querySelector("#files"));
const sheets = /** @type {HTMLElement} */ (document.querySelector("#sheets"));
const list = /** @type {HTMLElement} */ (document.querySelector("#problems"));
const nothing = /** @type {HTMLElement} */ (document.querySelector("#no-problem"));
const state = /** @type {HTMLOutputElement} */ (document.querySelector("#state"));
const current = /** @type {HTMLInputElement} */ (form.elements.namedItem("current"));
const newFile = /** @type {HTMLInputElement} */ (document.querySelector("#new-file"));
const addTrouble = /** @type {HTMLElement} */ (document.querySelector("#add-trouble"));
const say = form.dataset;

/** @type {Map<string, CodeField>} */
const fields = new Map();
/** @type {Problem[]} */
let problems = [];
let isChanged = false;
let isSending = false;
let waiting = 0;
/** @type {AbortController | null} */
let asking = null;

const known = [...document.querySelectorAll("#words li")].map((row) => {
  const { word = "", insert = "" } = /** @type {HTMLElement} */ (row).dataset;
  const kind = row.closest("details")?.getAttribute("data-kind") ?? "";
  const about = row.querySelector("small")?.textContent || row.querySelector("code")?.textContent || "";
  return { word, insert, about, kind };
});

/** All words there are: of the language, of what is in force, and of the draft. */
function words() {
  const own = [];
  const seen = new Set();
  for (const [file, field] of fields) {
    for (const name of defined(field.textarea.value)) {
      const isLocal = name.startsWith("_");
      if (seen.has(name) || (isLocal && file !== current.value)) continue;
      seen.add(name);
      own.push({ word: name, insert: name, about: file, kind: "names" });
    }
  }
  return [...own, ...known];
}

const offers = new Offers(words, say.offers ?? "");

/**
 * @param {HTMLElement} sheet
 * @returns {CodeField}
 */
function open(sheet) {
  const textarea = /** @type {HTMLTextAreaElement} */ (sheet.querySelector("textarea"));
  const field = new CodeField(textarea);
  offers.watch(field);
  textarea.addEventListener("input", () => { isChanged = true; later(); });
  fields.set(sheet.dataset.file ?? "", field);
  return field;
}

/** @param {string} name */
function show(name) {
  current.value = name;
  offers.close();
  for (const sheet of sheets.children) {
    const it = /** @type {HTMLElement} */ (sheet);
    it.hidden = it.dataset.file !== name;
  }
  for (const entry of files.children) {
    const it = /** @type {HTMLElement} */ (entry);
    const link = it.querySelector("a");
    if (it.dataset.file === name) link?.setAttribute("aria-current", "true"); else link?.removeAttribute("aria-current");
  }
  fields.get(name)?.paint();
}

function later() {
  clearTimeout(waiting);
  waiting = window.setTimeout(check, PAUSE_MS);
}

async function check() {
  asking?.abort();
  const asked = new AbortController();
  asking = asked;
  const body = JSON.stringify({ files: Object.fromEntries([...fields].map(([name, field]) => [name, field.textarea.value])) });
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf")).value;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  state.dataset.busy = "";
  try {
    const answer = await fetch("/v1/rules/check", { method: "POST", headers, body, signal: asked.signal });
    if (answer.status === 401 || answer.status === 403) { tell(say.signedOut ?? "", "warn"); return; }
    const told = await answer.json();
    if (!answer.ok) { tell(told.detail ?? told.title ?? "", "bad"); return; }
    mark(told.problems);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) tell(say.noConnection ?? "", "warn");
  } finally {
    if (asking === asked) delete state.dataset.busy;
  }
}

/**
 * @param {string} text
 * @param {string} tone
 */
function tell(text, tone) {
  state.className = `pill ${tone}`;
  if (state.textContent !== text) state.textContent = text;
}

/**
 * Show what a check found.
 * @param {Problem[]} found
 */
function mark(found) {
  // What keeps the draft from compiling comes first; warnings may stand.
  const isWarning = (/** @type {Problem} */ problem) => problem.severity === "warning";
  found = [...found.filter((problem) => !isWarning(problem)), ...found.filter(isWarning)];
  problems = found;
  const warnings = found.filter(isWarning).length;
  const errors = found.length - warnings;
  if (errors) tell(`${errors} ${errors === 1 ? say.problem : say.problems}`, "bad");
  else tell(warnings ? `${say.compiles} · ${warnings} ${warnings === 1 ? say.warning : say.warnings}` : `${say.compiles}`, warnings ? "warn" : "ok");
  for (const [name, field] of fields) field.mark(found.filter((problem) => problem.file === name));
  for (const entry of files.children) {
    const it = /** @type {HTMLElement} */ (entry);
    const count = /** @type {HTMLElement} */ (it.querySelector("[data-count]"));
    const n = found.filter((problem) => problem.file === it.dataset.file && !isWarning(problem)).length;
    count.textContent = String(n);
    count.hidden = !n;
  }
  list.replaceChildren(...found.map(row));
  nothing.hidden = found.length > 0;
}

/** @param {Problem} problem */
function row(problem) {
  const item = document.createElement("li");
  item.className = problem.severity;
  const link = document.createElement("a");
  link.className = "mono";
  link.href = `#file-${problem.file}`;
  link.textContent = `${problem.file}:${problem.line}:${problem.column}`;
  Object.assign(link.dataset, { file: problem.file, line: String(problem.line), column: String(problem.column), width: String(problem.width) });
  const message = document.createElement("b");
  message.textContent = problem.message;
  item.append(link, " ", message);
  if (problem.source_line) {
    const shown = document.createElement("pre");
    const caret = document.createElement("i");
    caret.textContent = "^".repeat(problem.width);
    shown.append(`${problem.source_line}\n${" ".repeat(problem.column - 1)}`, caret);
    item.append(shown);
  }
  if (problem.hint) {
    const hint = document.createElement("small");
    hint.textContent = problem.hint;
    item.append(hint);
  }
  return item;
}

/** @param {HTMLElement} link of the list of problems */
function jump(link) {
  const { file = "", line = "1", column = "1", width = "1" } = link.dataset;
  if (!fields.has(file)) return;
  show(file);
  fields.get(file)?.go(Number(line), Number(column), Number(width));
}

function nextProblem() {
  const wrong = problems.filter((each) => each.severity !== "warning");
  const among = wrong.length ? wrong : problems;
  if (!among.length) return;
  const { line, column } = fields.get(current.value)?.caret() ?? { line: 0, column: 0 };
  const here = among.findIndex((problem) => problem.file === current.value
    && (problem.line > line || (problem.line === line && problem.column > column)));
  const problem = among[here >= 0 ? here : 0];
  if (!fields.has(problem.file)) return;
  show(problem.file);
  const field = fields.get(problem.file);
  field?.go(problem.line, problem.column, problem.width);
  field?.textarea.setSelectionRange(field.textarea.selectionStart, field.textarea.selectionEnd, "backward");
}

function add() {
  const name = newFile.value.trim();
  addTrouble.textContent = "";
  if (fields.has(name)) { addTrouble.textContent = say.taken ?? ""; return; }
  if (!/^[^\s/\\.][^\\]*\.(sml|yaml)$/.test(name)) { addTrouble.textContent = say.noName ?? ""; return; }
  const entry = copyOf("#new-entry", name);
  const sheet = copyOf("#new-sheet", name);
  files.append(entry);
  sheets.append(sheet);
  const textarea = /** @type {HTMLTextAreaElement} */ (sheet.querySelector("textarea"));
  textarea.value = "";
  textarea.name = `file:${name}`;
  newFile.value = "";
  isChanged = true;
  const field = open(sheet);
  show(name);
  field.textarea.focus();
  later();
}

/**
 * Fill a template of one file.
 * @param {string} template
 * @param {string} name
 */
function copyOf(template, name) {
  const made = /** @type {HTMLTemplateElement} */ (document.querySelector(template)).content.firstElementChild?.cloneNode(true);
  const element = /** @type {HTMLElement} */ (made);
  for (const each of [element, ...element.querySelectorAll("*")]) {
    for (const attribute of each.attributes) attribute.value = attribute.value.replace("?", name);
    for (const node of each.childNodes) if (node.nodeType === Node.TEXT_NODE && node.textContent) node.textContent = node.textContent.replace("?", name);
  }
  return element;
}

/** @param {string} name */
function remove(name) {
  if (!confirm(`${name}\n\n${say.sure}`)) return;
  for (const each of [...files.children, ...sheets.children]) {
    if (/** @type {HTMLElement} */ (each).dataset.file === name) each.remove();
  }
  fields.delete(name);
  isChanged = true;
  if (current.value === name) show([...fields.keys()][0] ?? "");
  later();
}

/** @param {number} by */
function neighbour(by) {
  const names = [...fields.keys()];
  const at = names.indexOf(current.value);
  show(names[(at + by + names.length) % names.length]);
  fields.get(current.value)?.textarea.focus();
}

for (const sheet of sheets.children) open(/** @type {HTMLElement} */ (sheet));
problems = [...list.querySelectorAll("a")].map((link) => {
  const { file = "", line = "1", column = "1", width = "1" } = link.dataset;
  const item = link.closest("li");
  return {
    file, line: Number(line), column: Number(column), width: Number(width), severity: item?.className ?? "error",
    message: item?.querySelector("b")?.textContent ?? "", hint: item?.querySelector("small")?.textContent ?? "", source_line: "",
  };
});
for (const [name, field] of fields) field.mark(problems.filter((problem) => problem.file === name));
show(current.value);
fields.get(current.value)?.textarea.focus({ preventScroll: true });
fields.get(current.value)?.textarea.setSelectionRange(0, 0);

files.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const entry = /** @type {HTMLElement | null} */ (target?.closest("li"));
  if (!entry || !target) return;
  if (target.closest("button")) { event.preventDefault(); remove(entry.dataset.file ?? ""); } else if (target.closest("a")) {
    event.preventDefault();
    show(entry.dataset.file ?? "");
    fields.get(entry.dataset.file ?? "")?.textarea.focus();
  }
});
list.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("li")?.querySelector("a") : null;
  if (!link) return;
  event.preventDefault();
  jump(link);
});
document.querySelector("#add")?.addEventListener("click", (event) => { event.preventDefault(); add(); });
newFile.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } });
document.querySelector("#find-word")?.addEventListener("input", (event) => {
  const wanted = /** @type {HTMLInputElement} */ (event.target).value.trim().toLowerCase();
  for (const group of document.querySelectorAll("#words details")) {
    let shown = 0;
    for (const each of group.querySelectorAll("li")) {
      each.hidden = wanted !== "" && !(each.textContent ?? "").toLowerCase().includes(wanted);
      if (!each.hidden) shown += 1;
    }
    const it = /** @type {HTMLDetailsElement} */ (group);
    it.hidden = !shown;
    if (wanted) it.open = shown > 0;
  }
});
document.querySelector("#words")?.addEventListener("dblclick", (event) => {
  const word = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("li")) : null;
  if (word) fields.get(current.value)?.type(word.dataset.insert ?? "");
});
addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const isSave = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s" && !event.altKey;
  if (isSave) form.requestSubmit(document.querySelector("#save"));
  else if (event.key === "F8") nextProblem();
  else if (event.altKey && event.key === "ArrowDown") neighbour(1);
  else if (event.altKey && event.key === "ArrowUp") neighbour(-1);
  else return;
  event.preventDefault();
});
form.addEventListener("submit", (event) => {
  if (event.submitter?.getAttribute("formtarget")) return; // opens beside this page, which stays as it is
  if (isSending) { event.preventDefault(); return; }
  isSending = true;
});
addEventListener("pageshow", () => { isSending = false; });
addEventListener("beforeunload", (event) => { if (isChanged && !isSending) event.preventDefault(); });
document.documentElement.dataset.ready = "";
