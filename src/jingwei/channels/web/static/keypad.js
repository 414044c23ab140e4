// Large keys for amounts in elder mode; the field itself stays usable with the keyboard, and without this script.
"use strict";
(() => {
  const words = document.getElementById("keypad");
  const fields = [...document.querySelectorAll("input[data-keypad]")];
  if (!words || !fields.length) return;
  const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "back"];
  const pad = document.createElement("div");
  let field = null;

  const press = (key) => {
    const now = field.value;
    if (key === "back") field.value = now.slice(0, -1);
    else if (key === "." && (now.includes(".") || !now)) return;
    else if (/\.\d\d$/.test(now) || now.length >= 15) return;
    else field.value = now === "0" && key !== "." ? key : now + key;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const stand = (at) => {
    if (field === at) return;
    field = at;
    const label = document.querySelector(`label[for="${CSS.escape(at.id)}"]`);
    pad.setAttribute("aria-label", `${words.dataset.label}: ${label ? label.textContent : ""}`);
    at.after(pad);
  };

  pad.className = "keypad";
  pad.setAttribute("role", "group");
  for (const key of KEYS) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = key === "back" ? "⌫" : key;
    if (key === "back") button.setAttribute("aria-label", words.dataset.back);
    button.addEventListener("click", () => press(key));
    pad.append(button);
  }
  for (const one of fields) one.addEventListener("focus", () => stand(one));
  stand(fields[0]);
})();
