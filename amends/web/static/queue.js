"use strict";
/* Lists that stay true while they are looked at: time that is left, news, ticked rows, and the drawer of filters. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* The time that is left goes on counting without asking the server. */
  const words = $("#live-words");
  const COUNT_EVERY = 20000;
  if (words) {
    const said = words.dataset;
    /* The clock of this machine may be wrong: what counts is how long ago the server said what time it is. */
    const ahead = Date.now() - Date.parse(said.now);
    const filled = (sentence, n) => {
      const [one, many] = sentence.split("|");
      return (n === 1 ? one : many || one).replace("%(n)s", String(n));
    };
    const span = (minutes) => {
      const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
      if (days) return filled(said.day, days) + (hours && days < 10 ? ` ${filled(said.hour, hours)}` : "");
      if (hours) return filled(said.hour, hours) + (rest ? ` ${filled(said.minute, rest)}` : "");
      return filled(said.minute, rest);
    };
    const show = (box) => {
      const left = Date.parse(box.dataset.due) - (Date.now() - ahead);
      const late = left < 0;
      const minutes = Math.floor(Math.abs(left) / 60000);
      box.textContent = minutes ? (late ? said.late : said.left).replace("%(time)s", span(minutes)) : late ? said.just : said.nearly;
      box.classList.toggle("late", late);
      box.classList.toggle("soon", !late && left < 86400000);
      if (late) { const row = box.closest("[data-row]"); if (row) row.classList.add("is-late"); }
    };
    const tick = () => { if (!document.hidden) $$("[data-due]").forEach(show); };
    setInterval(tick, COUNT_EVERY);
    document.addEventListener("visibilitychange", tick);
  }

  /* News: one count now and then, only while somebody looks. What was looked at long enough counts as seen. */
  const news = $("#news");
  const ASK_EVERY = 60000, LOOKED_AT = 8000;
  if (news) {
    const ask = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(news.dataset.poll, { headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        const { count } = await answer.json();
        news.textContent = news.dataset.words.replace("%(n)s", String(count));
        news.hidden = count === 0;
      } catch { /* the next try tells */ }
    };
    setInterval(ask, ASK_EVERY);
    setTimeout(() => {
      if (document.hidden || !words) return;
      const body = new FormData();
      body.append("at", words.dataset.now);
      const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
      fetch(news.dataset.seen, { method: "POST", body, headers: { "X-CSRFToken": token } }).catch(() => {});
    }, LOOKED_AT);
  }

  /* Ticked rows. */
  const bulk = $("#bulk");
  const count = () => {
    const box = $("[data-ticked]");
    if (box) box.textContent = String($$("input[name=case]:checked", bulk).length);
  };
  if (bulk) {
    bulk.addEventListener("change", (event) => {
      if (event.target.matches("[data-tick-all]")) $$("input[name=case]", bulk).forEach((box) => { box.checked = event.target.checked; });
      count();
    });
    bulk.addEventListener("click", (event) => {
      if (!event.target.closest("[data-untick]")) return;
      $$("input[type=checkbox]", bulk).forEach((box) => { box.checked = false; });
      count();
    });
    count();
  }

  /* Dialogs of the page. */
  document.addEventListener("click", (event) => {
    const open = event.target.closest("[data-open]");
    if (open) document.getElementById(open.dataset.open).showModal();
    const shut = event.target.closest("[data-shut]");
    if (shut) document.getElementById(shut.dataset.shut).close();
    if (event.target.matches("dialog.drawer")) event.target.close();
    $$("details.dropdown[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
})();
