// @ts-check
/** Words offered while one types: those of the page's list and those the draft itself defines. */
import { CodeField } from "./code.js";

/** @typedef {{word: string, insert: string, about: string, kind: string}} Word */

const MOST = 9;
const NAME = /[\p{L}_][\p{L}\p{N}_]*$/u;
const QUOTED = /(?:'|")([\w. -]*)$/;
const DEFINED = /^([\p{L}_][\p{L}\p{N}_]*)\s*(?::[^=\n]+)?=(?!=)/gmu;
const IN_TEXT = new Set(["facts", "policies", "lists", "queues"]);

/**
 * The names a text defines.
 * @param {string} text
 */
export function defined(text) {
  return [...text.matchAll(DEFINED)].map((found) => found[1]);
}

export class Offers {
  /**
   * @param {() => Word[]} words all there are at the moment
   * @param {string} label of the list, for readers
   */
  constructor(words, label) {
    this.words = words;
    /** @type {CodeField | null} */
    this.field = null;
    /** @type {Word[]} */
    this.found = [];
    this.chosen = 0;
    this.begun = "";
    this.list = document.createElement("ul");
    this.list.className = "offers";
    this.list.id = "offers";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", label);
    this.list.hidden = true;
    this.list.addEventListener("pointerdown", (event) => {
      const row = event.target instanceof Element ? event.target.closest("li") : null;
      if (!row) return;
      event.preventDefault();
      this.chosen = [...this.list.children].indexOf(row);
      this.take();
    });
  }

  get isOpen() { return !this.list.hidden; }

  /** @param {CodeField} field */
  watch(field) {
    const { textarea } = field;
    textarea.setAttribute("aria-autocomplete", "list");
    textarea.addEventListener("keydown", (event) => this.key(event, field), { capture: true });
    textarea.addEventListener("input", (event) => {
      const typed = event instanceof InputEvent ? event.inputType : "";
      if (typed === "insertText" || typed.startsWith("delete")) this.offer(field, typed.startsWith("delete") ? Infinity : 2);
      else this.close();
    });
    textarea.addEventListener("blur", () => this.close());
    textarea.addEventListener("scroll", () => this.close());
    textarea.addEventListener("pointerdown", () => this.close());
  }

  /**
   * Offer what begins like the word before the caret; least: how long that must be.
   * @param {CodeField} field
   * @param {number} least
   */
  offer(field, least) {
    if (least === Infinity) { if (this.isOpen) least = 1; else return; }
    const { textarea } = field;
    const before = textarea.value.slice(0, textarea.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    if (/^\s*#/.test(line)) { this.close(); return; }
    const quotes = (line.match(/'/g) ?? []).length % 2 === 1 || (line.match(/"/g) ?? []).length % 2 === 1;
    const begun = quotes ? QUOTED.exec(line)?.[1] ?? "" : NAME.exec(line)?.[0] ?? "";
    if (begun.length < least) { this.close(); return; }
    const wanted = begun.toLowerCase();
    const fits = this.words().filter((each) => IN_TEXT.has(each.kind) === quotes && each.word !== begun);
    const first = fits.filter((each) => each.word.toLowerCase().startsWith(wanted));
    const rest = wanted ? fits.filter((each) => !first.includes(each) && each.word.toLowerCase().includes(wanted)) : [];
    this.found = [...first, ...rest].slice(0, MOST);
    this.begun = begun;
    this.chosen = 0;
    if (this.found.length) this.open(field); else this.close();
  }

  /** @param {CodeField} field */
  open(field) {
    this.field = field;
    field.textarea.after(this.list);
    this.list.replaceChildren(...this.found.map((each, index) => {
      const row = document.createElement("li");
      row.id = `offer-${index}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(index === 0));
      const word = document.createElement("code");
      word.textContent = each.word;
      const about = document.createElement("small");
      about.textContent = each.about;
      row.append(word, about);
      return row;
    }));
    this.list.hidden = false;
    field.bubble.hidden = true;
    const { line, column } = field.caret();
    const at = field.point(line, column - this.begun.length);
    this.list.style.insetInlineStart = `${Math.max(0, Math.min(at.left, field.paper.clientWidth - this.list.offsetWidth - 8))}px`;
    const fitsBelow = at.bottom + this.list.offsetHeight < field.paper.clientHeight;
    this.list.style.insetBlockStart = `${fitsBelow ? at.bottom + 2 : Math.max(0, at.top - this.list.offsetHeight - 2)}px`;
    field.textarea.setAttribute("aria-controls", "offers");
    this.choose(0);
  }

  close() {
    if (!this.isOpen) return;
    this.list.hidden = true;
    for (const name of ["aria-activedescendant", "aria-controls"]) this.field?.textarea.removeAttribute(name);
  }

  /** @param {number} index */
  choose(index) {
    this.chosen = (index + this.found.length) % this.found.length;
    for (const [at, row] of [...this.list.children].entries()) row.setAttribute("aria-selected", String(at === this.chosen));
    this.field?.textarea.setAttribute("aria-activedescendant", `offer-${this.chosen}`);
  }

  take() {
    const word = this.found[this.chosen];
    const field = this.field;
    if (!word || !field) return;
    this.close();
    const end = field.textarea.selectionStart;
    field.textarea.setSelectionRange(end - this.begun.length, end);
    const next = field.textarea.value[end];
    field.type(next === "(" ? word.word : word.insert);
    this.close();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {CodeField} field
   */
  key(event, field) {
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      this.offer(field, 0);
      return;
    }
    if (!this.isOpen || event.isComposing) return;
    if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.take();
    else if (event.key === "Escape") this.close();
    else { if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") this.close(); return; }
    event.preventDefault();
  }
}
