"use strict";
/* Files. Each goes up on its own, as soon as it is chosen, dropped or pasted; a refused one never holds up the others. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const { page, filled, dirty } = amends;
  const isShown = (element) => element.getClientRects().length > 0;

  const readable = (size) => size < 1048576 ? `${Math.ceil(size / 1024)} KB` : size < 1073741824 ? `${(size / 1048576).toFixed(1)} MB` : `${(size / 1073741824).toFixed(1)} GB`;
  const button = (words, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn-plain";
    made.textContent = words;
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  };
  /* A form may be drawn again meanwhile; a row goes along into its new box. */
  const homeOf = (row, box) => row.closest("[data-upload-box]") || box;
  const refuse = (box, sentence, again) => {
    const row = document.createElement("div");
    row.className = "file-row file-refused";
    row.setAttribute("role", "alert");
    const words = document.createElement("span");
    words.textContent = sentence;
    row.append(words);
    if (again) row.append(button(box.dataset.sayAgain, "", () => { const here = homeOf(row, box); row.remove(); again(here); }));
    row.append(button("×", box.dataset.sayDismiss, () => row.remove()));
    $(".file-list", box).append(row);
  };
  const keptIn = (box) => $$(".file-row:not(.file-refused)", box);
  const fault = (box, file) => {
    const name = file.name;
    const extension = (name.includes(".") ? name.split(".").pop() : "").toLowerCase();
    const allowed = box.dataset.extensions.split(",");
    const total = keptIn(box).reduce((sum, row) => sum + Number(row.dataset.size || 0), 0);
    if (!file.size) return filled(box.dataset.sayEmpty, { name });
    if (!allowed.includes(extension)) return filled(box.dataset.sayType, { name, extension: extension || "?", allowed: allowed.slice(0, 12).join(" ") });
    if (file.size > Number(box.dataset.maxMb) * 1048576) return filled(box.dataset.sayBig, { name, size: readable(file.size), limit: box.dataset.maxMb });
    if (total + file.size > Number(box.dataset.maxTotalMb) * 1048576) return filled(box.dataset.sayTotal, { name, limit: box.dataset.maxTotalMb });
    return "";
  };
  const upload = (box, file) => {
    const form = box.closest("form");
    const row = document.createElement("div");
    const failed = (sentence) => { const here = homeOf(row, box); row.remove(); refuse(here, sentence, (place) => upload(place, file)); };
    row.className = "file-row is-uploading";
    row.dataset.size = file.size;
    const name = document.createElement("span");
    name.className = "file-name";
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const size = document.createElement("span");
    size.className = "file-size";
    size.textContent = readable(file.size);
    const request = new XMLHttpRequest();
    row.append(name, bar, size, button("×", filled(box.dataset.sayCancel, { name: file.name }), () => request.abort()));
    $(".file-list", box).append(row);
    const body = new FormData();
    body.append(`_upload-${box.dataset.name}`, file, file.name);
    const desk = form && form.elements._desk;
    if (desk) body.append("_desk", desk.value);
    const over = () => { amends.uploading -= 1; if (!amends.uploading) document.dispatchEvent(new Event("uploads-done")); };
    amends.uploading += 1;
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = (event.loaded / event.total) * 100; });
    request.addEventListener("abort", () => { row.remove(); over(); });
    request.addEventListener("error", async () => {
      const here = homeOf(row, box);
      if (amends.hold && here.closest("form[data-offline]")) await amends.hold(here, file, row).catch(() => failed(filled(box.dataset.sayLost, { name: file.name })));
      else failed(filled(box.dataset.sayLost, { name: file.name }));
      over();
    });
    request.addEventListener("load", () => {
      if (request.status === 200) {
        row.insertAdjacentHTML("afterend", request.responseText);
        row.remove();
        dirty(form);
      } else {
        failed(filled(box.dataset.sayFailed, { name: file.name }));
        if (request.status === 401) amends.askToSignIn();
      }
      over();
    });
    request.open("POST", box.dataset.url);
    request.setRequestHeader("X-CSRFToken", page.token);
    request.setRequestHeader("HX-Request", "true");
    request.send(body);
  };
  const take = (box, files) => {
    const room = Number(box.dataset.maxFiles) - keptIn(box).length;
    const fit = [];
    for (const file of files) {
      if (fit.length >= room) break;
      const why = fault(box, file);
      if (why) refuse(box, why); else { fit.push(file); upload(box, file); }
      if (box.querySelectorAll(".file-refused").length > 20) break;
    }
    const tried = files.findIndex((file) => file === fit[fit.length - 1]) + 1;
    const left = fit.length >= room ? files.slice(tried) : [];
    if (left.length) {
      const names = left.slice(0, 3).map((file) => file.name).join("、");
      refuse(box, filled(box.dataset.sayMany, { limit: box.dataset.maxFiles, count: left.length, names: left.length > 3 ? filled(box.dataset.sayAndMore, { names }) : names }));
    }
  };
  const asNamed = (file) => {
    if (file.name && file.name !== "image.png") return file;
    const stamp = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }).format(new Date()).replace(/\D/g, "");
    return new File([file], `${document.documentElement.lang === "en" ? "screenshot" : "截图"}-${stamp}.${(file.type.split("/")[1] || "png").replace("jpeg", "jpg")}`, { type: file.type });
  };
  document.addEventListener("change", (event) => {
    const box = event.target.matches("input[type=file]") && event.target.closest("[data-upload-box]");
    if (!box) return;
    const files = [...event.target.files];
    event.target.value = "";
    event.stopImmediatePropagation();
    take(box, files);
  }, true);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) return;
    if ($("[data-upload-box]")) event.preventDefault();
    const box = event.target.closest && event.target.closest("[data-upload-box]");
    $$("[data-upload-box]").forEach((one) => one.classList.toggle("is-over", one === box));
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $$("[data-upload-box].is-over").forEach((box) => box.classList.remove("is-over")); });
  document.addEventListener("drop", (event) => {
    const boxes = $$("[data-upload-box]").filter(isShown);
    boxes.forEach((one) => one.classList.remove("is-over"));
    if (!event.dataTransfer || !event.dataTransfer.files.length || !boxes.length) return;
    event.preventDefault();
    take((event.target.closest && event.target.closest("[data-upload-box]")) || boxes[0], [...event.dataTransfer.files].map(asNamed));
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData ? [...event.clipboardData.files] : [];
    const form = document.activeElement && document.activeElement.closest("form[data-once]");
    const box = $("[data-upload-box]", form || document);
    if (!files.length || !box) return;
    event.preventDefault();
    take(box, files.map(asNamed));
    box.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-file]");
    if (!remove) return;
    const box = remove.closest(".files");
    dirty(remove.closest("form"));
    remove.closest(".file-row").remove();
    const input = box && $("input[type=file]", box);
    if (input) input.focus();
  });
  /* Uploads of forms that send them the plain way. */
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const input = event.target;
    if (input.matches && input.matches("[data-upload]")) { input.value = ""; dirty(input.form); }
  });
})();
