// @ts-check
/**
 * The review page by keyboard: choose, decide, skip, take back; keep the lease while the page is looked at.
 * Every act is a form of the page that is sent, so that all of it also works without this file.
 */
import { isTyping } from "./keys.js";
import { addressOf, post, tellWhy } from "./sending.js";

const HEARTBEAT_MS = 20_000;
const SOON_MS = 45_000;

const main = /** @type {HTMLElement} */ (document.querySelector("main.review"));
const form = /** @type {HTMLFormElement} */ (document.querySelector("#decide"));
const missing = /** @type {HTMLElement} */ (document.querySelector("#missing"));
const leaseMs = Number(main.dataset.leaseMs);
const caseId = main.dataset.case ?? "";
let leaseEnds = performance.now() + Number(main.dataset.leaseLeftMs);
/** When the stage was drawn, as performance.now() counts. */
let stageDrawn = 0;

/** @param {string} name of a radio group or select */
function chosen(name) {
  const value = new FormData(form).get(name);
  return typeof value === "string" ? value : "";
}

/** Show what the chosen action does under the chosen policy, and the words of that policy. */
function paint() {
  const action = chosen("action");
  if (action) missing.textContent = "";
  const other = chosen("other_policy");
  const policy = other || chosen("policy");
  const depends = action !== "" && action !== "allow" && action !== "escalate";
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#preview [data-for]"))) {
    const wanted = action === "" ? "none" : depends && other ? "other" : action;
    part.hidden = part.dataset.for !== wanted || (part.dataset.policy !== undefined && part.dataset.policy !== policy);
  }
  for (const text of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) {
    text.hidden = text.dataset.text !== policy;
  }
}

/** @param {string} selector of a radio button */
function pick(selector) {
  const input = form.querySelector(selector);
  if (!(input instanceof HTMLInputElement)) return;
  input.checked = true;
  input.focus();
  paint();
}

/** @param {number} number of a policy, from 1 */
function pickPolicy(number) {
  const other = form.elements.namedItem("other_policy");
  if (other instanceof HTMLSelectElement) other.value = "";
  const inputs = [...form.querySelectorAll("input[name=policy]")];
  const input = inputs[number - 1];
  if (input instanceof HTMLInputElement) { input.checked = true; input.focus(); paint(); }
}

const framesNow = () => /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll(".frame")]);

/** @param {number} number of a picture, from 0 */
function showStill(number) {
  const frames = framesNow();
  const frame = frames[number];
  if (!frame) return;
  for (const each of frames) each.setAttribute("aria-pressed", String(each === frame));
  frame.scrollIntoView({ block: "nearest", inline: "nearest" });
  const still = document.querySelector("#still");
  if (!(still instanceof HTMLImageElement)) return;
  still.src = `/media/cases/${caseId}/${still.dataset.clear === "yes" ? "clear" : "stills"}/${number}`;
}

/** @param {number} by */
function step(by) {
  const frames = framesNow();
  const at = frames.findIndex((frame) => frame.getAttribute("aria-pressed") === "true");
  showStill(Math.max(0, Math.min(frames.length - 1, at + by)));
}

/**
 * Send a form of the stage and draw stage and strip anew; what is chosen and typed beside them stays.
 * @param {SubmitEvent} event
 */
async function redrawStage(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.closest("#stage")) return;
  event.preventDefault();
  const got = await post(form, addressOf(form));
  if (!got) return;
  if (!got.answer.ok || !got.page.querySelector("#stage")) { tellWhy(got.page); return; }
  const at = framesNow().findIndex((frame) => frame.getAttribute("aria-pressed") === "true");
  for (const part of ["#stage", ".frames", ".meter"]) {
    const fresh = got.page.querySelector(part);
    if (fresh) document.querySelector(part)?.replaceWith(fresh);
  }
  stageDrawn = performance.now();
  if (at > 0) showStill(at);
}

/**
 * Say what is missing before a decision can be sent; a skip needs nothing.
 * @param {SubmitEvent} event
 */
function mustBeChosen(event) {
  if (event.submitter?.id === "skip" || chosen("action")) return;
  event.preventDefault();
  missing.textContent = missing.dataset.say ?? "";
  /** @type {HTMLInputElement | null} */ (form.querySelector("input[name=action]"))?.focus();
}

/** @param {string} selector of a form to send */
function send(selector) {
  const found = document.querySelector(selector);
  if (found instanceof HTMLFormElement) found.requestSubmit();
}

/** @type {Record<string, () => void>} */
const KEYS = {
  s: () => /** @type {HTMLButtonElement | null} */ (document.querySelector("#skip"))?.click(),
  b: () => send(document.querySelector("#reveal") ? "#reveal" : "#reblur"),
  n: () => step(1),
  p: () => step(-1),
  c: () => /** @type {HTMLElement | null} */ (document.querySelector("#note"))?.focus(),
};
for (const key of "adyre") KEYS[key] = () => pick(`input[name=action][data-key=${key.toUpperCase()}]`);
for (let digit = 1; digit <= 9; digit += 1) KEYS[String(digit)] = () => pickPolicy(digit);

addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.key === "Escape" && isTyping(event)) /** @type {HTMLElement} */ (event.target).blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  if (document.querySelector("dialog[open]")) return;
  const act = KEYS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

/** @param {number} ms */
const stretch = (ms) => (ms < 120_000 ? `${Math.max(0, Math.floor(ms / 1000))} s` : `${Math.floor(ms / 60_000)} min`);

/** Draw the time left of lease and clear view; go back to blurred when the minute is over. */
function tick() {
  const left = leaseEnds - performance.now();
  const lease = document.querySelector("#lease");
  if (lease instanceof HTMLOutputElement) lease.value = stretch(left);
  document.querySelector("#ring")?.setAttribute("stroke-dashoffset", String(100 - Math.max(0, Math.min(100, (100 * left) / leaseMs))));
  document.querySelector(".lease")?.classList.toggle("soon", left < SOON_MS);
  const clear = document.querySelector("#reblur");
  if (clear instanceof HTMLFormElement) {
    const clearLeft = Number(clear.dataset.leftMs) - (performance.now() - stageDrawn);
    const out = document.querySelector("#clear-left");
    if (out instanceof HTMLOutputElement) out.value = stretch(clearLeft);
    if (clearLeft <= 0) { clear.dataset.leftMs = "Infinity"; clear.requestSubmit(); }
  }
}

/** Tell the server that somebody still looks, so that the case stays theirs. */
async function heartbeat() {
  if (document.hidden) return;
  const csrf = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf")).value;
  try {
    const answer = await fetch(`/review/${caseId}/heartbeat`, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: "{}",
    });
    if (answer.ok) leaseEnds = performance.now() + Number((await answer.json()).left_ms);
  } catch { /* The next one tries again; the ring shows what is left. */ }
}

document.addEventListener("click", (event) => {
  const frame = event.target instanceof Element ? event.target.closest(".frame") : null;
  if (frame instanceof HTMLElement) showStill(Number(frame.dataset.number));
});
form.noValidate = true;
form.addEventListener("change", paint);
form.addEventListener("submit", mustBeChosen);
// Before it bubbles up to where forms are sent and followed.
main.addEventListener("submit", redrawStage);
paint();
tick();
setInterval(tick, 250);
setInterval(heartbeat, HEARTBEAT_MS);
main.dataset.ready = "yes";
