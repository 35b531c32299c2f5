// @ts-check
/**
 * A field for the text of rules: a plain textarea with its text painted in colour underneath, line numbers, and
 * what is wrong marked where it stands. The textarea stays what holds the text, the caret and the undo history.
 */

/** @typedef {{line: number, column: number, width: number, message: string, hint: string, severity: string}} Mark */
/** @typedef {{text: string, kind: string}} Piece */

const KEYWORDS = new Set(["and", "or", "not", "in", "None", "True", "False", "is", "if", "else", "for", "lambda"]);
const TOKEN = /(#.*)|([rbfuRBFU]{0,2}(?:"""|'''))|([rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?))|(\d[\w.]*)|([\p{L}_][\p{L}\p{N}_]*)|(\s+)|([^\s\w])/gu;

/**
 * Cut a line into pieces in colour. open: the quotes a text of several lines began with, "" outside of one.
 * @param {string} line
 * @param {string} open
 * @returns {{pieces: Piece[], open: string}}
 */
export function cut(line, open) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  if (open) {
    const end = line.indexOf(open);
    if (end < 0) return { pieces: line ? [{ text: line, kind: "str" }] : [], open };
    at = end + 3;
    pieces.push({ text: line.slice(0, at), kind: "str" });
  }
  TOKEN.lastIndex = at;
  for (let found = TOKEN.exec(line); found; found = TOKEN.exec(line)) {
    const [text, comment, triple, string, digits, name, space, sign] = found;
    if (triple) {
      const quotes = triple.slice(-3);
      const end = line.indexOf(quotes, found.index + text.length);
      if (end < 0) { pieces.push({ text: line.slice(found.index), kind: "str" }); return { pieces, open: quotes }; }
      pieces.push({ text: line.slice(found.index, end + 3), kind: "str" });
      TOKEN.lastIndex = end + 3;
      continue;
    }
    let kind = comment ? "com" : string ? "str" : digits ? "num" : sign ? "op" : "";
    if (name) kind = KEYWORDS.has(name) ? "key" : line[TOKEN.lastIndex] === "(" ? "call" : "name";
    pieces.push({ text, kind: space ? "" : kind });
  }
  return { pieces, open: "" };
}

/**
 * Make the element of a line, its marks underlined.
 * @param {Piece[]} pieces
 * @param {Mark[]} marks of this line
 */
function painted(pieces, marks) {
  const row = document.createElement("div");
  let at = 0;
  for (const piece of pieces) {
    const ends = at + piece.text.length;
    const cuts = new Set([at, ends]);
    for (const mark of marks) {
      for (const edge of [mark.column - 1, mark.column - 1 + mark.width]) if (edge > at && edge < ends) cuts.add(edge);
    }
    const edges = [...cuts].sort((a, b) => a - b);
    for (let index = 0; index + 1 < edges.length; index += 1) {
      const [from, to] = [edges[index], edges[index + 1]];
      const span = document.createElement("span");
      span.textContent = piece.text.slice(from - at, to - at);
      if (piece.kind) span.className = `t-${piece.kind}`;
      const mark = marks.find((each) => each.column - 1 <= from && each.column - 1 + each.width >= to);
      if (mark) span.classList.add(mark.severity === "warning" ? "wary" : "wrong");
      row.append(span);
    }
    at = ends;
  }
  if (marks.some((mark) => mark.column > at)) {
    // A mark at the end of the line, where something is missing.
    const span = document.createElement("span");
    span.textContent = " ";
    span.className = "wrong";
    row.append(span);
  }
  if (!row.firstChild) row.append("\u200b");
  return row;
}

export class CodeField {
  /** @param {HTMLTextAreaElement} textarea inside the element it is painted in */
  constructor(textarea) {
    this.textarea = textarea;
    /** @type {Mark[]} */
    this.marks = [];
    /** @type {{text: string, open: string, key: string}[]} */
    this.lines = [];
    this.paper = document.createElement("div");
    this.paper.className = "paper";
    this.paper.setAttribute("aria-hidden", "true");
    this.numbers = document.createElement("div");
    this.numbers.className = "numbers";
    this.numbers.setAttribute("aria-hidden", "true");
    this.bubble = document.createElement("div");
    this.bubble.className = "bubble";
    this.bubble.setAttribute("aria-hidden", "true");
    this.bubble.hidden = true;
    const layers = document.createElement("div");
    layers.className = "layers";
    textarea.replaceWith(this.numbers, layers);
    layers.append(this.paper, textarea, this.bubble);
    textarea.addEventListener("scroll", () => this.follow());
    textarea.addEventListener("input", () => this.paint());
    textarea.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("selectionchange", () => { if (document.activeElement === textarea) this.here(); });
    this.paint();
  }

