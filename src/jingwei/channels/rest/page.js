// Copy buttons and the filter of the reference. The pages say everything without this script too.
"use strict";
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  const says = button.textContent;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("pre");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = says; }, 2000);
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
}
const narrow = document.querySelector(".toc details");
if (narrow && !matchMedia("(min-width: 62rem)").matches) narrow.open = false;
const form = document.querySelector(".filter");
if (form) {
  form.hidden = false;
  const box = form.querySelector("input");
  const none = document.querySelector(".none");
  const sift = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const group of document.querySelectorAll("[data-group]")) {
      let inside = 0;
      for (const one of group.querySelectorAll("[data-words]")) {
        one.hidden = !words.every((word) => one.dataset.words.includes(word));
        if (!one.hidden) inside += 1;
      }
      group.hidden = inside === 0;
      if (group.matches("section")) found += inside;
    }
    none.hidden = found > 0;
  };
  box.addEventListener("input", sift);
  form.addEventListener("submit", (event) => event.preventDefault());
  sift();
}
