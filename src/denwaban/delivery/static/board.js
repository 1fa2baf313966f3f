// The dispatch board: true without a reload, and worked by keyboard (j k Enter r a c ?).
"use strict";

(() => {
  const board = document.getElementById("board");
  const cut = document.getElementById("board-cut");
  const GAP = 300; // at most three looks a second, however much happens
  const ANYHOW = 15000; // ages and times move although nothing happens
  let waiting = null, looking = false, again = false, at = null;

  const rows = () => [...board.querySelectorAll("tr[data-id]")];
  const row = () => rows().find((one) => one.dataset.id === at) ?? null;
  const choose = (one) => {
    for (const other of rows()) other.classList.toggle("at", other === one);
    at = one?.dataset.id ?? null;
    one?.querySelector("[data-row]").focus();
    one?.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = rows();
    if (all.length) choose(all[Math.min(Math.max(all.indexOf(row()) + by, 0), all.length - 1)]);
  };

  const look = async () => {
    waiting = null;
    if (looking) { again = true; return; }
    looking = true;
    try {
      const { only, at: place } = board.dataset;
      const answer = await fetch(`/dispatch/parts?only=${only}&at=${place}`, { headers: { "HX-Request": "true" } });
      if (answer.redirected || answer.status === 401 || answer.status === 403) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const focused = board.contains(document.activeElement);
      board.innerHTML = await answer.text();
      const one = row();
      if (one) {
        one.classList.add("at");
        if (focused) one.querySelector("[data-row]").focus({ preventScroll: true });
      }
      cut.hidden = true;
    } catch {
      cut.hidden = false;
    } finally {
      looking = false;
      if (again) { again = false; later(); }
    }
  };
  const later = () => { waiting ??= setTimeout(look, GAP); };

  const send = async (id, act, body) => {
    const csrf = document.querySelector('meta[name="csrf-token"]').content;
    const words = { resend: board.dataset.resent, assign: board.dataset.assigned, comment: board.dataset.said };
    try {
      const answer = await fetch(`/reports/${id}/${act}`, {
        method: "POST", redirect: "manual", body: new URLSearchParams(body), headers: { "X-CSRF-Token": csrf },
      });
      // A redirect is how a form of ours says that it was done.
      if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
      window.toast(words[act]);
    } catch {
      window.toast(board.dataset.failed, "danger");
    }
    later();
  };

  const open = async (name, one) => {
    const dialog = document.getElementById(name);
    dialog.querySelector("[data-subject]").textContent = one.querySelector("[data-row]").textContent;
    const room = dialog.querySelector("[data-people]");
    if (room) {
      room.innerHTML = "";
      try {
        const answer = await fetch(`/dispatch/${one.dataset.id}/people`, { headers: { "HX-Request": "true" } });
        if (!answer.ok) throw new Error(String(answer.status));
        room.innerHTML = await answer.text();
      } catch {
        window.toast(board.dataset.failed, "danger");
        return;
      }
    }
    dialog.showModal();
    dialog.querySelector("select, textarea")?.focus();
  };
  const press = (key, one) => {
    if (!one || !one.querySelector(`[data-press="${key}"]`)) return false;
    if (key === "r") send(one.dataset.id, "resend", {});
    if (key === "a") open("assign", one);
    if (key === "c") open("comment", one);
    return true;
  };

  for (const form of document.querySelectorAll("dialog form[data-act]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!at) return;
      send(at, form.dataset.act, Object.fromEntries(new FormData(form)));
      form.closest("dialog").close();
      form.reset();
    });
  }
  board.addEventListener("click", (event) => {
    const button = event.target.closest("[data-press]");
    if (!button) return;
    choose(button.closest("tr"));
    press(button.dataset.press, row());
  });
  board.addEventListener("focusin", (event) => {
    const one = event.target.closest("tr[data-id]");
    if (one && one.dataset.id !== at) {
      at = one.dataset.id;
      for (const other of rows()) other.classList.toggle("at", other === one);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, dialog")) return;
    if (event.key === "j") step(row() ? 1 : 0);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") document.getElementById("keys").showModal();
    else if (!press(event.key, row())) return;
    event.preventDefault();
  });

  const source = new EventSource(`/dispatch/live?after=${board.dataset.after}`);
  source.addEventListener("changed", later);
  source.addEventListener("open", () => { cut.hidden = true; later(); });
  source.addEventListener("error", () => { cut.hidden = false; });
  setInterval(later, ANYHOW);
  window.addEventListener("pagehide", () => source.close());
})();
