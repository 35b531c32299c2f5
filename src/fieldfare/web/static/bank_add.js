// @ts-check
/**
 * Files for a bank: each is sent by itself, one after the other, so that one that cannot be read spoils no other.
 * Without this file the form sends all of them at once.
 */
import { send, size, takeDrops } from "./upload.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form.drop"));
const list = /** @type {HTMLElement} */ (document.querySelector("#sent"));
const model = /** @type {HTMLTemplateElement} */ (document.querySelector("#sent-model"));
const status = /** @type {HTMLElement} */ (document.querySelector("#sent-status"));
const bank = form.dataset.bank ?? "";
/** @type {File[]} */
const waiting = [];
let isBusy = false;
let added = 0;
let refused = 0;

/** @param {string} name of a text the page brought along */
const text = (name) => form.dataset[name] ?? "";

/**
 * @param {File} file
 * @param {HTMLElement} row
 */
async function add(file, row) {
  const bar = /** @type {HTMLProgressElement} */ (row.querySelector("progress"));
  const said = /** @type {HTMLElement} */ (row.querySelector("[data-said]"));
  const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
  said.textContent = text("sending");
  const got = await send(form, file, "application/json", (sent) => {
    if (sent < 1) { bar.value = sent; return; }
    bar.removeAttribute("value");
    said.textContent = text("hashing");
  });
  bar.hidden = true;
  if (got.status === 200) {
    const [entry] = JSON.parse(got.text).entries;
    row.classList.add("well");
    said.textContent = `${entry.frames} ${text("frames")}`;
    link.textContent = text("open");
    link.href = `${bank}/entries/${entry.id}`;
    link.hidden = false;
    added += 1;
  } else {
    row.classList.add("bad");
    said.textContent = got.status === 0 ? text("noConnection") : why(got.text);
    refused += 1;
  }
  status.textContent = `${text("added")} ${added}${refused ? `, ${text("refused")} ${refused}` : ""}`;
}

/** @param {string} answer a problem as JSON */
function why(answer) {
  try {
    const problem = JSON.parse(answer);
    return String(problem.detail ?? problem.title);
  } catch {
    return text("failed");
  }
}

/** @param {File[]} files */
function take(files) {
  for (const file of files) waiting.push(file);
  if (!isBusy) work();
}

async function work() {
  isBusy = true;
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const row = /** @type {HTMLElement} */ (model.content.firstElementChild?.cloneNode(true));
    /** @type {HTMLElement} */ (row.querySelector("b")).textContent = file.name;
    /** @type {HTMLElement} */ (row.querySelector("small")).textContent = size(file.size);
    list.append(row);
    list.hidden = false;
    await add(file, row);
  }
  isBusy = false;
  form.reset();
}

takeDrops(form, take);
