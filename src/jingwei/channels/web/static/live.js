// Says at once what happens to the money: a polite sentence, true balances, and a countdown to the end of an undo window.
const live = document.querySelector("[data-live]");
if (live && window.EventSource) {
  const source = new EventSource("/app/events");
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    live.hidden = false;
    live.textContent = "";
    const line = document.createElement(told.to ? "a" : "span");
    if (told.to) line.href = told.to;
    line.textContent = told.text;
    live.append(line);
    for (const [account, [booked, available]] of Object.entries(told.balances)) {
      const card = document.querySelector(`[data-account="${CSS.escape(account)}"]`);
      if (!card) continue;
      card.querySelector("[data-booked]").textContent = booked;
      card.querySelector("[data-available]").textContent = available;
    }
    document.dispatchEvent(new CustomEvent("jingwei:told", { detail: told }));
  };
  addEventListener("pagehide", () => source.close());
}
for (const clock of document.querySelectorAll("[data-until]")) {
  const skew = Date.now() - Number(clock.dataset.now);
  const until = Number(clock.dataset.until) + skew;
  const says = clock.textContent;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= -2) { location.reload(); return; }
    if (left <= 3600) clock.textContent = `${says} (${Math.floor(Math.max(left, 0) / 60)}:${String(Math.max(left, 0) % 60).padStart(2, "0")})`;
    setTimeout(tick, 1000);
  };
  if (until - Date.now() < 86400000) tick();
}
