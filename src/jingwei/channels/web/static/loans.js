// What a loan would cost, worked out by the bank while one types; the button does the same without this script.
"use strict";
const form = document.querySelector("form[data-cost]");
const box = document.getElementById("cost");
if (form && box) {
  for (const one of form.querySelectorAll(".only-plain")) one.hidden = true;
  let timer = 0, asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const months = form.querySelector('[name="months"]:checked');
    const query = new URLSearchParams({ amount: form.elements.amount.value, months: months ? months.value : "" });
    try {
      const answer = await fetch(`${form.dataset.cost}?${query}`, { headers: { accept: "text/html" } });
      if (!answer.ok || mine !== asked) return;
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      box.replaceChildren(...part.body.childNodes);
    } catch { /* no connection: the sum shown stays, and the bank works it out again when the form is sent */ }
  };
  form.addEventListener("input", (event) => {
    if (!["amount", "months"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
}
