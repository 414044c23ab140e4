// Passkeys: asks the browser to make one or to sign with one, and sends the answer with the form at hand.
"use strict";
const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const textOf = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const read = (text) => {
  const options = JSON.parse(text);
  options.challenge = bytesOf(options.challenge);
  if (options.user) options.user.id = bytesOf(options.user.id);
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    for (const one of options[list] || []) one.id = bytesOf(one.id);
  }
  return options;
};

const written = (made) => {
  const response = { clientDataJSON: textOf(made.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = textOf(made.response[name]);
  }
  return JSON.stringify({ id: made.id, rawId: textOf(made.rawId), type: made.type, response, clientExtensionResults: {} });
};

const asked = async (button) => {
  if (button.dataset.passkey !== "enter") return button.dataset.options;
  const told = await (await fetch("/sign-in/challenge", { method: "POST" })).json();
  button.form.elements.challenge.value = told.id;
  return told.options;
};

const use = async (button) => {
  const wrong = button.form.querySelector("[data-passkey-wrong]");
  if (wrong) wrong.hidden = true;
  try {
    const publicKey = read(await asked(button));
    const adds = button.dataset.passkey === "add";
    const made = adds ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
    button.form.elements.passkey.value = written(made);
    HTMLFormElement.prototype.submit.call(button.form);
  } catch (error) {
    if (wrong) wrong.hidden = false;
  }
};

if (window.PublicKeyCredential) {
  for (const one of document.querySelectorAll(".needs-script")) one.hidden = false;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const elsewhere = button.dataset.origin && button.dataset.origin !== location.origin;
    if (elsewhere) {
      button.hidden = true;
      const note = button.form.querySelector("[data-passkey-elsewhere]");
      if (note) note.hidden = false;
    }
    button.addEventListener("click", (event) => { event.preventDefault(); use(button); });
  }
}
