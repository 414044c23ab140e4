// What the pages do beyond plain links and forms. Every page says everything without this script too.
"use strict";
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
}
// The menu of the tabs closes with Esc, which leads back to it, and when one goes on elsewhere.
const menu = document.querySelector(".tabs .more");
if (menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
}
const writing = document.querySelector("[data-writing]");
if (writing) {
  const look = async () => {
    const told = await (await fetch("/writing")).json();
    writing.textContent = told.says;
    if (!told.done) setTimeout(look, 3000);
  };
  setTimeout(look, 3000);
}
