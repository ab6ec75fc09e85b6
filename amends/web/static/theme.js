"use strict";
/* Tabler asks for its own word of the theme; it is said before anything is drawn, and again when the system changes. */
(() => {
  const root = document.documentElement;
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const say = () => {
    const chosen = root.dataset.appearance;
    const dark = chosen === "dark" || (chosen !== "light" && night.matches);
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
  };
  say();
  night.addEventListener("change", say);
})();
