// @ts-check
/** Every page: the overlay of keys. Pages work without this file; then its button is not shown. */
import { isTyping } from "./keys.js";

document.documentElement.classList.add("scripted");
const help = document.querySelector("#help");

/** Open the overlay, or close it if it is open. */
function toggleHelp() {
  if (!(help instanceof HTMLDialogElement)) return;
  if (help.open) help.close(); else help.showModal();
}

for (const button of document.querySelectorAll("[data-opens=help]")) button.addEventListener("click", toggleHelp);

addEventListener("keydown", (event) => {
  if (event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event)) {
    event.preventDefault();
    toggleHelp();
  }
});
