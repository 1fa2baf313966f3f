// What every page shares. No eval, no inline code: the content security policy allows scripts from here only.
"use strict";

(() => {
  const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  // Every htmx request that changes something carries the form token.
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail?.ctx?.request;
    if (request && csrf()) request.headers["X-CSRF-Token"] = csrf();
  });

  // A short message in the corner. Call window.toast("送信しました") or send HX-Trigger: {"toast": "送信しました"}.
  const room = document.getElementById("toasts");
  window.toast = (text, kind = "") => {
    if (!room || !text) return;
    // What lies under a modal dialog is neither seen well nor read out.
    const on = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
    if (room.parentElement !== on) on.append(room);
    const box = document.createElement("p");
    box.className = `toast ${kind}`;
    box.textContent = text;
    room.append(box);
    setTimeout(() => box.remove(), kind === "danger" ? 10000 : 5000);
  };
  document.addEventListener("close", ({ target }) => {
    if (room && target.contains(room)) document.body.append(room);
  }, true);
  document.addEventListener("toast", (event) => {
    const detail = event.detail ?? {};
    window.toast(typeof detail === "string" ? detail : (detail.value ?? detail.text), detail.kind);
  });

  // Whoever cannot be reached is told: an answer that does not come is not silence.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail?.error?.name === "AbortError") return;
    const text = document.documentElement.lang === "en"
      ? "The server could not be reached. Please try again."
      : "つながりませんでした。もう一度お試しください。";
    window.toast(text, "danger");
  });

  // Clocks: <time data-since="ISO"> counts up, <time data-until="ISO"> counts down, once a second.
  const two = (number) => String(number).padStart(2, "0");
  const span = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const hours = Math.floor(whole / 3600);
    const rest = `${Math.floor((whole % 3600) / 60)}:${two(whole % 60)}`;
    return hours ? `${hours}:${rest.padStart(5, "0")}` : rest;
  };
  const tick = () => {
    const now = Date.now();
    for (const clock of document.querySelectorAll("time[data-since], time[data-until]")) {
      const since = clock.dataset.since;
      const text = span((since ? now - Date.parse(since) : Date.parse(clock.dataset.until) - now) / 1000);
      if (clock.textContent !== text) clock.textContent = text;
    }
  };
  setInterval(tick, 1000);
  document.addEventListener("htmx:after:swap", tick);
  document.addEventListener("DOMContentLoaded", tick);

  // Dialogs: <button data-open="ID"> opens the native dialog, <button data-close> closes the one around it.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const closer = event.target.closest?.("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    // A menu that is open closes when one looks elsewhere.
    for (const drop of document.querySelectorAll("details.drop[open]")) {
      if (!drop.contains(event.target)) drop.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    for (const drop of document.querySelectorAll("details.drop[open]")) {
      drop.open = false;
      drop.querySelector("summary")?.focus();
    }
  });

  // Copying what is shown once: <button data-copy="ID">.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    window.toast(button.dataset.copied ?? "✓");
  });

  // A form that is sent twice by an impatient finger is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if ("download" in form.dataset) return; // a file comes, and the page stays as it is
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
    event.submitter?.setAttribute("data-busy", "");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      document.querySelectorAll("[data-busy]").forEach((button) => button.removeAttribute("data-busy"));
    }
  });

  // What waits behind an entry of the menu, as a number beside it. A server that is away marks nothing.
  const mark = async (entry) => {
    try {
      const answer = await fetch(entry.dataset.mark, { headers: { Accept: "text/plain" } });
      const count = answer.ok ? (await answer.text()).trim() : "";
      if (!/^[1-9]\d*$/.test(count)) return;
      const badge = document.createElement("span");
      badge.className = "badge amber num";
      badge.textContent = count;
      entry.append(" ", badge);
    } catch {
      // The page itself tells when the server is away.
    }
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("a[data-mark]").forEach(mark));

  // A form that was taken says so where it leads to, once: not again when the page is loaded anew.
  document.addEventListener("DOMContentLoaded", () => {
    const at = new URL(location);
    if (!at.searchParams.has("saved")) return;
    at.searchParams.delete("saved");
    history.replaceState(history.state, "", at);
    window.toast(room.dataset.saved);
  });

  // Back to where one was, with what was typed there: <button data-return hidden>.
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-return]");
    if (!button || history.length < 2) return;
    button.hidden = false;
    button.addEventListener("click", () => history.back());
  });

  // After a refused form the reader begins at what is wrong.
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("dialog[data-open-now]")?.showModal();
    document.querySelector("[data-focus]")?.focus();
  });
})();