  /** Paint what is new: lines that are the same, begin the same way and hold the same marks stay. */
  paint() {
    const texts = this.textarea.value.split("\n");
    this.shift(texts);
    let open = "";
    /** @type {{text: string, open: string, key: string}[]} */
    const lines = [];
    const rows = this.paper.children;
    for (const [index, text] of texts.entries()) {
      const marks = this.marks.filter((mark) => mark.line === index + 1);
      const key = marks.map((mark) => `${mark.column}+${mark.width}${mark.severity}`).join();
      const before = this.lines[index];
      const line = { text, open, key };
      const { pieces, open: next } = cut(text, open);
      if (!before || before.text !== text || before.open !== open || before.key !== key) {
        const row = painted(pieces, marks);
        if (rows[index]) rows[index].replaceWith(row); else this.paper.append(row);
      }
      lines.push(line);
      open = next;
    }
    while (rows.length > texts.length) rows[rows.length - 1].remove();
    this.lines = lines;
    this.number(texts.length);
    this.follow();
    this.here();
  }

  /**
   * Keep marks on the lines they were found on while lines come and go; those of changed lines are dropped.
   * @param {string[]} texts
   */
  shift(texts) {
    const old = this.lines;
    if (!old.length || !this.marks.length) return;
    let same = 0;
    while (same < old.length && same < texts.length && old[same].text === texts[same]) same += 1;
    if (same === old.length && same === texts.length) return;
    let tail = 0;
    while (tail < old.length - same && tail < texts.length - same
      && old[old.length - 1 - tail].text === texts[texts.length - 1 - tail]) tail += 1;
    const moved = texts.length - old.length;
    this.marks = this.marks.flatMap((mark) => {
      if (mark.line <= same) return [mark];
      return mark.line > old.length - tail ? [{ ...mark, line: mark.line + moved }] : [];
    });
  }

  /** @param {number} count of lines */
  number(count) {
    const bad = new Map(this.marks.map((mark) => [mark.line, mark.severity]));
    while (this.numbers.children.length > count) this.numbers.lastElementChild?.remove();
    for (let line = this.numbers.children.length + 1; line <= count; line += 1) {
      const row = document.createElement("div");
      row.textContent = String(line);
      this.numbers.append(row);
    }
    for (const [index, row] of [...this.numbers.children].entries()) {
      const severity = bad.get(index + 1);
      const wanted = severity ? (severity === "warning" ? "wary" : "wrong") : "";
      if (row.className !== wanted) row.className = wanted;
    }
  }

  /** @param {Mark[]} marks */
  mark(marks) {
    this.marks = marks;
    this.paint();
  }

  follow() {
    this.paper.scrollTop = this.textarea.scrollTop;
    this.paper.scrollLeft = this.textarea.scrollLeft;
    this.numbers.scrollTop = this.textarea.scrollTop;
    this.place();
  }

  /** Where the caret stands: line and column from 1. */
  caret() {
    const before = this.textarea.value.slice(0, this.textarea.selectionStart);
    const line = before.split("\n").length;
    return { line, column: before.length - before.lastIndexOf("\n") };
  }

  /**
   * Where a place of the text is on the paper, in px from its upper left corner.
   * @param {number} line
   * @param {number} column
   */
  point(line, column) {
    const row = this.paper.children[line - 1];
    if (!row) return { left: 0, top: 0, bottom: 0 };
    const range = document.createRange();
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    let left = column - 1;
    let node = walker.nextNode();
    for (; node && left > (node.textContent ?? "").length; node = walker.nextNode()) left -= (node.textContent ?? "").length;
    const from = this.paper.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    if (!node) return { left: box.left - from.left, top: box.top - from.top, bottom: box.bottom - from.top };
    range.setStart(node, Math.min(left, (node.textContent ?? "").length));
    const at = range.getBoundingClientRect();
    return { left: at.left - from.left, top: box.top - from.top, bottom: box.bottom - from.top };
  }

