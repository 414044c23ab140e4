// Checks a proof in the browser, with nothing of the bank's but the file: SHA-256 by the browser's own
// crypto.subtle, the path by RFC 9162, the signed head by Ed25519. Each step is shown.
"use strict";
const box = document.getElementById("check");
const words = box.dataset;
const list = document.getElementById("steps");
const verdict = document.getElementById("verdict");
const bytes = (hex) => new Uint8Array((hex.match(/../g) || []).map((pair) => parseInt(pair, 16)));
const hex = (buffer) => [...new Uint8Array(buffer)].map((one) => one.toString(16).padStart(2, "0")).join("");
const same = (a, b) => hex(a) === hex(b);
const half = (n) => Math.floor(n / 2);
async function hash(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
}
const leafOf = (record) => hash(Uint8Array.of(0), new TextEncoder().encode(record));
const node = (left, right) => hash(Uint8Array.of(1), left, right);
function step(good, text, value) {
  const item = document.createElement("li");
  item.className = good === null ? "" : good ? "good" : "bad";
  item.append(good === null ? text : `${good ? "✓" : "✗"} ${text}`);
  if (value) { const code = document.createElement("code"); code.append(value); item.append(code); }
  list.append(item);
  return good;
}
// RFC 9162, 2.1.3.2: from a leaf along the path to the root.
async function climb(leaf, index, size, path) {
  if (index >= size) return null;
  let fn = index, sn = size - 1, r = leaf;
  for (const [i, p] of path.entries()) {
    if (sn === 0) return null;
    const left = fn % 2 === 1 || fn === sn;
    r = left ? await node(p, r) : await node(r, p);
    step(null, (left ? words.left : words.right).replace("#", String(i + 1)), hex(r));
    if (left && fn % 2 === 0) while (fn % 2 === 0 && fn !== 0) { fn = half(fn); sn = half(sn); }
    fn = half(fn); sn = half(sn);
  }
  return sn === 0 ? r : null;
}
function signedBytes(head) {
  const fields = Object.keys(head).filter((name) => name !== "signature").sort();
  return new TextEncoder().encode(`{${fields.map((name) => `${JSON.stringify(name)}:${JSON.stringify(head[name])}`).join(",")}}`);
}
async function signed(head, key) {
  let imported;
  try { imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]); } catch { return null; }
  return crypto.subtle.verify({ name: "Ed25519" }, imported, bytes(head.signature), signedBytes(head));
}
async function check(proof) {
  list.replaceChildren();
  const leaf = await leafOf(proof.record);
  step(null, words.leaf, hex(leaf));
  const root = await climb(leaf, proof.index, proof.head.size, proof.path.map(bytes));
  const fits = root !== null && same(root, bytes(proof.head.root));
  step(fits, fits ? words.root : words.noroot, proof.head.root);
  const key = bytes(proof.public_key);
  const name = hex(await hash(key)).slice(0, 16) === proof.head.key_id;
  const good = name ? await signed(proof.head, key) : false;
  if (good === null) step(null, words.noed);
  else step(good, good ? words.signed : words.unsigned, proof.head.key_id);
  const whole = fits && good !== false;
  verdict.textContent = whole ? (good === null ? words.half : words.whole) : words.broken;
  verdict.className = `notice ${whole ? "good" : "bad"}`;
  box.dataset.result = whole ? "whole" : "broken";
}
async function start() {
  box.hidden = false;
  if (!window.crypto || !crypto.subtle) { verdict.textContent = words.nocrypto; return; }
  let text;
  try {
    const answer = await fetch(words.file);
    if (!answer.ok) throw new Error(String(answer.status));
    text = await answer.text();
  } catch { verdict.textContent = words.nofile; return; }
  const proof = JSON.parse(text);
  document.getElementById("record").textContent = proof.record;
  await check(proof);
  const tamper = document.getElementById("tamper");
  let changed = false;
  tamper.addEventListener("click", async () => {
    changed = !changed;
    const other = changed ? proof.record.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)) : proof.record;
    document.getElementById("record").textContent = other;
    tamper.textContent = changed ? words.untamper : words.tamper;
    await check({ ...proof, record: other });
  });
}
start();
