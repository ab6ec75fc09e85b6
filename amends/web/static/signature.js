"use strict";
/* Signatures: drawn with a finger, a pen or the mouse, and handed in as a picture like any file. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const THICK = 3.2;
  const pads = new WeakMap();

  /* Of a canvas: whether anything was drawn, and where the pen is. */
  const padOf = (canvas) => {
    if (!pads.has(canvas)) pads.set(canvas, { drawn: false, at: null });
    return pads.get(canvas);
  };
  const place = (canvas, event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * (canvas.width / box.width), (event.clientY - box.top) * (canvas.height / box.height)];
  };
  const stroke = (canvas, from, to) => {
    const pen = canvas.getContext("2d");
    pen.lineWidth = THICK;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#10204a";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
  };
  const wipe = (box) => {
    const canvas = $("canvas", box);
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    Object.assign(padOf(canvas), { drawn: false, at: null });
    box.classList.remove("is-drawn");
  };
  const canvasAt = (event) => (event.target.closest ? event.target.closest("[data-sign-pad] canvas") : null);

  document.addEventListener("pointerdown", (event) => {
    const canvas = canvasAt(event);
    if (!canvas) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const pad = padOf(canvas);
    pad.at = place(canvas, event);
    pad.drawn = true;
    canvas.closest("[data-signature]").classList.add("is-drawn");
    stroke(canvas, pad.at, pad.at);
  });
  document.addEventListener("pointermove", (event) => {
    const canvas = canvasAt(event);
    const pad = canvas && padOf(canvas);
    if (!pad || !pad.at) return;
    event.preventDefault();
    for (const step of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) {
      const to = place(canvas, step);
      stroke(canvas, pad.at, to);
      pad.at = to;
    }
  });
  const lift = (event) => { const canvas = canvasAt(event); if (canvas) padOf(canvas).at = null; };
  document.addEventListener("pointerup", lift);
  document.addEventListener("pointercancel", lift);

  /* The drawing as a PNG on white, handed to the list of files of its field, in the place of an earlier one. */
  const take = (box) => new Promise((done) => {
    const canvas = $("canvas", box);
    if (!padOf(canvas).drawn) { done(false); return; }
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [canvas.width, canvas.height];
    const pen = sheet.getContext("2d");
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(canvas, 0, 0);
    sheet.toBlob((blob) => {
      box.querySelectorAll(".file-row").forEach((row) => row.remove());
      const brought = new DataTransfer();
      brought.items.add(new File([blob], `${box.dataset.sayFileName}.png`, { type: "image/png" }));
      const input = $("input[type=file]", box);
      input.files = brought.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      padOf(canvas).drawn = false;
      done(true);
    }, "image/png");
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-signature]");
    if (!box) return;
    if (event.target.closest("[data-sign-take]")) take(box);
    if (event.target.closest("[data-sign-clear]")) { wipe(box); box.querySelectorAll(".file-row").forEach((row) => row.remove()); }
  });
  /* A photograph of a signature is made small before it goes up: it is drawn on paper. */
  const WIDEST = 1600;
  document.addEventListener("change", async (event) => {
    const box = event.target.matches("[data-signature] input[type=file]") && event.target.closest("[data-signature]");
    const file = box && event.target.files[0];
    if (!file || file.name === `${box.dataset.sayFileName}.png`) return;
    const input = event.target;
    if (input.dataset.small) { delete input.dataset.small; return; }
    event.stopImmediatePropagation();
    const brought = new DataTransfer();
    brought.items.add(await smaller(file).catch(() => file));
    input.files = brought.files;
    input.dataset.small = "yes";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, true);
  const smaller = async (file) => {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, WIDEST / picture.width);
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
    const blob = await new Promise((done) => sheet.toBlob(done, "image/jpeg", 0.85));
    return new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" });
  };
  /* Whoever signs and sends at once need not take the signature first. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.submitter && event.submitter.name && event.submitter.name.startsWith("_")) return;
    const waiting = [...form.querySelectorAll("[data-signature].is-drawn")].filter((box) => padOf($("canvas", box)).drawn);
    if (!waiting.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    Promise.all(waiting.map(take)).then(() => form.requestSubmit(event.submitter));
  }, true);
})();
