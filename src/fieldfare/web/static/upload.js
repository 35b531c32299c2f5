// @ts-check
/** Sending a file with a form, with its progress told on the way. */

/**
 * Send a form's fields with one file; the promise always resolves, with status 0 where no answer came.
 * @param {HTMLFormElement} form
 * @param {File | null} file in the place of what stands in its file field
 * @param {string} accept
 * @param {(sent: number) => void} told of the share that is sent, 0 to 1
 * @returns {Promise<{ status: number, text: string }>}
 */
export function send(form, file, accept, told) {
  const body = new FormData();
  for (const [name, value] of new FormData(form)) if (!(value instanceof File)) body.append(name, value);
  if (file) body.append("file", file, file.name);
  return new Promise((resolve) => {
    const call = new XMLHttpRequest();
    call.open("POST", form.getAttribute("action") ?? "");
    call.setRequestHeader("Accept", accept);
    call.setRequestHeader("X-CSRF-Token", String(body.get("csrf") ?? ""));
    call.upload.addEventListener("progress", (event) => told(event.lengthComputable ? event.loaded / event.total : 0));
    call.upload.addEventListener("load", () => told(1));
    call.addEventListener("load", () => resolve({ status: call.status, text: call.responseText }));
    for (const end of ["error", "abort", "timeout"]) call.addEventListener(end, () => resolve({ status: 0, text: "" }));
    call.send(body);
  });
}

/**
 * Let files be dropped onto a form, as if they had been chosen in its file field.
 * @param {HTMLFormElement} form
 * @param {(files: File[]) => void} take
 */
export function takeDrops(form, take) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  const isOver = (/** @type {boolean} */ is) => form.classList.toggle("over", is);
  form.addEventListener("dragover", (event) => { event.preventDefault(); isOver(true); });
  form.addEventListener("dragleave", (event) => { if (!form.contains(/** @type {Node | null} */ (event.relatedTarget))) isOver(false); });
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    isOver(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
  field.addEventListener("change", () => { if (field.files?.length) take([...field.files]); });
}

/** @param {number} bytes */
export function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
