"use strict";
/* Guidance while somebody writes: a phrase put into the field, words that are better avoided. Nothing here keeps anybody from sending. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const NARROW = matchMedia("(max-width: 1100px)");
  let last = null;
  document.addEventListener("focusin", (event) => { if (event.target.matches("textarea")) last = event.target; });

  /* On a small screen guidance waits behind its title, until somebody asks for it. */
  const fold = (root) => { if (NARROW.matches) $$("[data-guide][open]", root).forEach((guide) => { guide.open = false; }); };

  const formOf = (button) => document.getElementById(button.dataset.form || "") || button.closest("form");
  const fieldFor = (button, form) => {
    const named = button.dataset.into && form.elements[button.dataset.into];
    if (named && named.matches && named.matches("textarea, input")) return named;
    if (last && last.form === form && last.isConnected) return last;
    return $("textarea", form);
  };
  const put = (field, text) => {
    for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const begin = field.selectionStart, end = field.selectionEnd;
    const before = begin > 0 && !/\s$/.test(field.value.slice(0, begin)) ? "\n" : "";
    field.setRangeText(before + text, begin, end, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const form = formOf(button), field = form && fieldFor(button, form), say = button.closest(".say");
    if (!field) return;
    put(field, $("[data-say]", say).textContent);
    say.classList.add("is-used");
    if (!$("input[name=_phrase]", say)) {
      const used = Object.assign(document.createElement("input"), { type: "hidden", name: "_phrase", value: button.dataset.insert });
      if (button.dataset.form) used.setAttribute("form", button.dataset.form);
      say.append(used);
    }
    const read = $("[data-read]", button.closest("[data-guide]"));
    read.hidden = false;
    $("input", read).checked = false;
  });

  /* An earlier answer goes into the field in which this question is answered, to be made one's own there. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    const form = button && formOf(button), field = form && form.elements[button.dataset.take];
    if (!field) return;
    field.setSelectionRange(field.value.length, field.value.length);
    put(field, $("[data-say]", button.closest(".say")).textContent);
    button.closest(".say").classList.add("is-used");
  });

  /* Words to avoid: said once below the field, gone when the word is. */
  const avoided = () => $$("[data-avoid] dt").map((dt) => [dt.textContent, dt.nextElementSibling.textContent]);
  const warn = (field) => {
    const box = field.closest("[data-field]");
    if (!box) return;
    const found = avoided().filter(([word]) => field.value.includes(word));
    let note = $(":scope > .field-warning", box);
    if (!found.length) { if (note) note.remove(); return; }
    if (!note) { note = document.createElement("div"); note.className = "field-warning"; note.setAttribute("role", "status"); box.append(note); }
    note.textContent = found.map(([word, instead]) => `“${word}”：${instead}`).join(" ");
  };
  document.addEventListener("input", (event) => { if (event.target.matches("textarea")) warn(event.target); });

  /* What was open stays open when the guidance is drawn again. The second event is told of other places than the first. */
  let open = null;
  const stateOf = (guide) => ({ guide: guide.open, says: new Set($$(".say[open] > summary", guide).map((summary) => summary.textContent)) });
  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (event.target.id !== "guidance") return;
    const guide = $("[data-guide]", event.target);
    open = guide ? stateOf(guide) : { guide: !NARROW.matches, says: new Set() };
  });
  document.body.addEventListener("htmx:oobAfterSwap", () => {
    const guide = open && $("#guidance [data-guide]");
    if (!guide) return;
    guide.open = open.guide;
    $$(".say", guide).forEach((say) => { if (open.says.has($("summary", say).textContent)) say.open = true; });
    open = null;
  });

  document.addEventListener("DOMContentLoaded", () => fold(document));
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "drawer-body") fold(event.target); });
})();