  /** Show what is wrong on the line of the caret, right under it. */
  here() {
    const { line } = this.caret();
    const marks = document.activeElement === this.textarea ? this.marks.filter((mark) => mark.line === line) : [];
    this.bubble.hidden = !marks.length;
    this.bubble.replaceChildren(...marks.map((mark) => {
      const said = document.createElement("p");
      said.className = mark.severity === "warning" ? "wary" : "wrong";
      const message = document.createElement("b");
      message.textContent = mark.message;
      said.append(message);
      if (mark.hint) said.append(document.createElement("br"), mark.hint);
      return said;
    }));
    this.bubbleAt = marks.length ? { line, column: Math.min(...marks.map((mark) => mark.column)) } : null;
    this.place();
  }

  place() {
    if (this.bubble.hidden || !this.bubbleAt) return;
    const { left, bottom } = this.point(this.bubbleAt.line, this.bubbleAt.column);
    this.bubble.style.insetInlineStart = `${Math.max(4, Math.min(left, this.paper.clientWidth - this.bubble.offsetWidth - 8))}px`;
    this.bubble.style.insetBlockStart = `${bottom + 2}px`;
  }

  /**
   * Go to a place and select what stands there.
   * @param {number} line
   * @param {number} column
   * @param {number} width
   */
  go(line, column, width) {
    const lines = this.textarea.value.split("\n");
    let at = Math.max(0, column - 1);
    for (const text of lines.slice(0, line - 1)) at += text.length + 1;
    this.textarea.focus();
    this.textarea.setSelectionRange(at, Math.min(at + width, this.textarea.value.length));
    const height = parseFloat(getComputedStyle(this.textarea).lineHeight) || 18;
    this.textarea.scrollTop = Math.max(0, (line - 1) * height - this.textarea.clientHeight / 3);
    this.follow();
    this.here();
  }

  /**
   * Type a text in place of what is selected, so that undo knows of it.
   * @param {string} text
   */
  type(text) {
    this.textarea.focus();
    if (!document.execCommand("insertText", false, text)) {
      const { selectionStart, selectionEnd } = this.textarea;
      this.textarea.setRangeText(text, selectionStart, selectionEnd, "end");
      this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.defaultPrevented) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing) {
      event.preventDefault();
      const before = this.textarea.value.slice(0, this.textarea.selectionStart);
      const line = before.slice(before.lastIndexOf("\n") + 1);
      const indent = /^ */.exec(line)?.[0] ?? "";
      const after = this.textarea.value[this.textarea.selectionStart] ?? "";
      if (/[([{]\s*$/.test(line)) {
        const closes = /[)\]}]/.test(after);
        this.type(`\n${indent}    ${closes ? `\n${indent}` : ""}`);
        if (closes) {
          const at = this.textarea.selectionStart - indent.length - 1;
          this.textarea.setSelectionRange(at, at);
        }
      } else this.type(`\n${indent}`);
      // Typing by command does not bring the caret of the new line into sight.
      this.textarea.scrollLeft = 0;
      this.follow();
    } else if (event.ctrlKey && (event.key === "]" || event.key === "[")) {
      event.preventDefault();
      this.indent(event.key === "]");
    } else if (event.key === "Escape") this.bubble.hidden = true;
  }

  /** @param {boolean} more */
  indent(more) {
    const { value, selectionStart, selectionEnd } = this.textarea;
    const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
    const to = selectionEnd > selectionStart && value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd;
    const end = value.indexOf("\n", to) < 0 ? value.length : value.indexOf("\n", to);
    const lines = value.slice(from, end).split("\n");
    const text = lines.map((line) => (more ? `    ${line}` : line.replace(/^ {1,4}/, ""))).join("\n");
    this.textarea.setSelectionRange(from, end);
    this.type(text);
    this.textarea.setSelectionRange(from, from + text.length);
  }
}
