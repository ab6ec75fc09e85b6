"use strict";
/* Filling in forms: keys, proposals, amounts. What may be entered is decided by the server alone. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const CONTROL = "input:not([type=hidden]):not([type=file]):not([tabindex='-1']), textarea, select:not([tabindex='-1'])";
  const fire = (element, name) => element.dispatchEvent(new Event(name, { bubbles: true }));
  const isShown = (element) => element.getClientRects().length > 0;

  /* A chat that was exported to a file is read into its field, and the file goes along as it is. */
  document.addEventListener("change", async (event) => {
    const input = event.target;
    if (!input.matches("[data-reads-into]") || !input.files.length) return;
    const [file] = input.files, form = input.closest("form"), field = document.getElementById(input.dataset.readsInto);
    const bytes = await file.arrayBuffer();
    let text;
    try { text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { text = new TextDecoder("gb18030").decode(bytes); }
    field.value = text.replace(/^\uFEFF/, "");
    fire(field, "input");
    const files = $("[data-upload-box] input[type=file]", form);
    if (files) {
      const brought = new DataTransfer();
      brought.items.add(file);
      files.files = brought.files;
      fire(files, "change");
    }
    input.value = "";
  });

  /* Going to a field: it may be a group, lie in a folded section, or be a select behind a picker. */
  const focusOn = (place) => {
    if (!place) return;
    for (let box = place.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const picker = place.closest(".picker") || $(".picker", place);
    const within = picker && picker.dataset.made ? $("input", picker) : place.matches(CONTROL) ? place : $("input:checked", place) || $(CONTROL, place) || $("input[type=file]", place);
    (within || place).focus();
    place.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".faults a[href^='#f-']");
    if (!link) return;
    const place = document.getElementById(link.getAttribute("href").slice(1));
    if (place) { event.preventDefault(); focusOn(place); }
  });

  /* Keys. Enter (in a long text Alt+Enter) goes on to the next field that has to be filled in, Ctrl+Enter sends, a digit or
     letter takes a pill. */
  const isBlank = (box) => {
    if ($("input[type=radio], input[type=checkbox]", box)) return !$("input:checked", box);
    if (box.classList.contains("field-files")) return !$(".file-row input[type=hidden]", box);
    return $$("input:not([type=hidden]):not([type=file]), textarea, select", box).every((control) => !control.value.trim());
  };
  const isDrawn = (form) => $("#form-body .htmx-request", form) !== null;
  /* What is typed after the return key while the form is still drawn again: it goes into the field the cursor comes to. */
  let ahead = null;
  const goOn = (form, from, keys = []) => {
    if (isDrawn(form)) {
      // A field may be about to appear: the cursor moves once the form stands.
      ahead = keys;
      document.body.addEventListener("htmx:afterRequest", () => setTimeout(() => {
        ahead = null;
        goOn(form, document.getElementById(from.id) || from, keys);
      }), { once: true });
      return;
    }
    const fields = $$("[data-field][data-required]", form).filter((box) => isShown(box) && !$("[data-field][data-required]", box));
    const here = fields.findIndex((box) => from.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING && !box.contains(from));
    const order = here < 0 ? fields : [...fields.slice(here), ...fields.slice(0, here)];
    const next = order.find((box) => !box.contains(from) && isBlank(box));
    focusOn(next || $(".form-foot [type=submit]", form));
    press(form, keys);
  };
  const press = (form, keys) => {
    while (keys.length) {
      const key = keys.shift();
      const field = document.activeElement;
      if (key === "Enter") { goOn(form, field, keys); return; }
      const group = field.closest("[data-pills]");
      if (group) choose(group, placeOf(key));
      else document.execCommand("insertText", false, key);
    }
  };
  const placeOf = (key) => (/^[1-9]$/.test(key) ? Number(key) - 1 : /^[a-z]$/.test(key) ? key.charCodeAt(0) - 88 : -1);
  const choose = (group, index) => {
    const choice = $$("input", group)[index];
    if (!choice) return false;
    choice.focus();
    if (!choice.checked) choice.click();
    return true;
  };
  const clear = (group) => {
    const chosen = $("input:checked", group);
    if (!chosen) return;
    chosen.checked = false;
    fire(chosen, "change");
  };
  document.addEventListener("keydown", (event) => {
    const chord = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    const form = event.target.form || (chord && $("dialog[open] form[data-once]")) || (chord && !$("dialog[open]") && $("main form[data-once]"));
    if (!form || !form.matches("form[data-once]") || event.isComposing) return;
    if (ahead && (event.key.length === 1 || event.key === "Enter") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      ahead.push(event.key);
      return;
    }
    // At the portal the return key goes on to the next page, as customers know it.
    const isLetter = !$(".form-foot", form);
    if (chord && !isLetter) {
      event.preventDefault();
      form.requestSubmit($(".form-foot [type=submit]", form));
      return;
    }
    const field = event.target;
    if (event.key === "Enter" && event.altKey && !isLetter) { event.preventDefault(); goOn(form, field); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && !isLetter && field.matches("input:not([type=submit]), select") && field.getAttribute("aria-expanded") !== "true") {
      event.preventDefault();
      goOn(form, field);
      return;
    }
    const group = field.closest("[data-pills]");
    if (!group) return;
    if (["Delete", "Backspace"].includes(event.key) && "clearable" in group.dataset) { event.preventDefault(); clear(group); return; }
    if (choose(group, placeOf(event.key))) { event.preventDefault(); event.stopPropagation(); }
  }, true);
  /* A second click on the pill that is chosen takes it back, where nothing has to be chosen. */
  document.addEventListener("mousedown", (event) => {
    const pill = event.target.closest("[data-pills][data-clearable] .pill");
    if (!pill || !$("input", pill).checked) return;
    pill.addEventListener("click", (click) => { click.preventDefault(); clear(pill.parentElement); }, { once: true });
  });

  /* Proposals and offers are taken with one click. */
  document.addEventListener("click", (event) => {
    const proposed = event.target.closest("[data-choose]");
    if (proposed) {
      const form = proposed.closest("form");
      const controls = [...form.elements].filter((control) => control.name === proposed.dataset.choose);
      const control = controls.find((one) => one.tagName === "SELECT") || controls.find((one) => one.value === proposed.dataset.value);
      if (!control) return;
      if (control.tagName === "SELECT") { control.value = proposed.dataset.value; fire(control, "change"); } else if (!control.checked) control.click();
      proposed.remove();
      if (isShown(control)) control.focus();
    }
    const offered = event.target.closest("[data-fill]");
    if (offered) {
      const field = document.getElementById(offered.dataset.fill);
      field.value = offered.dataset.value;
      fire(field, "input");
      fire(field, "change");
      field.focus();
    }
    const now = event.target.closest("[data-now]");
    if (now) {
      const field = document.getElementById(now.dataset.now);
      const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: now.dataset.zone, dateStyle: "short", timeStyle: "short" }).format(new Date());
      field.value = field.type === "date" ? parts.slice(0, 10) : parts.replace(" ", "T");
      fire(field, "change");
    }
  });

  /* Amounts are shown with their thousands; the server reads them with and without. */
  const inThousands = (text) => {
    const plain = text.replace(/[,，\s]/g, "");
    if (!/^-?\d{1,15}(\.\d{1,2})?$/.test(plain)) return text;
    const [whole, cents] = plain.split(".");
    return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (cents === undefined ? "" : `.${cents}`);
  };
  document.addEventListener("focusout", (event) => {
    if (event.target.matches("[data-money]")) event.target.value = inThousands(event.target.value);
  });

  /* Letters left. */
  const count = (field) => {
    const limit = Number(field.dataset.limit);
    if (!limit) return;
    const length = [...field.value.trim()].length;
    let box = field.parentElement.querySelector(":scope > .field-count");
    if (length < limit * 0.8) { if (box) box.remove(); return; }
    if (!box) { box = document.createElement("div"); box.className = "field-count"; field.after(box); }
    box.textContent = `${length} / ${limit}`;
    box.classList.toggle("is-over", length > limit);
  };
  document.addEventListener("input", (event) => { if (event.target.matches("[data-limit]")) count(event.target); });

  const dress = (root) => {
    $$("[data-limit]", root).forEach(count);
    $$("[data-picker]", root).forEach(amends.makePicker);
    $$("[data-money]", root).forEach((field) => { field.value = inThousands(field.value); });
  };

  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "drawer-body") dress(event.target); });
  const faults = $(".faults");
  if (faults) faults.focus();
  Object.assign(amends, { focusOn, dress });
  dress(document);
})();
