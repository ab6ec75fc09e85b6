"use strict";
/* What pages do beside showing: a drawer for forms, menus, copying. No rule lives here. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);

  /* The drawer. */
  const drawer = $("#drawer");
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "drawer-body" || !drawer) return;
    if (!drawer.open) drawer.showModal();
    const first = $("[autofocus], .faults, .form-control, .form-select, .pill input", drawer);
    if (first) first.focus();
  });
  /* Only a press that also began beside the drawer closes it. */
  let pressed = null;
  document.addEventListener("mousedown", (event) => { pressed = event.target; });
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-drawer]");
    if (close && drawer && drawer.open) { event.preventDefault(); drawer.close(); }
    if (drawer && event.target === drawer && pressed === drawer) drawer.close();
    const toggle = event.target.closest("[data-toggle]");
    if (toggle) {
      const open = document.getElementById(toggle.dataset.toggle).classList.toggle("is-open");
      toggle.setAttribute("aria-expanded", String(open));
    }
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

  /* On a narrow screen the open tab may lie beyond the edge of its row. */
  for (const tab of document.querySelectorAll(".tabs > [aria-current], .reader-nav > [aria-current]")) {
    const row = tab.parentElement;
    row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }

  /* The place where one is may lie below the edge of the menu, and a form that was refused below that of the window. */
  const here = $(".side-nav [aria-current]"), fault = $("main .has-error");
  if (here) here.scrollIntoView({ block: "nearest" });
  if (fault && !$("main .faults")) fault.scrollIntoView({ block: "center" });

  /* Something did not work, and no form says so itself. It is said above an open drawer too, until something works again. */
  const trouble = $("#trouble");
  const isTrouble = (is) => {
    if (!trouble) return;
    trouble.hidden = !is;
    if (trouble.togglePopover) trouble.togglePopover(is);
  };
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => document.body.addEventListener(name, () => isTrouble(true)));
  document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) isTrouble(false); });
})();
