"use strict";
/* A long list, of categories or people, is searched by its own words and by those around it. Behind it stays the plain select. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const fire = (element, name) => element.dispatchEvent(new Event(name, { bubbles: true }));

  /* The select keeps the value, and the keyboard passes it by. Swapping a form sets back what has an id, so this is done again. */
  const putAside = (select) => { select.tabIndex = -1; select.setAttribute("aria-hidden", "true"); };
  document.body.addEventListener("htmx:afterSettle", () => document.querySelectorAll(".picker[data-made] select").forEach(putAside));

  const makePicker = (box) => {
    const select = $("select", box);
    if (!select || box.dataset.made) return;
    box.dataset.made = "yes";
    const field = document.createElement("input");
    const list = document.createElement("ul");
    field.type = "text";
    field.id = `${select.id}-find`;
    field.className = "form-control picker-find";
    field.autocomplete = "off";
    field.placeholder = box.dataset.sayFind;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-expanded", "false");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-labelledby", `${select.id}-label`);
    field.setAttribute("aria-controls", `${select.id}-list`);
    for (const name of ["aria-required", "aria-invalid", "aria-describedby"]) if (select.hasAttribute(name)) field.setAttribute(name, select.getAttribute(name));
    list.id = `${select.id}-list`;
    list.className = "picker-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-labelledby", `${select.id}-label`);
    list.hidden = true;
    putAside(select);
    field.classList.toggle("is-invalid", select.classList.contains("is-invalid"));
    select.closest(".picker-plain").before(field, list);
    const options = [...select.options].filter((option) => option.value && !option.disabled).map((option) => ({
      option, title: option.textContent.trim(), above: option.dataset.above || "", coarse: "hasFiner" in option.dataset, isFlat: !("words" in option.dataset),
      hay: [option.textContent, option.dataset.above, option.dataset.words].join(" ").toLowerCase(),
    }));
    let shown = [];
    let at = -1;
    const chosen = () => options.find((one) => one.option === select.selectedOptions[0]);
    const settle = () => { const one = chosen(); field.value = one ? [one.above, one.title].filter(Boolean).join(" › ") : ""; };
    const close = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); at = -1; };
    const mark = (index) => {
      at = index;
      [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
      const item = list.children[at];
      if (item && item.id) { field.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); } else field.removeAttribute("aria-activedescendant");
    };
    const open = (words) => {
      const terms = words.toLowerCase().split(/[\s›/]+/).filter(Boolean);
      shown = options.filter((one) => terms.every((term) => one.hay.includes(term)));
      if (terms.length) shown = [...shown.filter((one) => !one.coarse), ...shown.filter((one) => one.coarse)];
      list.replaceChildren(...shown.map((one, n) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${n}`;
        item.setAttribute("role", "option");
        item.dataset.depth = terms.length || one.isFlat ? 0 : (one.above ? one.above.split(" › ").length : 0);
        if (one.coarse) item.classList.add("is-coarse");
        const name = document.createElement("span");
        name.textContent = one.title;
        item.append(name);
        if (one.above && (terms.length || one.isFlat)) { const above = document.createElement("small"); above.textContent = one.above; item.append(above); }
        return item;
      }));
      if (!shown.length) {
        const none = document.createElement("li");
        none.className = "picker-none";
        none.setAttribute("role", "option");
        none.setAttribute("aria-disabled", "true");
        none.textContent = box.dataset.sayNone;
        list.append(none);
      }
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
      mark(shown.length ? 0 : -1);
    };
    const take = (index) => {
      const one = shown[index];
      if (!one) return;
      const before = select.value;
      select.value = one.option.value;
      settle();
      close();
      if (select.value !== before) fire(select, "change");
    };
    field.addEventListener("focus", () => field.select());
    field.addEventListener("click", () => { if (list.hidden) open(""); });
    field.addEventListener("input", (event) => { event.stopPropagation(); open(field.value.trim()); });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open("");
        else mark((at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(shown.length, 1));
      } else if (event.key === "Enter" && !list.hidden && !event.ctrlKey) { event.preventDefault(); event.stopPropagation(); take(at); } else if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); settle(); close(); } else if (event.key === "Tab" && !list.hidden) take(at);
    });
    field.addEventListener("change", (event) => event.stopPropagation());
    field.addEventListener("blur", () => setTimeout(() => {
      if (!field.value.trim() && select.value) { select.value = ""; fire(select, "change"); }
      settle();
      close();
    }, 120));
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) take([...list.children].indexOf(item));
    });
    select.addEventListener("change", settle);
    settle();
  };

  document.addEventListener("click", (event) => {
    const label = event.target.closest("label[for]");
    const box = label && document.getElementById(label.htmlFor)?.closest(".picker");
    if (box && box.dataset.made) { event.preventDefault(); $("input", box).focus(); }
  });

  amends.makePicker = makePicker;
})();
