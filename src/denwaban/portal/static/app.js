// The portal as an app on a phone: what to show without a connection is fetched beforehand.
"use strict";

// Only pages over HTTPS (or this very machine) have service workers.
if ("serviceWorker" in navigator) {
  window.addEventListener("load", () => navigator.serviceWorker.register("/portal/sw.js", { scope: "/portal/" }));
}
