// Keys. A single letter or digit acts only outside of text; inside, the same letter with Ctrl (digits with Alt).
// An Enter that ends a conversion of the input method belongs to the input method.

const WHILE_SEARCHING = ["m", "h", "e"];

const WITH_ALT = { s: "!" };

const WITH_CTRL = { m: "m", h: "h", b: "backspace", e: "end" };

/** Whether this element takes text. */
export function typingIn(element) {
  if (!element) return false;
  if (element.tagName === "INPUT") return !["radio", "checkbox", "button"].includes(element.type);
  return element.tagName === "TEXTAREA" || element.tagName === "SELECT" || element.isContentEditable;
}

export function press(event, { elsewhere, middle, answer, send, go }) {
  if (event.isComposing || event.keyCode === 229 || elsewhere.open) return;
  const { target } = event;
  const typing = typingIn(target);
  const ctrl = event.ctrlKey || event.metaKey;
  if (target.closest?.("#seat-search, #seat-panel, #seat-abuse, #seat-identity") && !(ctrl && WHILE_SEARCHING.includes(event.key.toLowerCase()))) return;
  const stage = middle().dataset.stage;
  const done = () => {
    event.preventDefault();
    event.stopPropagation();
  };

  if (ctrl && event.key === "Enter") {
    done();
    if (event.repeat) return;
    if (stage === "report") send();
    else if (stage === "ringing") answer();
    else click("enter");
    return;
  }
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (event.altKey && !ctrl && digit) {
    if (click(digit, event)) done();
    return;
  }
  const letter = /^Key([ABIKLOJNYUQSVXZPTRGWCDF])$/.exec(event.code)?.[1].toLowerCase();
  if (event.altKey && !ctrl && letter) {
    if (click(WITH_ALT[letter] ?? letter, event)) done();
    return;
  }
  if (ctrl && !event.altKey && !event.shiftKey && WITH_CTRL[event.key.toLowerCase()]) {
    if (stage === "talking" && click(WITH_CTRL[event.key.toLowerCase()], event)) done();
    return;
  }
  if (ctrl || event.altKey) return;

  if (event.key === "Escape" && typing) {
    // Leaves the field; what was typed stays and is already being saved.
    middle().tabIndex = -1;
    middle().focus({ preventScroll: true });
    done();
    return;
  }
  if (typing) {
    if (event.key === "Enter" && target.tagName !== "TEXTAREA" && target.closest("#seat-middle")) {
      done();
      if (!event.repeat) onward(target, middle(), go);
    }
    return;
  }
  if (event.key === "Enter") {
    // On a button or a link, Enter is its own.
    if (stage === "ringing") answer();
    else if (target.closest?.("button, a, summary, label, input")) return;
    else if (!click("enter", event)) return;
    done();
    return;
  }
  // "!" is typed with a digit's key, and must not choose a branch.
  const name = event.key === "!" ? "!" : (digit ?? event.key.toLowerCase());
  if (name === "a" && stage === "ringing") {
    done();
    answer();
  } else if (name.length === 1 || name === "end" || name === "backspace") {
    if (click(name, event)) done();
  }
}

/** From one field to the next; from the last one on in the script, or to the branches. */
function onward(from, room, go) {
  const fields = [...room.querySelectorAll("input[data-answer]:not([type=radio], [type=checkbox]), textarea[data-answer], select[data-answer]")];
  const next = fields[fields.indexOf(from) + 1];
  if (next) next.focus();
  else if (room.querySelector('[data-go="next"]')) go("next");
  else room.querySelector(".branch, [data-send]")?.focus();
}

/** Presses the button that carries this key. False when there is none. */
function click(name, event) {
  const button = [...document.querySelectorAll(`[data-press="${CSS.escape(name)}"]`)].find(
    (each) => !each.disabled && (!each.hasAttribute("data-idle") || !document.querySelector(".stage-talking, .stage-ringing")),
  );
  if (!button) return false;
  if (!event?.repeat) button.click();
  return true;
}
