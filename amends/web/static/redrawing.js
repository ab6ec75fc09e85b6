"use strict";
/* A form that the server draws again while somebody goes on filling it in: what was entered, chosen or uploaded meanwhile stays,
   and the cursor with it. The page remembers what it sent and carries over what differs from that when the answer comes. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const ENTERED = "textarea[name], input[name]:not([type=hidden]):not([type=file]), select[name]";
  const isChoice = (control) => ["radio", "checkbox"].includes(control.type);
  const keyOf = (control) => (isChoice(control) ? `${control.name}=${control.value}` : control.name);
  const fileOf = (row) => { const kept = $("input[type=hidden]", row); return kept ? kept.value : ""; };
  const boxesIn = (root) => new Map($$("[data-upload-box]", root).map((box) => [box.dataset.name, box]));

  const stateOf = (root) => ({
    entered: new Map($$(ENTERED, root).map((control) => [keyOf(control), isChoice(control) ? control.checked : control.value])),
    files: new Set($$("[data-upload-box] .file-row", root).map(fileOf).filter(Boolean)),
  });
  const changedSince = (sent, root) => {
    const now = stateOf(root);
    return {
      entered: [...now.entered].filter(([key, value]) => sent.entered.has(key) && sent.entered.get(key) !== value),
      removed: new Set([...sent.files].filter((file) => !now.files.has(file))),
      rows: [...boxesIn(root)].flatMap(([name, box]) => $$(".file-row", box).filter((row) => !sent.files.has(fileOf(row))).map((row) => [name, row])),
    };
  };
  const carryOver = ({ entered, removed, rows }, root) => {
    const controls = new Map($$(ENTERED, root).map((control) => [keyOf(control), control]));
    entered.filter(([key]) => controls.has(key)).forEach(([key, value]) => {
      const control = controls.get(key);
      if (isChoice(control)) control.checked = value;
      else if (control.tagName !== "SELECT" || [...control.options].some((option) => option.value === value)) control.value = value;
    });
    $$("[data-upload-box] .file-row", root).filter((row) => removed.has(fileOf(row))).forEach((row) => row.remove());
    const boxes = boxesIn(root);
    rows.filter(([name]) => boxes.has(name)).forEach(([name, row]) => $(".file-list", boxes.get(name)).append(row));
  };

  let changed = null;
  let opened = new Set();
  let active = "";
  /* What must be over before the form is drawn anew, by the event that ends it. Drawn in between, a word that is being put together
     with an input method is torn apart, and a button or choice is gone from under the pointer before it is let go: no click. */
  const busy = new Set();
  const lasts = (begin, ...ends) => {
    document.addEventListener(begin, (event) => { if (!event.target.closest("select")) busy.add(begin); }, true);
    ends.forEach((end) => document.addEventListener(end, () => { if (busy.delete(begin) && !busy.size) setTimeout(drawHeld); }, true));
  };
  let held = null;
  const drawHeld = () => {
    if (!held || busy.size) return;
    const [control, form] = [held, held.closest("form")];
    held = null;
    if (form && !form.dataset.sent) control.dispatchEvent(new Event("change", { bubbles: true }));
  };
  lasts("compositionstart", "compositionend");
  lasts("pointerdown", "pointerup", "pointercancel", "dragend");
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target, requestConfig } = event.detail;
    if (!target || target.id !== "form-body") return;
    requestConfig.sent = stateOf(target);
    // Sending takes along all that was entered: an answer that knows less is of no use any more.
    if (elt.matches("form")) htmx.trigger(target, "htmx:abort");
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "form-body") return;
    const { elt, sent } = event.detail.requestConfig;
    if (busy.size && !elt.matches("form")) {
      event.detail.shouldSwap = false;
      held = elt;
      return;
    }
    active = document.activeElement ? document.activeElement.id : "";
    changed = sent ? changedSince(sent, event.target) : null;
    opened = new Set($$("details[data-section][open]", event.target).map((box) => box.dataset.section));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "form-body") return;
    const sent = event.detail.requestConfig && event.detail.requestConfig.parameters;
    const given = (name) => sent && (sent[name] || (sent.get && sent.get(name)));
    if (changed) carryOver(changed, event.target);
    changed = null;
    $$("details[data-section]", event.target).forEach((box) => { if (opened.has(box.dataset.section)) box.open = true; });
    amends.dress(event.target);
    // Pickers are made anew, so the browser could not put the cursor back into theirs.
    if (document.activeElement === document.body && active && document.getElementById(active)) document.getElementById(active).focus();
    const faults = $(".faults", event.target);
    if (given("_add")) amends.focusOn($(`[data-rows="${CSS.escape(given("_add"))}"] .row-card:last-of-type`, event.target));
    else if (given("_remove")) amends.focusOn($(`[data-rows="${CSS.escape(given("_remove").replace(/-\d+$/, ""))}"]`, event.target));
    else if (faults && !given("_redraw")) faults.focus();
  });
})();
