// Asks again by itself, with the same key, after a while; the button does the same without this script.
const form = document.querySelector("[data-ask-again]");
if (form) setTimeout(() => form.requestSubmit(), 5000);
