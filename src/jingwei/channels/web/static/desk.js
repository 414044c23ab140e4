// The staff's desk: keys, command palette, drafts, live counts, proof. Every page works without this script too.
"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (what) => document.querySelector(what);
  const help = one("#help"), palette = one("#palette");
  const typing = (at) => at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

  // Keys: single ones can be switched off (kept on this device), Ctrl+K and Esc always work.
  const keysOn = one("#keys-on");
  keysOn.checked = localStorage.getItem("keys") !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
  const opener = one("#open-help");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());

  one(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  const rows = () => all("[data-row]");
  const current = () => document.activeElement.closest("[data-row]");
  function step(by) {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(current());
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + by))];
    const into = next.querySelector("a.go");
    if (!into) return;
    into.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function act(key) {
    const place = one(`details[data-key="${key}"]`);
    if (place) {
      place.open = true;
      const first = place.querySelector("textarea[required]") || place.querySelector("form button") ;
      first.focus();
      place.scrollIntoView({ block: "nearest" });
      return true;
    }
    const form = one(`form[data-key="${key}"]`);
    if (form) { form.requestSubmit(); return true; }
    return false;
  }
  function select() {
    const row = current() || rows()[0];
    const box = row && row.querySelector("input[type=checkbox]");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn.checked) return;
    if (typing(event.target) || one("dialog[open]")) return;
    const doing = { j: () => step(1), k: () => step(-1), x: select, "?": () => help.showModal() };
    if (doing[event.key]) { event.preventDefault(); doing[event.key](); return; }
    if ("nrfaes".includes(event.key) && event.key.length === 1 && act(event.key)) event.preventDefault();
  });

  // Command palette: every link and action of the page, found by typing.
  const ask = one("#palette-ask"), list = one("#palette-list");
  let chosen = 0;
  function openPalette() {
    if (!palette.open) palette.showModal();
    ask.value = "";
    fill();
    ask.focus();
  }
  function fill() {
    const wanted = ask.value.trim().toLowerCase();
    const found = all("[data-command]").filter((it) => label(it).toLowerCase().includes(wanted));
    list.replaceChildren(...found.map((it, i) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = `command-${i}`;
      item.textContent = label(it);
      item.addEventListener("click", () => run(it));
      item.command = it;
      return item;
    }));
    one("#palette-none").hidden = found.length > 0;
    chosen = 0;
    mark();
  }
  const label = (it) => [...it.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join("").replace(/\s+/g, " ").trim();
  function mark() {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
    const item = list.children[chosen];
    if (item) { ask.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    else ask.removeAttribute("aria-activedescendant");
  }
  function run(it) {
    palette.close();
    const place = it.closest("details[data-key]");
    if (place) act(place.dataset.key);
    else if (it.tagName === "SUMMARY") { it.parentElement.open = true; it.focus(); }
    else it.click();
  }
  ask.addEventListener("input", fill);
  ask.addEventListener("keydown", (event) => {
    const many = list.children.length;
    if (event.key === "ArrowDown") chosen = Math.min(chosen + 1, many - 1);
    else if (event.key === "ArrowUp") chosen = Math.max(chosen - 1, 0);
    else if (event.key === "Enter") { event.preventDefault(); if (many) run(list.children[chosen].command); return; }
    else return;
    event.preventDefault();
    mark();
  });

  // Drafts: what was typed stays until it is sent.
  for (const form of all("form[data-draft]")) {
    const name = `draft ${form.dataset.draft}`;
    for (const field of all("textarea", form)) {
      if (!field.value) field.value = sessionStorage.getItem(name) || "";
      field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
    }
    form.addEventListener("submit", () => sessionStorage.removeItem(name));
  }

  // How many are chosen.
  document.addEventListener("change", (event) => {
    const place = one("#chosen");
    if (place && event.target.name === "case") place.textContent = String(all("input[name=case]:checked").length);
  });

  // Live: counts, figures and table follow together, from one reading, unless somebody works in the table.
  const caseAt = one("[data-live-case]");
  if ((one("[data-live]") || caseAt) && window.EventSource) {
    const source = new EventSource("/desk/live" + (caseAt ? `?case=${caseAt.dataset.liveCase}` : ""));
    let before = null;
    source.addEventListener("message", (event) => {
      const told = JSON.parse(event.data);
      if (before && caseAt && told.case !== before.case) one("#changed").hidden = false;
      if (before && !caseAt) freshen();
      before = told;
    });
    addEventListener("pagehide", () => source.close());
  }
  let later = false;
  one("[data-live]")?.addEventListener("focusout", () => setTimeout(() => { if (later) freshen(); }));
  async function freshen() {
    const place = one("[data-live]");
    const busy = () => place.contains(document.activeElement) || place.querySelector("input[name=case]:checked");
    if (!place) return;
    later = Boolean(busy());
    if (later) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]"), figures = page.querySelector(".figures");
    later = Boolean(busy());
    if (!fresh || later) return;
    place.replaceChildren(...fresh.children);
    if (figures) one(".figures").replaceWith(figures);
    for (const count of all("[data-count]")) {
      const now = page.querySelector(`[data-count="${count.dataset.count}"]`);
      if (now) count.textContent = now.textContent;
    }
  }

  // Proof: the record is hashed here and led to the root the bank signed (RFC 9162).
  const check = one("#check-proof");
  if (check && window.crypto && crypto.subtle) {
    check.hidden = false;
    check.addEventListener("click", async () => {
      const proof = await (await fetch(check.dataset.proof)).json();
      const place = one("#proof"), right = await leads(proof);
      place.textContent = right ? place.dataset.right : place.dataset.wrong;
      place.className = right ? "good" : "bad";
    });
  }
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (two) => parseInt(two, 16));
  const hex = (of) => [...new Uint8Array(of)].map((n) => n.toString(16).padStart(2, "0")).join("");
  async function hash(...parts) {
    const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) { whole.set(part, at); at += part.length; }
    return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  }
  async function leads(proof) {
    let at = BigInt(proof.index), last = BigInt(proof.head.size) - 1n;
    if (at > last) return false;
    let root = await hash(Uint8Array.of(0), new TextEncoder().encode(proof.record));
    for (const step of proof.path.map(bytes)) {
      if (last === 0n) return false;
      if (at & 1n || at === last) {
        root = await hash(Uint8Array.of(1), step, root);
        while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
      } else root = await hash(Uint8Array.of(1), root, step);
      at >>= 1n;
      last >>= 1n;
    }
    return last === 0n && hex(root) === proof.head.root;
  }
})();
