// The stream of decisions: new lines on top, a pause, and how long each took from the bank to this screen.
"use strict";
const live = document.querySelector("[data-stream]");
if (live && window.EventSource) {
  const body = document.querySelector("#decisions tbody");
  const pause = document.getElementById("pause");
  const took = document.getElementById("took");
  const times = [];
  let paused = false, waiting = [], offset = Infinity;
  const cell = (text, name) => { const td = document.createElement("td"); td.textContent = text; if (name) td.className = name; return td; };
  const link = (row) => { const td = document.createElement("td"), a = document.createElement("a"); a.href = "/desk/decisions/" + row.id; a.textContent = row.id; td.className = "nowrap"; td.append(a); return td; };
  const tag = (row) => { const td = document.createElement("td"), s = document.createElement("span"); s.className = "tag r-" + row.result; s.textContent = row.says; td.append(s); return td; };
  const line = (row) => { const tr = document.createElement("tr"); tr.append(cell(row.at, "nowrap"), link(row), cell(row.customer, "nowrap"), cell(row.to, "nowrap"), cell(row.amount, "num nowrap"), tag(row), cell(row.reason + (row.more ? " +" + row.more : ""))); return tr; };
  const heads = document.querySelectorAll("#decisions thead th");
  // On a phone a row is a card: every cell knows the name of its column and how much of the card it takes.
  const named = (tr) => { [...tr.cells].forEach((td, n) => { const head = heads[n]; td.setAttribute("role", "cell"); td.dataset.span = head.dataset.span || "6"; if (td.textContent) td.dataset.label = head.textContent; }); tr.setAttribute("role", "row"); return tr; };
  const show = (rows) => {
    for (const row of rows) body.prepend(named(line(row)));
    while (body.rows.length > 100) body.lastElementChild.remove();
    document.getElementById("none")?.remove();
  };
  const measure = (rows) => {
    // The least difference ever seen between the two clocks is taken for what they differ by.
    for (const row of rows) times.push(Date.now() - offset - row.known_at / 1000);
    times.splice(0, times.length - 500);
    const sorted = [...times].sort((a, b) => a - b);
    const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
    took.textContent = at(0.5) + " / " + at(0.95) + " ms";
    took.dataset.p95 = at(0.95); took.dataset.n = times.length;
  };
  const source = new EventSource(live.dataset.stream + "&after=" + live.dataset.after);
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    offset = Math.min(offset, Date.now() - told.now / 1000);
    if (paused) { waiting = waiting.concat(told.rows).slice(-100); pause.textContent = pause.dataset.go + " (" + waiting.length + ")"; return; }
    show(told.rows);
    requestAnimationFrame(() => measure(told.rows));
  };
  pause.hidden = false; document.getElementById("speed").hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? pause.dataset.go : pause.dataset.pause;
    if (!paused) { show(waiting); waiting = []; }
  });
}
