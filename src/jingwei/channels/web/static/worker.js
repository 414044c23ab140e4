// Without a network: the app's own files, and a page that says what is known. Personal pages are never kept.
"use strict";
const SHELF = "jingwei-VERSION";
const SHELL = ["/offline", "/static/jingwei.css", "/static/jingwei.js"];
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (request.mode === "navigate") {
    const sent = request.method !== "GET";
    // Going back to the answer of a form: it is not kept and never sent again; the page of the form is.
    if (sent && request.cache === "only-if-cached") {
      const before = request.referrer && new URL(request.referrer).origin === location.origin ? request.referrer : "/app";
      event.respondWith(Response.redirect(before, 303));
      return;
    }
    const asked = request.cache === "only-if-cached" ? fetch(request.url, { credentials: "include", redirect: "manual" }) : fetch(request);
    event.respondWith(asked.catch(async () => {
      const page = await caches.match("/offline");
      if (!page) return Response.error();
      const text = await page.text();
      return new Response(sent ? text.replace("data-sent hidden", "data-sent") : text,
        { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
    }));
  } else if (request.method === "GET" && SHELL.includes(address.pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});
