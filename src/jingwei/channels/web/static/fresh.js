// Keeps the parts of a page marked data-live up to date: the page is read again now and then, and they are put in.
"use strict";
const EVERY_MS = 4000;
const note = document.querySelector("[data-live-note]");
if (note) note.hidden = false;
const bare = (one) => one.innerHTML.replace(/name="key" value="[^"]*"/g, "");
async function refresh() {
  if (document.hidden) return;
  let text;
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    text = await answer.text();
  } catch { return; }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || part.contains(document.activeElement)) continue;
    if (bare(next) === bare(part)) continue;
    part.replaceChildren(...document.importNode(next, true).childNodes);
  }
}
setInterval(refresh, EVERY_MS);
