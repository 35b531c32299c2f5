// @ts-check
/**
 * The match debugger without leaving the page: a file is sent with its progress, and what was found takes the
 * place of what was found before. Without this file the forms lead to the same page.
 */
import { send, takeDrops } from "./upload.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("#try-file"));
const going = /** @type {HTMLElement} */ (document.querySelector("#going"));
const bar = /** @type {HTMLProgressElement} */ (document.querySelector("#sent"));
let isBusy = false;

/** @param {string} name of a text the page brought along */
const text = (name) => form.dataset[name] ?? "";

/** @param {string} page that was answered, whole */
function show(page) {
  const made = new DOMParser().parseFromString(page, "text/html");
  const found = made.querySelector("#found");
  const here = document.querySelector("#found");
  if (!found || !here) return why(made);
  here.replaceWith(document.adoptNode(found));
  return document.querySelector("#found > .alert") ? "" : text("done");
}

/** @param {Document} page of a problem */
function why(page) {
  const said = [...page.querySelectorAll("main p")].map((part) => part.textContent?.trim()).join(" ");
  return said || text("failed");
}

/**
 * @param {HTMLFormElement} asked
 * @param {File | null} file
 */
async function ask(asked, file) {
  if (isBusy) return;
  isBusy = true;
  document.querySelector("#found")?.setAttribute("aria-busy", "true");
  going.textContent = `${text("sending")} ${file?.name ?? ""}`;
  bar.hidden = false;
  bar.value = 0;
  const got = await send(asked, file, "text/html", (sent) => {
    if (sent < 1) { bar.value = sent; return; }
    bar.removeAttribute("value");
    going.textContent = text("looking");
  });
  bar.hidden = true;
  going.textContent = got.status === 0 ? text("noConnection") : show(got.text);
  document.querySelector("#found")?.removeAttribute("aria-busy");
  if (file) form.reset();
  isBusy = false;
}

takeDrops(form, ([file]) => { if (file) ask(form, file); });
for (const asked of document.querySelectorAll("form.swap")) {
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(/** @type {HTMLFormElement} */ (asked), null);
  });
}
