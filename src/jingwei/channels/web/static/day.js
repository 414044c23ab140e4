// The day list: one key notes what a call came to, in the row that has the focus. Buttons do the same without it.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const on = document.querySelector("#keys-on");
  const at = document.activeElement;
  if ((on && !on.checked) || at.closest("input, textarea, select")) return;
  const row = at.closest("[data-day]");
  const form = row && "tiup".includes(event.key) && event.key.length === 1 && row.querySelector(`form[data-answer="${event.key}"]`);
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button"));
});
