"use strict";
/* Forms that are filled in where there is no connection. What is typed is written down on this phone at once; sent without a
   connection, it waits here and is sent once when the connection is back, under the key it got when it was begun. */
var amends = window.amends || {};
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const FORMS = "amends-forms";
  const PARTS = "amends-parts";
  const FRESH = 12 * 3600 * 1000;
  const KEPT_FOR = 7 * 24 * 3600 * 1000;
  const SHOWN_FOR = 24 * 3600 * 1000;
  const EVERY = 20000;
  const NOT_TYPED = new Set(["csrfmiddlewaretoken", "_token", "_version", "_desk"]);
  const bar = $("#waiting");
  if (!bar || !window.indexedDB) return;
  const { person, list: LIST } = bar.dataset;
  const isKept = "kept" in document.body.dataset;
  const hasWorker = () => Boolean(navigator.serviceWorker && navigator.serviceWorker.controller);
  const filled = amends.filled;
  const newKey = () => (crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("")).replaceAll("-", "");
  const clock = (at) => new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }).format(new Date(at));

  /* What is written down: a form under its key, each file beside it. */
  const opened = new Promise((done, lost) => {
    const asked = indexedDB.open("amends", 1);
    asked.onupgradeneeded = () => { asked.result.createObjectStore("forms", { keyPath: "key" }); asked.result.createObjectStore("files"); };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => lost(asked.error);
  });
  const within = async (store, mode, act) => {
    const transaction = (await opened).transaction(store, mode);
    const asked = act(transaction.objectStore(store));
    return new Promise((done, lost) => {
      transaction.oncomplete = () => done(asked.result);
      transaction.onabort = transaction.onerror = () => lost(transaction.error);
    });
  };
  const everyForm = () => within("forms", "readonly", (store) => store.getAll());
  const mine = async () => (await everyForm()).filter((one) => one.person === person).sort((a, b) => a.at - b.at);
  const put = (record) => within("forms", "readwrite", (store) => store.put(record));
  const fileOf = (key) => within("files", "readonly", (store) => store.get(key));
  const dropFiles = async (record) => { for (const file of record.files) if (file.held) await within("files", "readwrite", (store) => store.delete(file.held)); };
  const drop = async (record) => { await dropFiles(record); await within("forms", "readwrite", (store) => store.delete(record.key)); };

  /* A form on the page. */
  const keyOf = (form) => form.elements._token.value;
  const addressOf = (form) => new URL(form.getAttribute("action"), location.href).pathname;
  const fileFields = (form) => new Set($$("[data-upload-box]", form).map((box) => box.dataset.name));
  const typedIn = (form) => {
    const files = fileFields(form);
    return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_TYPED.has(name) && !files.has(name));
  };
  const filesIn = (form) => $$("[data-upload-box]", form).flatMap((box) => $$(".file-row:not(.file-refused):not(.is-uploading)", box).map((row) => {
    const kept = $("input[type=hidden]", row);
    return { field: box.dataset.name, name: $(".file-name", row).textContent, size: Number(row.dataset.size || 0), id: kept ? kept.value : "", held: row.dataset.held || "" };
  }));
  /* What was typed in the words of the form, to be read where the form is no longer to be had. */
  const labelOf = (box) => [...$(".field-label", box).childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent).join("").trim();
  const chosenIn = (control) => {
    if (control.tagName === "SELECT") return control.value ? control.selectedOptions[0].textContent.trim() : "";
    if (["radio", "checkbox"].includes(control.type)) return control.checked ? control.closest("label").textContent.trim() : "";
    return control.value.trim();
  };
  const readableIn = (form) => $$("[data-field]", form).filter((box) => $(".field-label", box)).map((box) => {
    const controls = $$("input:not([type=hidden]):not([type=file]), textarea, select", box);
    return [labelOf(box), controls.map(chosenIn).filter(Boolean).join(" ")];
  }).filter(([label, said]) => label && said);
  const recordOf = (form, state) => ({
    key: keyOf(form), person, address: addressOf(form), title: form.dataset.title, about: form.dataset.about, subject: form.dataset.subject,
    state, at: Date.now(), typed: typedIn(form), readable: readableIn(form), files: filesIn(form), why: [],
  });
  const mark = (form, sentence) => { const box = $("[data-draft-mark]", form); if (box) box.textContent = sentence; };
  const writing = new WeakMap();
  const write = (form) => {
    if (form.dataset.queued) return;
    if (writing.has(form)) { writing.set(form, "again"); return; }
    writing.set(form, "once");
    put(recordOf(form, "typing")).then(() => mark(form, filled(bar.dataset.sayWritten, { at: clock(Date.now()) })), () => mark(form, bar.dataset.sayFull)).finally(() => {
      const wasChanged = writing.get(form) === "again";
      writing.delete(form);
      if (wasChanged) write(form);
    });
  };
  const offlineForm = (element) => (element && element.closest ? element.closest("form[data-offline]") : null);
  ["input", "change"].forEach((name) => document.addEventListener(name, (event) => { const form = offlineForm(event.target); if (form) write(form); }));
  document.addEventListener("click", (event) => { const form = event.target.closest("[data-remove-file]") && offlineForm(event.target); if (form) setTimeout(() => write(form)); }, true);

  /* A file that can not go up now waits beside its form. */
  const heldRow = ({ name, size, id, held }, field) => {
    const row = $("#held-file").content.firstElementChild.cloneNode(true);
    row.dataset.size = size;
    $(".file-name", row).textContent = name;
    if (held) row.dataset.held = held;
    if (id) {
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: field, value: id });
      row.append(kept);
      $(".file-waits", row).remove();
    }
    return row;
  };
  const hold = async (box, file, row) => {
    const form = offlineForm(box);
    const held = newKey();
    await within("files", "readwrite", (store) => store.put(file, held));
    row.replaceWith(heldRow({ name: file.name, size: file.size, held }, box.dataset.name));
    write(form);
  };

  /* What was typed before comes back into its form. */
  const refill = (form, record) => {
    const left = new Map();
    record.typed.forEach(([name, value]) => left.set(name, [...(left.get(name) || []), value]));
    const files = fileFields(form);
    let redrawn = null;
    const controls = [...form.elements].filter((control) => control.name && control.type !== "file" && !NOT_TYPED.has(control.name) && !files.has(control.name));
    controls.forEach((control) => {
      const values = left.get(control.name) || [];
      if (["radio", "checkbox"].includes(control.type)) {
        if (control.checked !== values.includes(control.value)) redrawn = redrawn || control.closest("[data-field][hx-post]");
        control.checked = values.includes(control.value);
        return;
      }
      if (values.length && control.value !== values[0]) { control.value = values[0]; control.dispatchEvent(new Event("change")); }
      values.shift();
    });
    const drawn = new Set(controls.map((control) => control.name));
    left.forEach((values, name) => { if (!drawn.has(name)) values.forEach((value) => { const kept = document.createElement("input"); Object.assign(kept, { type: "hidden", name, value }); form.prepend(kept); }); });
    $$("[data-upload-box]", form).forEach((box) => {
      $$(".file-row", box).forEach((row) => row.remove());
      $(".file-list", box).append(...record.files.filter((file) => file.field === box.dataset.name).map((file) => heldRow(file, file.field)));
    });
    form.elements._token.value = record.key;
    if (redrawn && navigator.onLine) redrawn.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const said = (form, sentence, act) => {
    const box = $("#brought-back").content.firstElementChild.cloneNode(true);
    $("[data-brought]", box).textContent = sentence;
    $("button", box).addEventListener("click", act);
    form.before(box);
  };
  const bringBack = async (form) => {
    // A kept page is opened more than once: each time it is a new form.
    if (isKept) form.elements._token.value = newKey();
    const record = (await mine()).reverse().find((one) => one.state === "typing" && one.address === addressOf(form));
    if (!record || form.querySelector(".faults")) return;
    const offer = $(".draft-offer", form.parentElement.parentElement);
    if (offer && Date.parse(offer.dataset.savedAt) > record.at + EVERY && !record.files.some((file) => file.held)) return;
    if (offer) offer.remove();
    refill(form, record);
    said(form, filled(bar.dataset.sayBack, { at: clock(record.at) }), async () => { form.dataset.queued = "yes"; await drop(record); location.reload(); });
  };

  /* Sending without a connection. What has to be there is asked for at once: later the customer is gone. */
  const isEmpty = (box) => !box.querySelector("input:checked, .file-row:not(.file-refused)") &&
    [...box.querySelectorAll("input:not([type=hidden]):not([type=file]), textarea, select")].every((control) => ["radio", "checkbox"].includes(control.type) || !control.value.trim());
  const missing = (form) => $$("[data-field][data-required]", form).filter((box) => box.getClientRects().length && isEmpty(box));
  const waysToAnswer = { sign: ".field-signature, canvas", upload: "input[type=file]", choose: "select, input[type=radio], input[type=checkbox]" };
  const askingFor = (box) => {
    const [way] = Object.entries(waysToAnswer).find(([, mark]) => box.matches(mark) || box.querySelector(mark)) || ["missing"];
    return bar.dataset[`say${way[0].toUpperCase()}${way.slice(1)}`];
  };
  const askFor = (form, boxes) => {
    delete form.dataset.sent;
    const alert = $("#missing-fields").content.firstElementChild.cloneNode(true);
    const list = document.createElement("ul");
    alert.append(list);
    boxes.forEach((box) => {
      const [line, link, label] = [document.createElement("li"), document.createElement("a"), $(".field-label", box)];
      link.href = `#${label.id.replace(/-label$/, "")}`;
      link.textContent = filled(askingFor(box), { field: labelOf(box) });
      line.append(link);
      list.append(line);
    });
    $$(".faults", form).forEach((old) => old.remove());
    $("#form-body", form).prepend(alert);
    alert.focus();
  };
  const queue = async (form) => {
    const boxes = missing(form);
    if (boxes.length) { askFor(form, boxes); return; }
    form.dataset.queued = form.dataset.sent = "yes";
    delete form.dataset.draft;
    delete form.dataset.dirty;
    await put(recordOf(form, "waiting"));
    if (hasWorker() || navigator.onLine) { location.assign(LIST); return; }
    mark(form, bar.dataset.sayStay);
    await refresh();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-offline]") || event.defaultPrevented) return;
    if (event.submitter && event.submitter.name && event.submitter.name.startsWith("_")) {
      if (navigator.onLine && !isKept) return;
    } else if (navigator.onLine && !isKept && !$("[data-held]", form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(event.submitter && event.submitter.name)) queue(form);
  }, true);
  /* Lost on the way: a form waits, fields that would be drawn anew stay as they are, a link to a kept form leads to it. */
  const lost = async (event) => {
    const { elt } = event.detail;
    const form = offlineForm(elt);
    if (form) {
      event.stopImmediatePropagation();
      if (elt === form) queue(form);
      return;
    }
    if (elt.matches("a[href][hx-get]") && hasWorker() && await (await caches.open(FORMS)).match(elt.pathname, { ignoreSearch: true, ignoreVary: true })) location.assign(elt.href);
  };
  ["htmx:sendError", "htmx:timeout"].forEach((name) => document.body.addEventListener(name, lost));
  document.body.addEventListener("htmx:responseError", (event) => {
    const form = event.detail.elt.matches("form[data-offline]") ? event.detail.elt : null;
    if (form && event.detail.xhr.status >= 500) { event.stopImmediatePropagation(); queue(form); }
  });
  document.body.addEventListener("htmx:afterRequest", async (event) => {
    const form = event.detail.elt.matches("form[data-offline]") ? event.detail.elt : null;
    if (!form || !event.detail.xhr || !event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    form.dataset.queued = "yes";
    const record = (await mine()).find((one) => one.key === keyOf(form));
    if (record) await drop(record);
  });

  /* Sending what waits: through the page as it stands now, so that its version and the sign-in are the present ones. */
  let sending = "";
  const pageOf = async (address) => {
    const answer = await fetch(`${address}?kept=1`, { headers: { Accept: "text/html" }, redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) return { end: "signed-out" };
    if (answer.status >= 500) return { end: "later" };
    if (!answer.ok) return { end: "refused", why: [bar.dataset.sayGone], isGone: true };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = $("form[data-offline]", page);
    if (!form || $("#waiting", page).dataset.person !== person) return { end: "later" };
    return { form, token: JSON.parse(page.body.getAttribute("hx-headers"))["X-CSRFToken"] };
  };
  const post = (address, body, token) => fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token, "HX-Request": "true" }, redirect: "manual" });
  const sentences = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    return $$(".faults li, .alert-danger:not(.faults), .file-refused span", page).map((one) => one.textContent.trim()).filter(Boolean);
  };
  const endOf = async (answer) => {
    if (answer.status === 401 || answer.type === "opaqueredirect") return { end: "signed-out" };
    const html = await answer.text();
    if (answer.status >= 500 || answer.status === 429 || (answer.status === 403 && html.includes("data-csrf-refused"))) return { end: "later" };
    return { end: "refused", why: sentences(html).length ? sentences(html) : [bar.dataset.sayGone] };
  };
  const takeUp = async (record, form, token) => {
    for (const file of record.files.filter((one) => one.held && !one.id)) {
      const box = $(`[data-upload-box][data-name="${CSS.escape(file.field)}"]`, form);
      const body = new FormData();
      body.append(`_upload-${file.field}`, await fileOf(file.held), file.name);
      body.append("_desk", form.elements._desk.value);
      const answer = await post(box.dataset.url, body, token);
      if (!answer.ok) return endOf(answer);
      const html = await answer.text();
      const kept = $("input[type=hidden]", new DOMParser().parseFromString(html, "text/html"));
      if (!kept) return { end: "refused", why: sentences(html) };
      file.id = kept.value;
      await put(record);
    }
    return null;
  };
  /* On the phone stood fields too that may not be asked for: the server says which are, for what was typed. */
  const askedFor = async (record, form, token) => {
    if (!$("[data-foreseen]", form)) return null;
    const body = new FormData();
    record.typed.forEach(([name, value]) => body.append(name, value));
    body.append("_redraw", "1");
    const answer = await post(record.address, body, token);
    if (!answer.ok) return null;
    return new Set($$("[name]", new DOMParser().parseFromString(await answer.text(), "text/html")).map((one) => one.getAttribute("name")));
  };
  const send = async (record) => {
    const page = await pageOf(record.address);
    if (page.end) return page;
    const { form, token } = page;
    const stopped = await takeUp(record, form, token);
    if (stopped) return stopped;
    const asked = await askedFor(record, form, token);
    const body = new FormData();
    record.typed.filter(([name]) => !asked || asked.has(name)).forEach(([name, value]) => body.append(name, value));
    record.files.forEach((file) => body.append(file.field, file.id));
    ["_desk", "_version"].forEach((name) => body.append(name, form.elements[name].value));
    body.append("_token", record.key);
    const answer = await post(record.address, body, token);
    const leadsTo = answer.headers.get("HX-Redirect");
    return leadsTo ? { end: "received", leadsTo } : endOf(answer);
  };
  const received = async (record, leadsTo) => {
    await dropFiles(record);
    await put({ ...record, state: "received", at: Date.now(), typed: [], readable: [], files: [], leadsTo });
  };
  let isSignedOut = false;
  const sendAll = async () => {
    for (const record of (await mine()).filter((one) => one.state === "waiting")) {
      sending = record.key;
      await refresh();
      let found;
      try { found = await send(record); } catch { found = { end: "later" }; }
      sending = "";
      isSignedOut = found.end === "signed-out";
      if (found.end === "received") await received(record, found.leadsTo);
      if (found.end === "refused") await put({ ...record, state: "refused", why: found.why, isGone: Boolean(found.isGone) });
      if (["later", "signed-out"].includes(found.end)) break;
    }
    await refresh();
  };
  /* One window sends; the server would take the same form only once anyway. */
  let isBusy = false;
  const sendOnce = async () => {
    if (isBusy || !navigator.onLine) { await refresh(); return; }
    isBusy = true;
    try {
      if (navigator.locks) await navigator.locks.request("amends-sending", { ifAvailable: true }, (lock) => (lock ? sendAll() : refresh()));
      else await sendAll();
    } finally { isBusy = false; }
  };

  /* What the reader sees of it: a line above every page, and the list. */
  let waiting = 0;
  const refresh = async () => {
    const records = await mine();
    const count = (state) => records.filter((one) => one.state === state).length;
    const fresh = records.filter((one) => one.state === "received" && Date.now() - one.at < EVERY);
    waiting = count("waiting");
    const now = records.find((one) => one.key === sending);
    const words = [];
    if (now) words.push(filled(bar.dataset.saySending, { title: now.title }));
    else if (waiting) words.push(filled(isSignedOut ? bar.dataset.saySignIn : bar.dataset.sayWaiting, { count: waiting }));
    if (count("refused")) words.push(filled(bar.dataset.sayRefused, { count: count("refused") }));
    if (!words.length && fresh.length) words.push(filled(bar.dataset.sayReceived, { title: fresh.map((one) => one.title).join("、") }));
    bar.hidden = !words.length;
    $("[data-said]", bar).textContent = words.join(" ");
    $("[data-sign-in]", bar).hidden = !isSignedOut || !waiting;
    bar.classList.toggle("is-refused", count("refused") > 0);
    drawList(records);
  };
  const drawTyped = (box, record) => {
    const readable = record.readable || [];
    box.hidden = record.state !== "refused" || !readable.length;
    readable.forEach(([label, said]) => $("dl", box).append(Object.assign(document.createElement("dt"), { textContent: label }), Object.assign(document.createElement("dd"), { textContent: said })));
  };
  const drawList = (records) => {
    const box = $("#waiting-list");
    if (!box) return;
    const line = (record) => {
      const row = $("#waiting-line").content.firstElementChild.cloneNode(true);
      const state = record.key === sending ? "sending" : record.state;
      const link = $("[data-title]", row);
      link.textContent = record.title;
      if (["typing", "received"].includes(state)) link.href = state === "typing" ? record.address : record.leadsTo;
      $("[data-about]", row).textContent = [record.about, record.subject, clock(record.at)].filter(Boolean).join(" · ");
      $("[data-why]", row).textContent = record.why.join(" ");
      row.dataset.state = state;
      $("[data-state]", row).textContent = box.dataset[state];
      const change = $("[data-change]", row);
      change.hidden = record.isGone || !["refused", "waiting"].includes(state);
      drawTyped($("[data-typed]", row), record);
      change.addEventListener("click", async () => { await put({ ...record, state: "typing" }); location.assign(record.address); });
      const remove = $("[data-drop]", row);
      remove.hidden = state === "sending";
      remove.addEventListener("click", async () => { if (state === "received" || confirm(filled(box.dataset.sayDrop, { title: record.title }))) { await drop(record); await refresh(); } });
      return row;
    };
    const order = ["refused", "waiting", "typing", "received"];
    const sorted = [...records].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.at - b.at);
    box.replaceChildren(...sorted.map(line));
    $("#nothing-waits").hidden = records.length > 0;
    $("[data-send-now]").hidden = !waiting;
  };
  const drawKept = async () => {
    const box = $("#kept-forms");
    if (!box || !window.caches) return;
    const cache = await caches.open(FORMS);
    const found = new Map();
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      if (pathname === LIST) continue;
      const page = new DOMParser().parseFromString(await (await cache.match(request, { ignoreVary: true })).text(), "text/html");
      const { title, about, subject } = $("form[data-offline]", page).dataset;
      const row = found.get(about) || $("#kept-line").content.firstElementChild.cloneNode(true);
      found.set(about, row);
      $("[data-subject]", row).textContent = subject;
      $("[data-about]", row).textContent = about;
      const link = Object.assign(document.createElement("a"), { href: pathname, className: "btn btn-quiet btn-sm", textContent: title });
      $("[data-forms]", row).append(link);
    }
    box.replaceChildren(...found.values());
    $("#nothing-kept").hidden = found.size > 0;
  };

  /* Keeping the forms of the page that is open, with all that they load. */
  const keepParts = async (page) => {
    const cache = await caches.open(PARTS);
    const wanted = [...$$("link[rel=stylesheet], link[rel=icon]", page).map((one) => one.getAttribute("href")), ...$$("script[src]", page).map((one) => one.getAttribute("src")), ...$$("use", page).map((one) => one.getAttribute("href").split("#")[0])];
    for (const address of new Set(wanted)) if (!await cache.match(address, { ignoreVary: true })) await cache.add(address);
  };
  const keepForm = async (cache, address, wanted) => {
    const had = await cache.match(address, { ignoreVary: true });
    if (had && had.headers.get("Kept-Mark") === wanted && Date.now() - Date.parse(had.headers.get("Kept-At")) < FRESH) return;
    const answer = await fetch(`${address}?kept=1`, { headers: { Accept: "text/html" }, redirect: "manual" });
    if (!answer.ok) return;
    const text = await answer.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const holder = $("#waiting", page);
    if (!holder || holder.dataset.person !== person) return;
    await keepParts(page);
    const headers = new Headers(answer.headers);
    headers.set("Kept-At", new Date().toISOString());
    headers.set("Kept-Mark", wanted);
    await cache.put(address, new Response(text, { headers }));
  };
  const keep = async () => {
    const box = $("[data-keep-forms]");
    if (!box || !navigator.serviceWorker || !window.caches || isKept) return;
    const addresses = box.dataset.keepForms.split(" ").filter(Boolean);
    if (!addresses.length && !hasWorker()) return;
    await navigator.serviceWorker.register(bar.dataset.worker);
    const cache = await caches.open(FORMS);
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      const answer = await cache.match(request, { ignoreVary: true });
      const isOver = Date.now() - Date.parse(answer.headers.get("Kept-At")) > KEPT_FOR;
      if (isOver || (pathname.startsWith(location.pathname) && !addresses.includes(pathname))) await cache.delete(request, { ignoreVary: true });
    }
    if (!addresses.length) return;
    for (const address of [LIST, ...addresses]) await keepForm(cache, address, box.dataset.keepMark);
    // What lies here is of use from the moment on in which somebody answers with it.
    await navigator.serviceWorker.ready;
    box.dataset.kept = "yes";
  };

  /* Nobody finds what somebody else kept here. */
  const begin = async () => {
    try {
      if (localStorage.getItem("amends-person") !== person && window.caches) await caches.delete(FORMS);
      localStorage.setItem("amends-person", person);
    } catch { /* Without a store of its own this browser keeps nothing either. */ }
    const old = (await mine()).filter((one) => one.state === "received" && Date.now() - one.at > SHOWN_FOR);
    for (const record of old) await drop(record);
    const form = $("form[data-offline]");
    if (form) await bringBack(form);
    await drawKept();
    await sendOnce();
    await keep();
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches('form[action$="/sign-out/"]')) return;
    if (waiting && !confirm(filled(bar.dataset.sayLeaving, { count: waiting }))) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (window.caches) caches.delete(FORMS);
  }, true);
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const form = event.target.id === "drawer-body" ? $("form[data-offline]", event.target) : null;
    if (form) bringBack(form);
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-send-now]")) sendOnce(); });
  window.addEventListener("online", sendOnce);
  setInterval(() => { if (waiting && !isSignedOut) sendOnce(); }, EVERY);
  const main = $("#main");
  if (main) main.prepend(bar);
  Object.assign(amends, { hold });
  begin();
})();
