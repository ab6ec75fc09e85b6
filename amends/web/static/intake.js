"use strict";
/* The intake page: where the cursor begins, and a number that a telephone system hands over in the address. */
(() => {
  const form = document.getElementById("intake-form");
  if (!form) return;

  /* #phone=… never reaches the server with the address; it is taken over and wiped from the history. */
  const handed = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const phone = (given.get("phone") || "").slice(0, 40);
    if (!phone) return false;
    history.replaceState(null, "", location.pathname + location.search);
    const field = form.elements.complainant_phone;
    if (!field || field.value) return false;
    field.value = phone;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  window.addEventListener("hashchange", handed);

  const begin = () => {
    const box = [...form.querySelectorAll("#form-body [data-field][data-required]")].find((one) => one.getClientRects().length && !one.querySelector("input:checked") &&
      [...one.querySelectorAll("input:not([type=hidden]):not([type=file]), textarea, select")].every((control) => control.type === "radio" || control.type === "checkbox" || !control.value.trim()));
    if (box) amends.focusOn(box);
  };
  handed();
  if (!document.querySelector(".faults")) begin();

  /* After the caller was recognised or the call taken, the page looks for earlier cases and goes on to what is missing. */
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "form-body") return;
    const sent = event.detail.requestConfig.parameters;
    const given = (name) => sent && (sent[name] || (sent.get && sent.get(name)));
    if (given("_call") || given("_caller")) { htmx.trigger(document.body, "look-up"); begin(); }
  });
})();
