"use strict";
/* Sending what was typed, and losing none of it: once, again when the connection is lost, after signing in again, and as a
   draft on the server in between. The key of a form stays the same, so that sending it again makes nothing twice. */
var amends = window.amends || {};
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const SENT_FOR = 60000;
  const WRITER = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);

  const page = {
    get token() { try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch { return ""; } },
    set token(value) {
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": value }));
      $$("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = value; });
    },
  };
  /* A form in a drawer that was closed is called off. */
  const isShown = (form) => form.getClientRects().length > 0;
  const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  /* Sending: once, after the uploads, and again by itself when the connection is lost. The key of the form stays the same. */
  const state = (form, name, values = {}) => {
    const box = $("[data-send-state]", form);
    if (!box) return;
    box.textContent = name ? filled(box.dataset[name] || "", values) : "";
    box.hidden = !name;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (event.submitter && event.submitter.name && event.submitter.name.startsWith("_")) return;
    if (amends.uploading) {
      event.preventDefault();
      event.stopPropagation();
      state(form, "uploading", { count: amends.uploading });
      if (form.dataset.waits) return;
      form.dataset.waits = "yes";
      const refused = $$(".file-refused", form).length;
      document.addEventListener("uploads-done", () => {
        delete form.dataset.waits;
        if (!isShown(form)) { state(form, ""); return; }
        // A file that was refused meanwhile is not left behind unseen: whoever sends the form decides to go without it.
        if ($$(".file-refused", form).length > refused) { state(form, "notUploaded"); return; }
        state(form, "");
        form.requestSubmit($(".form-foot [type=submit]", form));
      }, { once: true });
      return;
    }
    if (form.dataset.sent) { event.preventDefault(); event.stopPropagation(); return; }
    form.dataset.sent = "yes";
    if (!form.hasAttribute("hx-post")) setTimeout(() => delete form.dataset.sent, SENT_FOR);
  }, true);
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.matches("form[data-once]") ? event.detail.elt : null;
    if (!form) return;
    delete form.dataset.sent;
    if (event.detail.xhr && event.detail.xhr.getResponseHeader("HX-Redirect")) { delete form.dataset.draft; delete form.dataset.dirty; delete form.dataset.doing; }
    if (event.detail.successful || (event.detail.xhr && event.detail.xhr.status < 500 && event.detail.xhr.status !== 0)) { form.dataset.tries = 0; state(form, ""); }
  });
  const WAITS = [2, 4, 8, 15, 30];
  const sendAgain = (form) => {
    const tries = Number(form.dataset.tries || 0);
    const wait = WAITS[Math.min(tries, WAITS.length - 1)];
    form.dataset.tries = tries + 1;
    state(form, "lost", { count: tries + 1, wait });
    let over = false;
    const go = () => { if (over || !isShown(form)) return; over = true; window.removeEventListener("online", go); form.requestSubmit($(".form-foot [type=submit]", form)); };
    window.addEventListener("online", go);
    setTimeout(go, wait * 1000);
  };
  const isSending = (event) => event.detail.elt && event.detail.elt.matches("form[data-once]") && $("[data-send-state][data-lost]", event.detail.elt);
  document.body.addEventListener("htmx:sendError", (event) => { if (isSending(event)) { event.stopImmediatePropagation(); sendAgain(event.detail.elt); } });
  document.body.addEventListener("htmx:timeout", (event) => { if (isSending(event)) { event.stopImmediatePropagation(); sendAgain(event.detail.elt); } });
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) { event.stopImmediatePropagation(); again.ask(event.detail.elt.matches("form[data-once]") ? event.detail.elt : null); } else if ([502, 503, 504, 507].includes(status) && isSending(event)) { event.stopImmediatePropagation(); sendAgain(event.detail.elt); }
  });
  /* A page that is older than the last sign-in carries an old token: it gets the new one and sends again. */
  const reader = (root) => { const field = $("#again [name=person]", root); return field ? field.value : ""; };
  const renew = async () => {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    const body = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    const held = JSON.parse(body.getAttribute("hx-headers") || "{}")["X-CSRFToken"];
    if (!held || reader(body) !== reader(document)) return false;
    page.token = held;
    return true;
  };
  const isOutdated = (status, text) => status === 403 && text.includes("data-csrf-refused");
  document.body.addEventListener("htmx:beforeSwap", async (event) => {
    const { xhr, requestConfig } = event.detail;
    if (!isOutdated(xhr.status, xhr.responseText)) return;
    event.detail.shouldSwap = false;
    const form = requestConfig.elt.closest("form");
    if (!form || form.dataset.renewed) return;
    form.dataset.renewed = "yes";
    setTimeout(() => delete form.dataset.renewed, 5000);
    if (await renew() && form === requestConfig.elt) { delete form.dataset.sent; form.requestSubmit($(".form-foot [type=submit]", form)); }
  });

  /* Signing in again without leaving the page. */
  const again = {
    box: $("#again"), form: null,
    goOn() {
      this.box.close();
      $$("form[data-draft]").forEach((draft) => { draft.dataset.dirty = "yes"; });
      const waiting = this.form;
      this.form = null;
      if (waiting && waiting.isConnected) waiting.requestSubmit($(".form-foot [type=submit]", waiting));
    },
    ask(form) {
      if (!this.box) return;
      if (form) this.form = form;
      if (!this.box.open) { this.box.showModal(); const field = $("[name=password]", this.box); if (field) { field.value = ""; field.focus(); } }
    },
  };
  document.body.addEventListener("signed-out", () => again.ask());
  if (again.box) $("form", again.box).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const said = $("[data-said]", form);
    said.textContent = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": page.token, Accept: "application/json" } });
      const told = answer.headers.get("Content-Type").includes("json") ? await answer.json() : { sentence: form.dataset.locked };
      if (!answer.ok) {
        const code = $("[data-code]", form);
        const asksFirst = told.wants_code && code.hidden;
        if (told.wants_code) code.hidden = false;
        said.textContent = asksFirst ? "" : told.sentence;
        $(told.wants_code ? "[name=code]" : "[name=password]", form).select();
        return;
      }
      page.token = told.token;
    } catch { said.textContent = form.dataset.lost; return; }
    again.goOn();
  });

  /* Drafts: every five seconds, when something changed, and when the page is left. */
  const EVERY = 5000;
  const dirty = (form) => { if (form && form.dataset.draft) form.dataset.dirty = "yes"; };
  /* Forms of which several can be open are kept each under its own key. */
  const placeOf = (form) => form.dataset.draft.endsWith(":") && form.elements._token ? form.dataset.draft + form.elements._token.value : form.dataset.draft;
  const contentOf = (form) => {
    const body = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrfmiddlewaretoken") body.append(name, value);
    }
    body.append("_place", placeOf(form));
    body.append("_writer", WRITER);
    body.append("_seen", form.dataset.seen || "");
    return body;
  };
  /* Once there is a draft, the address of the page leads to it: reloading, or coming back after a crash, finds it filled in. */
  const kept = (form, at) => {
    form.dataset.seen = at;
    if (form.dataset.draftAddress) history.replaceState(history.state, "", form.dataset.draftAddress + form.elements._token.value);
  };
  const save = async (form) => {
    delete form.dataset.dirty;
    const mark = $("[data-draft-mark]", form);
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: contentOf(form), headers: { "X-CSRFToken": page.token, "HX-Request": "true" } });
      if (answer.status === 409) {
        // Another window goes on with this draft: what stands here becomes a draft of its own.
        if (form.elements._token && answer.headers.get("Draft-Token")) form.elements._token.value = answer.headers.get("Draft-Token");
        form.dataset.seen = "";
        form.dataset.dirty = "yes";
        if (mark) mark.textContent = await answer.text();
        return;
      }
      if (answer.status === 401) again.ask();
      if (answer.status === 403 && isOutdated(403, await answer.clone().text())) await renew();
      if (answer.ok) { kept(form, answer.headers.get("Draft-Saved") || ""); if (mark) mark.textContent = await answer.text(); } else form.dataset.dirty = "yes";
    } catch {
      form.dataset.dirty = "yes";
      if (mark && mark.dataset.lost) mark.textContent = mark.dataset.lost;
    }
  };
  setInterval(async () => {
    if (!again.box || !again.box.open) { $$("form[data-draft][data-dirty]:not([data-sent])").forEach(save); return; }
    // Whoever signed in meanwhile in another window need not do it here as well.
    try { if (await renew()) again.goOn(); } catch { /* No connection: asked again in five seconds. */ }
  }, EVERY);
  window.addEventListener("pagehide", () => $$("form[data-draft][data-dirty]").forEach((form) => {
    if (form.dataset.sent) return;
    const body = contentOf(form);
    body.append("csrfmiddlewaretoken", page.token);
    navigator.sendBeacon(form.dataset.draftUrl, body);
  }));
  document.addEventListener("input", (event) => dirty(event.target.form));
  document.addEventListener("change", (event) => dirty(event.target.form));
  /* What was typed in a drawer a moment ago is there when the drawer is opened again. */
  document.addEventListener("close", (event) => $$("form[data-draft][data-dirty]:not([data-sent])", event.target).forEach(save), true);
  window.addEventListener("pageshow", (event) => { if (event.persisted) $$("form[data-once]").forEach((form) => delete form.dataset.sent); });

  Object.assign(amends, { page, filled, dirty, uploading: 0, askToSignIn: () => again.ask() });
})();
