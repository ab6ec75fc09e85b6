"use strict";
/* What the portal does beside showing: keep what is typed when the page goes away, and say when the network does. */
(() => {
  document.documentElement.classList.add("has-script");
  const forms = () => [...document.querySelectorAll("form[data-draft]")];
  const token = () => {
    try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch { return ""; }
  };
  const keep = (form) => {
    delete form.dataset.dirty;
    const body = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "csrfmiddlewaretoken") body.append(name, value);
    }
    fetch(form.dataset.draftUrl, { method: "POST", body, keepalive: true, headers: { "X-CSRFToken": token() } })
      .catch(() => { form.dataset.dirty = "yes"; });
  };
  /* A telephone that is put away sends nothing later: what was typed since the last saving leaves now. */
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") forms().filter((form) => form.dataset.dirty && !form.dataset.sent).forEach(keep);
  });

  /* What the desk would refuse anyway is not sent first: the file is named, the others go on. */
  const refuse = (list, sentence, name) => {
    const row = document.createElement("div");
    row.className = "file-row file-refused";
    row.setAttribute("role", "alert");
    row.textContent = sentence.replace("[name]", name);
    list.append(row);
  };
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("[data-upload][data-largest]")) return;
    const list = input.closest(".files").querySelector(".file-list");
    const most = Number(input.dataset.most), largest = Number(input.dataset.largest) * 1024 * 1024;
    let room = most - list.querySelectorAll(".file-row:not(.file-refused)").length;
    const taken = new DataTransfer();
    for (const file of input.files) {
      if (file.size > largest) refuse(list, input.dataset.tooLarge, file.name);
      else if (room-- > 0) taken.items.add(file);
      else refuse(list, input.dataset.tooMany, file.name);
    }
    if (taken.files.length === input.files.length) return;
    input.files = taken.files;
    if (!taken.files.length) { event.stopImmediatePropagation(); event.preventDefault(); }
  }, true);

  const offline = document.getElementById("offline");
  const tell = () => { if (offline) offline.hidden = navigator.onLine; };
  addEventListener("offline", tell);
  addEventListener("online", tell);
  tell();
})();
