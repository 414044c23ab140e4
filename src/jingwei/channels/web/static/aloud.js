// Reads the page's main text aloud, in order, in the page's language; says plainly when the browser cannot.
"use strict";
(() => {
  const place = document.querySelector("[data-aloud]");
  const none = document.querySelector("[data-aloud-none]");
  if (!place || !none) return;
  const start = place.querySelector("[data-start]");
  const stop = place.querySelector("[data-stop]");
  const speech = window.speechSynthesis;
  const tongue = document.documentElement.lang.slice(0, 2).toLowerCase();
  const PARTS = "h1,h2,h3,p,li,dt,dd,th,td,label,blockquote,button,a.button,option:checked";
  let turn = 0;

  const sentences = () => {
    const main = document.getElementById("main");
    const found = [...main.querySelectorAll(PARTS)].filter((one) => one.getClientRects().length);
    const outer = found.filter((one) => !found.some((other) => other !== one && other.contains(one)));
    return outer.map((one) => one.innerText.replace(/\s+/g, " ").trim()).filter(Boolean);
  };
  const voice = () => speech.getVoices().find((one) => one.lang.toLowerCase().startsWith(tongue));
  const voices = () => new Promise((done) => {
    if (speech.getVoices().length) { done(); return; }
    const late = setTimeout(done, 1000);
    speech.addEventListener("voiceschanged", () => { clearTimeout(late); done(); }, { once: true });
  });
  const silent = () => { none.textContent = place.dataset.none; none.hidden = false; ended(); };
  const ended = () => { stop.hidden = true; start.hidden = false; };

  const read = async () => {
    const mine = ++turn;
    if (!speech) { silent(); return; }
    await voices();
    const who = voice();
    if (!who) { silent(); return; }
    speech.cancel();
    none.hidden = true; start.hidden = true; stop.hidden = false; stop.focus();
    const texts = sentences();
    texts.forEach((text, i) => {
      const one = new SpeechSynthesisUtterance(text);
      one.lang = document.documentElement.lang; one.voice = who; one.rate = 0.9;
      if (i === texts.length - 1) one.addEventListener("end", () => { if (mine === turn) ended(); });
      speech.speak(one);
    });
    if (!texts.length) ended();
  };
  start.addEventListener("click", read);
  stop.addEventListener("click", () => { turn++; if (speech) speech.cancel(); ended(); start.focus(); });
  window.addEventListener("pagehide", () => { if (speech) speech.cancel(); });
  place.hidden = false;
})();
