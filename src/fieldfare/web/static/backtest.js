// @ts-check
/** A backtest that runs: how much is done, every second; the page is made anew once it has ended. */

const EVERY_MS = 1_000;
const main = /** @type {HTMLElement} */ (document.querySelector("main[data-running]"));
const bar = /** @type {HTMLProgressElement} */ (document.querySelector("#done"));
const text = /** @type {HTMLOutputElement} */ (document.querySelector("#done-text"));

async function look() {
  try {
    const answer = await fetch(main.dataset.running ?? "", { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const { test } = await answer.json();
      if (!test.is_running) { location.reload(); return; }
      bar.value = Math.round(test.done * 1000);
      text.textContent = `${(test.done * 100).toFixed(1)}\u00a0%`;
    }
  } catch {
    // No connection for a moment: the next look will tell.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
