// Says what is the matter when there is no connection. Keeps these few pages and nothing else: never anybody's data.
"use strict";

const KEPT = {{ kept|tojson }};
const CACHE = "portal-{{ mark }}";
const [OFFLINE, UNSENT] = KEPT;

self.addEventListener("install", (event) => {
  // Without cookies: as nobody in particular.
  const wanted = KEPT.map((path) => new Request(path, { credentials: "omit", cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name.startsWith("portal-") && name !== CACHE);
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(others(names).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.mode === "navigate") {
    const instead = request.method === "GET" ? OFFLINE : UNSENT;
    event.respondWith(fetch(request).catch(() => caches.match(instead)));
  } else if (request.method === "GET" && url.origin === location.origin && KEPT.includes(url.pathname + url.search)) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});
