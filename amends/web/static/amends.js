"use strict";
/* What pages do beside showing: a drawer for forms, uploads that stay, drafts kept on the server. No rule lives here. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const TYPED = "textarea, input:not([type=radio]):not([type=checkbox]):not([type=hidden]):not([type=file]), select";

  const token = () => {
    try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch { return ""; }
  };
  const show = (id) => { const box = document.getElementById(id); if (box) box.hidden = false; };

  /* The drawer. */
  const drawer = $("#drawer");
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "drawer-body" || !drawer) return;
    if (!drawer.open) drawer.showModal();
    const first = $("[autofocus], .faults, .form-control, .form-select, .pill input", drawer);
    if (first) first.focus();
  });
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-drawer]");
    if (close && drawer && drawer.open) { event.preventDefault(); drawer.close(); }
    if (event.target === drawer) drawer.close();
    const toggle = event.target.closest("[data-toggle]");
    if (toggle) {
      const open = document.getElementById(toggle.dataset.toggle).classList.toggle("is-open");
      toggle.setAttribute("aria-expanded", String(open));
    }
    const remove = event.target.closest("[data-remove-file]");
    if (remove) { dirty(remove.closest("form")); remove.closest(".file-row").remove(); }
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.dataset.copy);
      copy.classList.add("is-copied");
      setTimeout(() => copy.classList.remove("is-copied"), 1200);
    }
    const print = event.target.closest("[data-print]");
    if (print) window.print();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  /* What is typed while the server draws the form again stays. */
  let typed = new Map();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "form-body") return;
    typed = new Map($$(TYPED, event.target).filter((field) => field.id).map((field) => [field.id, field.value]));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "form-body") return;
    const asked = event.detail.requestConfig && event.detail.requestConfig.parameters;
    const redrawn = asked && (asked._redraw || (asked.get && asked.get("_redraw")));
    if (redrawn) typed.forEach((value, id) => {
      const field = document.getElementById(id);
      if (field && field.tagName !== "SELECT" && field.value !== value) field.value = value;
    });
    typed = new Map();
    countAll(event.target);
  });

  /* A second click sends nothing. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (event.submitter && event.submitter.name && event.submitter.name.startsWith("_")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest && event.target.closest("form[data-once]");
    if (form) delete form.dataset.sent;
  });

  /* Uploads stay with the form; the input is emptied so that nothing is sent twice. */
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const input = event.target;
    if (input.matches && input.matches("[data-upload]")) { input.value = ""; dirty(input.form); }
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
  const countAll = (root) => $$("[data-limit]", root).forEach(count);
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-limit]")) count(event.target);
    if (event.target.form) dirty(event.target.form);
  });
  document.addEventListener("change", (event) => { if (event.target.form) dirty(event.target.form); });

  /* Drafts: every five seconds, when something changed. */
  const EVERY = 5000;
  const dirty = (form) => { if (form && form.dataset.draft) form.dataset.dirty = "yes"; };
  const save = async (form) => {
    delete form.dataset.dirty;
    const body = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrfmiddlewaretoken") body.append(name, value);
    }
    body.append("_place", form.dataset.draft);
    const mark = $("[data-draft-mark]", form);
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body, headers: { "X-CSRFToken": token(), "HX-Request": "true" } });
      if (answer.status === 401) show("signed-out");
      if (answer.ok && mark) mark.textContent = await answer.text();
      if (!answer.ok) form.dataset.dirty = "yes";
    } catch { form.dataset.dirty = "yes"; }
  };
  setInterval(() => $$("form[data-draft][data-dirty]").forEach(save), EVERY);

  document.body.addEventListener("signed-out", () => show("signed-out"));
  document.body.addEventListener("htmx:sendError", () => show("trouble"));
  document.body.addEventListener("htmx:responseError", (event) => {
    show(event.detail.xhr.status === 401 ? "signed-out" : "trouble");
  });

  const faults = $(".faults");
  if (faults) faults.focus();
  countAll(document);
})();
