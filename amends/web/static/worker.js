"use strict";
/* Answers for the network while there is none: with the forms that were kept on this phone, and what they load. Nothing else is
   ever answered from here, and nothing is put in here: pages do that themselves (offline.js). */
const FORMS = "amends-forms";
const PARTS = "amends-parts";
const LIST = "/offline/";
const PATIENCE = 5000;
const KEPT_FOR = 7 * 24 * 3600 * 1000;
const ELSEWHERE = /^\/(?:api|portal|static)\//;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const isFresh = (answer) => Date.now() - Date.parse(answer.headers.get("Kept-At") || 0) < KEPT_FOR;
/* Pages vary by cookie and language and are asked for with and without a question; kept is one of each. */
const keptIn = async (name, address) => {
  const answer = await caches.match(address, { cacheName: name, ignoreSearch: true, ignoreVary: true });
  return answer && (name === PARTS || isFresh(answer)) ? answer : null;
};
const inTime = (asked) => new Promise((done, lost) => { setTimeout(lost, PATIENCE); asked.then(done, lost); });

const page = async (request) => {
  const { pathname } = new URL(request.url);
  const kept = await keptIn(FORMS, pathname);
  const asked = fetch(request);
  if (kept) return inTime(asked).catch(() => kept);
  return asked.catch(async () => (await keptIn(FORMS, LIST)) || Response.error());
};
const part = async (request) => {
  const kept = await keptIn(PARTS, request.url.split("#")[0]);
  if (!kept) return fetch(request);
  return inTime(fetch(request)).catch(() => kept);
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "POST" && pathname === "/sign-out/") { event.waitUntil(caches.delete(FORMS)); return; }
  if (request.method !== "GET") return;
  if (pathname.startsWith("/static/")) event.respondWith(part(request));
  else if (request.mode === "navigate" && !ELSEWHERE.test(pathname)) event.respondWith(page(request));
});
