// Large keys for amounts in elder mode; the field itself stays usable with the keyboard, and without this script.
"use strict";
(() => {
  const words = document.getElementById("keypad");
  if (!words) return;
  const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "back"];
  const press = (field, key) => {
    const now = field.value;
    if (key === "back") field.value = now.slice(0, -1);
    else if (key === "." && (now.includes(".") || !now)) return;
    else if (/\.\d\d$/.test(now) || now.length >= 15) return;
    else field.value = now === "0" && key !== "." ? key : now + key;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const field of document.querySelectorAll("input[data-keypad]")) {
    const pad = document.createElement("div");
    const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    pad.className = "keypad";
    pad.setAttribute("role", "group");
    pad.setAttribute("aria-label", `${words.dataset.label}: ${label ? label.textContent : ""}`);
    for (const key of KEYS) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = key === "back" ? "⌫" : key;
      if (key === "back") button.setAttribute("aria-label", words.dataset.back);
      button.addEventListener("click", () => press(field, key));
      pad.append(button);
    }
    field.after(pad);
  }
})();
