// @ts-check
/** When a key is meant for a field and not for the page. */

const CHOOSING = new Set(["radio", "checkbox", "button", "submit"]);

/**
 * Say whether a key event belongs to a field somebody types in.
 * @param {KeyboardEvent} event
 */
export function isTyping(event) {
  const at = event.target;
  if (at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement) return true;
  if (at instanceof HTMLInputElement) return !CHOOSING.has(at.type);
  return at instanceof HTMLElement && at.isContentEditable;
}
