"use strict";
/* Working without a mouse: single keys outside of fields. They can be switched off, for people who dictate. */
(() => {
  const PAUSE = 1200;
  const SWITCH = "amends-keys";
  const box = document.getElementById("keys");
  const isOn = () => { try { return localStorage.getItem(SWITCH) !== "off"; } catch { return true; } };
  const isTyping = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  let leader = 0;

  const show = () => { if (box && !box.open) box.showModal(); };
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement && document.activeElement.closest("[data-row]"));
    const next = all[Math.min(Math.max(at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step, 0), all.length - 1)];
    const link = next.querySelector("[data-row-link]") || next;
    link.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const tick = () => {
    const row = document.activeElement && document.activeElement.closest("[data-row]");
    const mark = row && row.querySelector("input[type=checkbox]");
    if (mark) mark.click();
  };
  const go = (key) => {
    const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
    if (link) link.click();
  };
  const search = () => {
    const field = document.querySelector("main [data-search]") || document.querySelector("[data-search]");
    const side = document.getElementById("side");
    if (!field) return;
    if (side && side.contains(field)) side.classList.add("is-open");
    field.focus();
    field.select();
  };
  const ACTS = { "/": search, "?": show, j: () => move(1), k: () => move(-1), x: tick };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !isOn()) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const led = Date.now() - leader < PAUSE;
    leader = 0;
    if (led) { event.preventDefault(); go(event.key); return; }
    if (event.key === "g") { leader = Date.now(); return; }
    const act = ACTS[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-keys]")) show();
    if (box && (event.target.closest("[data-close-keys]") || event.target === box)) box.close();
  });
  const mark = document.querySelector("[data-keys-on]");
  if (mark) {
    mark.checked = isOn();
    mark.addEventListener("change", () => { try { localStorage.setItem(SWITCH, mark.checked ? "on" : "off"); } catch { /* nothing is kept */ } });
  }
})();
