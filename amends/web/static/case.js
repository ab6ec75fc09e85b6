"use strict";
/* The page of a case: keys for its verbs, files dropped or pasted, looking at evidence, and who else is here. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const EVERY = 20000;
  const drawer = $("#drawer");
  const look = $("#look");

  /* Keys for the steps of the way; the switch is the one of all single keys. */
  const keysAreOn = () => { try { return localStorage.getItem("amends-keys") !== "off"; } catch { return true; } };
  const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !keysAreOn()) return;
    if (isTyping(event.target) || $("dialog[open]")) return;
    const button = $(`#acts [data-key="${CSS.escape(event.key)}"]`);
    if (button) { event.preventDefault(); button.focus(); button.click(); }
  });

  /* A long way is shown where the case stands. */
  const now = $(".stages .is-now");
  if (now) now.parentElement.scrollLeft = now.offsetLeft - now.parentElement.clientWidth / 2;

  /* A passage that was selected in the history goes into the form that marks it as feedback. */
  const story = $("#story");
  const extract = $('#acts a[href$="/do/extract/"]');
  if (story && extract) {
    let passage = "";
    const mark = document.createElement("button");
    mark.type = "button";
    mark.className = "btn btn-primary btn-sm mark-passage";
    mark.textContent = extract.textContent.trim();
    mark.hidden = true;
    document.body.append(mark);
    document.addEventListener("selectionchange", () => {
      const chosen = getSelection();
      const text = chosen && chosen.rangeCount && story.contains(chosen.anchorNode) && story.contains(chosen.focusNode) ? chosen.toString().trim() : "";
      if (text.length < 2) { mark.hidden = true; return; }
      passage = text;
      const place = chosen.getRangeAt(0).getBoundingClientRect();
      mark.style.top = `${scrollY + place.bottom + 6}px`;
      mark.style.left = `${scrollX + Math.max(8, Math.min(place.left, innerWidth - 160))}px`;
      mark.hidden = false;
    });
    mark.addEventListener("mousedown", (event) => event.preventDefault());
    mark.addEventListener("click", () => { mark.hidden = true; extract.click(); });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      const field = event.target.id === "drawer-body" && $("textarea[name=passage]", event.target);
      if (field && !field.value && passage) { field.value = passage; field.dispatchEvent(new Event("input", { bubbles: true })); passage = ""; }
    });
  }

  /* Only one menu is open, and a click beside it closes it. */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("#acts details[open]")) {
      if (!menu.contains(event.target) || event.target.closest(".menu a")) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("#acts details[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
  });

  /* Looking at evidence: a large picture over the page, with keys; a page of its own without this script. */
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "look-body") return;
    if (look && !look.open) look.showModal();
    const stage = $(".look-stage", event.target);
    if (stage) stage.focus({ preventScroll: true });
  });
  const zoom = (step) => {
    const picture = $("[data-zoomed]");
    if (!picture) return;
    const level = Math.min(4, Math.max(0, Number(picture.dataset.zoomLevel || 0) + step));
    if (level === 0) { delete picture.dataset.zoomLevel; picture.style.width = ""; return; }
    picture.dataset.zoomLevel = String(level);
    picture.style.width = `${100 + level * 60}%`;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) zoom(Number(button.dataset.zoom));
    if (event.target.matches("[data-zoomed]")) zoom(event.target.dataset.zoomLevel ? -4 : 2);
    if (look && look.open && (event.target.closest("[data-close-look]") || event.target === look)) { event.preventDefault(); look.close(); }
  });
  const WAYS = { ArrowLeft: ["page-before", "before"], ArrowRight: ["page-after", "after"] };
  document.addEventListener("keydown", (event) => {
    const body = $("#look-body");
    if (!body || !body.firstElementChild || (look && !look.open) || isTyping(event.target)) return;
    if (event.key === "+" || event.key === "=") zoom(1);
    if (event.key === "-") zoom(-1);
    const zoomed = $("[data-zoom-level]", body);
    const way = !zoomed && (WAYS[event.key] || []).map((name) => $(`[data-look="${name}"]`, body)).find(Boolean);
    /* Not by a click: a link that has only just been drawn would lead away from the page. */
    if (way) { event.preventDefault(); htmx.ajax("GET", way.href, { source: way, target: body }); }
  });

  /* Files dropped on the evidence, or pasted anywhere, go into the form that adds evidence. */
  let brought = null;
  const opener = () => $("[data-drop-opens]");
  const give = (input) => {
    input.files = brought;
    brought = null;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const bring = (files) => {
    if (!files.length) return false;
    const input = drawer && drawer.open ? $("[data-upload-box] input[type=file]", drawer) : null;
    if (!input && (!opener() || (drawer && drawer.open))) return false;
    brought = files;
    if (input) give(input); else opener().click();
    return true;
  };
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (!brought || event.target.id !== "drawer-body") return;
    const input = $("[data-upload-box] input[type=file]", event.target);
    if (input) give(input);
  });
  const zone = (event) => event.target.closest && event.target.closest("[data-drop]");
  document.addEventListener("dragover", (event) => {
    const place = zone(event);
    if (!place || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    place.classList.add("is-dropping");
  });
  document.addEventListener("dragleave", (event) => { const place = zone(event); if (place) place.classList.remove("is-dropping"); });
  document.addEventListener("drop", (event) => {
    const place = zone(event);
    if (!place) return;
    event.preventDefault();
    place.classList.remove("is-dropping");
    bring(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.defaultPrevented || (isTyping(event.target) && event.clipboardData.types.includes("text/plain"))) return;
    if (bring(event.clipboardData.files)) event.preventDefault();
  });

  /* Who else has a form open here. Only a page that is looked at asks. */
  const here = $("#presence");
  const form = () => $("dialog[open] form[data-doing], main form[data-doing]");
  const say = (values) => {
    if (!here || !window.htmx) return;
    window.htmx.ajax("POST", here.dataset.address, { target: here, swap: "innerHTML", values: { version: here.dataset.version, ...values } });
  };
  const lookAround = () => { if (!document.hidden) say(form() && !form().dataset.sent ? { doing: form().dataset.doing } : {}); };
  if (here) {
    setInterval(lookAround, EVERY);
    document.addEventListener("visibilitychange", lookAround);
    document.body.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "drawer-body") lookAround(); });
    if (drawer) drawer.addEventListener("close", () => say({ done: "yes" }));
    if (form()) lookAround();
  }
})();
