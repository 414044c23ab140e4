// What the pages do beyond plain links and forms. Every page says everything without this script too.
"use strict";
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
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
