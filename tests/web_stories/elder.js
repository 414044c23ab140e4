// Measures a page against the figures for elders' pages; returns what breaks them, as sentences.
(least) => {
  const bad = [];
  const name = (e) => `${e.tagName.toLowerCase()}${e.className ? "." + e.className : ""} "${(e.innerText || e.value || "").trim().slice(0, 24)}"`;
  const shown = (e) => {
    if (e.closest(".skip, [aria-hidden=true]") || !e.getClientRects().length) return false;
    const style = getComputedStyle(e);
    return style.visibility !== "hidden" && style.display !== "none";
  };
  const rgb = (text) => { const n = text.match(/[\d.]+/g).map(Number); return { c: n.slice(0, 3), a: n.length > 3 ? n[3] : 1 }; };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (let at = e; at; at = at.parentElement) { const one = rgb(getComputedStyle(at).backgroundColor); if (one.a > 0.99) return one.c; } return [255, 255, 255]; };
  let biggest = 0;
  for (const e of document.querySelectorAll("body *")) {
    if (!shown(e)) continue;
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own && !["INPUT", "SELECT", "TEXTAREA"].includes(e.tagName)) continue;
    if (e.tagName === "INPUT" && ["hidden", "checkbox", "radio"].includes(e.type)) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    if (e.closest("main")) biggest = Math.max(biggest, size);
    if (size < least.text) bad.push(`text of ${size}px: ${name(e)}`);
    if (style.lineHeight !== "normal" && own && parseFloat(style.lineHeight) / size < least.line - 0.001) bad.push(`line spacing ${(parseFloat(style.lineHeight) / size).toFixed(2)}: ${name(e)}`);
    const a = light(rgb(style.color).c), b = light(behind(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < (size > 18 ? least.contrastLarge : least.contrast)) bad.push(`contrast ${contrast.toFixed(2)}: ${name(e)}`);
    if (/serif/.test(style.fontFamily) && !/sans-serif/.test(style.fontFamily)) bad.push(`serifs: ${name(e)}`);
  }
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]")) {
    if (!shown(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.width < least.touch - 0.5 || box.height < least.touch - 0.5) bad.push(`touch area ${box.width.toFixed(0)}x${box.height.toFixed(0)}: ${name(e)}`);
  }
  if (least.paragraph) for (const e of document.querySelectorAll("main p + p")) {
    if (!shown(e) || !shown(e.previousElementSibling)) continue;
    const gap = e.getBoundingClientRect().top - e.previousElementSibling.getBoundingClientRect().bottom;
    const line = parseFloat(getComputedStyle(e).lineHeight);
    if (gap < least.paragraph * line - 0.5) bad.push(`paragraphs ${gap.toFixed(0)}px apart, lines ${line.toFixed(0)}px: ${name(e)}`);
  }
  if (document.querySelector("dialog[open], [role=dialog], [role=alertdialog]")) bad.push("a pop-up");
  if (document.querySelector("meta[http-equiv=refresh]")) bad.push("the page leaves by itself");
  if (document.documentElement.scrollWidth > innerWidth + 1) bad.push(`sideways scroll ${document.documentElement.scrollWidth} of ${innerWidth}`);
  return { bad: [...new Set(bad)], biggest };
}
