// @ts-check
/**
 * Forms of the review pages, sent without leaving the page: where a success leads is followed; a refusal, or no
 * answer at all, is told beside what is chosen and typed, which stays.
 */
import { isTyping } from "./keys.js";

const NOTICE_MS = 8_000;
const TOO_LATE = "undo-too-late";

const notice = /** @type {HTMLElement} */ (document.querySelector("#notice"));
const undo = /** @type {HTMLFormElement | null} */ (document.querySelector("#undo"));
/** Whether a form is on its way; a second press must not send it again. */
let isSending = false;
let noticeEnds = notice.textContent ? performance.now() + NOTICE_MS : Infinity;

/**
 * @param {string} text to say until the next act, or for a while
 * @param {number} ms
 */
export function tell(text, ms = NOTICE_MS) {
  notice.textContent = text;
  noticeEnds = performance.now() + ms;
}

/** @param {string} name of a text the page brought along */
const text = (name) => notice.dataset[name] ?? "";

/**
 * Where a form goes; the property of that name may be a field called "action".
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
export function addressOf(form, submitter = null) {
  return submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
}

/**
 * Send a form and give the answer, or null once it is told that there was none.
 * @param {HTMLFormElement} form
 * @param {string} address
 * @param {Record<string, string>} headers
 */
export async function post(form, address, headers = {}) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.set(name, String(value));
  try {
    const answer = await fetch(address, { method: "POST", headers: { Accept: "text/html", ...headers }, body });
    return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    tell(text("noConnection"), Infinity);
    return null;
  }
}

/**
 * Say why the server refused.
 * @param {Document} page that it answered with
 */
export function tellWhy(page) {
  const slug = page.querySelector("[data-slug]")?.getAttribute("data-slug");
  if (slug === TOO_LATE) { tell(text("tooLate")); return; }
  const said = [...page.querySelectorAll("main p")].map((part) => part.textContent?.trim()).join(" ");
  tell(said || text("refused"), Infinity);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
async function sendAndFollow(form, submitter) {
  const address = addressOf(form, submitter);
  isSending = true;
  const got = await post(form, address, { "X-Follow": "by-script" });
  isSending = false;
  if (!got) return;
  const then = got.answer.headers.get("X-Then");
  if (got.answer.ok && then) { isSending = true; location.assign(then); return; }
  if (got.answer.status === 409 && form.id === "decide") {
    // The case is lost: the page that says so has what was chosen and typed.
    form.setAttribute("action", address);
    form.submit();
    return;
  }
  tellWhy(got.page);
}

/** Take the last decision back, while there is time. */
export function takeBack() {
  if (!undo) return;
  if (undo.hidden) tell(text("tooLate")); else undo.requestSubmit();
}

function tick() {
  if (performance.now() > noticeEnds) tell("", Infinity);
  if (!undo) return;
  const left = Number(undo.dataset.leftMs) - performance.now();
  const bar = undo.querySelector("progress");
  if (bar) bar.value = Math.max(0, left);
  undo.hidden = left <= 0;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented || !form.closest("main")) return;
  event.preventDefault();
  if (!isSending) sendAndFollow(form, event.submitter);
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  if (event.key.toLowerCase() !== "u" || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  takeBack();
});
addEventListener("pageshow", () => { isSending = false; });
tick();
setInterval(tick, 250);
