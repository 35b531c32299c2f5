// @ts-check
/**
 * The pictures of an entry beside those of a file, seen clearly for as long as the page stands. Each look is asked
 * of the server, which records it; the pictures stand in the answer alone. Without this file the form leads to the
 * page of the entry, which shows them.
 */

/** @param {HTMLFormElement} form */
const pictures = (form) =>
  /** @type {HTMLImageElement[]} */ ([...(form.closest(".match")?.querySelectorAll("img[data-still]") ?? [])]);

/**
 * @param {HTMLFormElement} form
 * @param {boolean} isClear
 */
function say(form, isClear) {
  const [look, blur] = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("button > span")]);
  look.hidden = isClear;
  blur.hidden = !isClear;
  form.dataset.clear = isClear ? "yes" : "no";
}

/** @param {HTMLFormElement} form */
async function look(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.set(name, String(value));
  const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body });
  if (!answer.ok) throw new Error(String(answer.status));
  /** @type {{ clear: string[] }} */
  const told = await answer.json();
  for (const picture of pictures(form)) {
    picture.dataset.blurred = picture.src;
    picture.src = told.clear[Number(picture.dataset.still)] ?? picture.src;
  }
  say(form, true);
}

/** @param {HTMLFormElement} form */
function blur(form) {
  for (const picture of pictures(form)) picture.src = picture.dataset.blurred ?? picture.src;
  say(form, false);
}

// Before what sends the other forms of a page.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.classList.contains("clear-look")) return;
  event.preventDefault();
  if (form.dataset.clear === "yes") { blur(form); return; }
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const note = /** @type {HTMLElement} */ (form.querySelector("small"));
  button.disabled = true;
  look(form).catch(() => { note.textContent = form.dataset.failed ?? ""; }).finally(() => { button.disabled = false; });
}, { capture: true });
