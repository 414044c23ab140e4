// Keeps what a family tie shows up to date while the page is looked at; when the tie has ended, so has the view.
"use strict";
(() => {
  const place = document.querySelector("[data-live]");
  if (!place) return;
  const plain = (text) => text.replace(/value="[^"]*"/g, "");
  let before = plain(place.innerHTML), first = true;
  const look = async () => {
    if (document.hidden || place.contains(document.activeElement)) return;
    try {
      const answer = await fetch(place.dataset.live, { redirect: "manual" });
      if (!answer.ok) { location.reload(); return; }
      const text = await answer.text();
      if (!first && plain(text) !== before) place.innerHTML = text;
      before = plain(text); first = false;
    } catch { /* no network now: the next look will tell */ }
  };
  look();
  setInterval(look, 1000);
})();
