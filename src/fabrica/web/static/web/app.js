/* What JavaScript adds. Every page works without it. */
"use strict";

const words = document.getElementById("words")?.dataset ?? {};
const say = (text, value) => (text ?? "").replace("%s", value);
const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* full or off */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* off */ } },
  keys() { try { return Object.keys(localStorage); } catch { return []; } },
};
const DRAFTS = "fabrica.draft.";

function make(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}

/* Theme ------------------------------------------------------------------ */
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
function startTheme(button) {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? button.dataset.toLight : button.dataset.toDark; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store.set("fabrica.theme", root.dataset.theme);
    label();
  });
  systemIsDark.addEventListener("change", label);
  label();
}

/* Saving a form as it is filled in --------------------------------------- */
const QUIET_MS = 1200, LONGEST_WAIT_MS = 60_000;
const NEVER_KEPT = new Set(["csrfmiddlewaretoken", "next"]);

/* What a person can change: neither secrets, nor what the page itself carries along in hidden inputs. */
function answers(form) {
  const kept = {};
  const left = new Set([...form.querySelectorAll("input[type=password], input[type=hidden]")].map((input) => input.name));
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !NEVER_KEPT.has(name) && !left.has(name)) (kept[name] ??= []).push(value);
  }
  return kept;
}
/* Files go when a button is pressed, not with every pause of the writer. */
function withoutFiles(form) {
  const sent = new FormData(form);
  for (const [name, value] of [...sent]) if (value instanceof File) sent.delete(name);
  return sent;
}
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/* The answers that differ from those last saved; one that was emptied is an empty list. */
function changes(form, saved) {
  const now = answers(form), changed = {};
  for (const name of new Set([...Object.keys(now), ...Object.keys(saved)])) {
    if (!same(now[name] ?? [], saved[name] ?? [])) changed[name] = now[name] ?? [];
  }
  return changed;
}

/* A browser may put typed answers back after a reload: what the server sent is the form reset. */
function answersAsServed(form) {
  const served = form.cloneNode(true);
  served.reset();
  return answers(served);
}

/* Puts kept answers back; those that were not kept stay as the server sent them. */
function fill(form, kept) {
  for (const control of form.elements) {
    const values = kept[control.name];
    if (!Array.isArray(values) || NEVER_KEPT.has(control.name)) continue;
    if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
    else if (control.type === "select-multiple") for (const option of control.options) option.selected = values.includes(option.value);
    else if (!["file", "password", "hidden"].includes(control.type)) control.value = values[0] ?? "";
  }
  form.dispatchEvent(new CustomEvent("fabrica:filled"));
}

function readKept(key) {
  try { return JSON.parse(store.get(key)) ?? {}; } catch { return {}; }
}

/* The answer of a save: values for hidden inputs of the same name, and `fields` that could not be read. */
function take(form, told) {
  for (const input of form.querySelectorAll("input[type=hidden]")) {
    if (Object.hasOwn(told, input.name) && !NEVER_KEPT.has(input.name)) input.value = told[input.name];
  }
  for (const old of form.querySelectorAll("[data-told]")) {
    old.closest(".field").querySelectorAll("[aria-invalid]").forEach((control) => control.removeAttribute("aria-invalid"));
    old.remove();
  }
  for (const { path, message } of told.fields ?? []) {
    const control = form.querySelector(`[name="${CSS.escape(path)}"]`), field = control?.closest(".field");
    if (!field || field.querySelector(".errors")) continue;
    const note = make("p", message, { className: "error" });
    note.dataset.told = "";
    field.querySelector("label, legend").after(note);
    control.setAttribute("aria-invalid", "true");
  }
  form.dispatchEvent(new CustomEvent("fabrica:saved", { bubbles: true }));
}

/* Answers of a form that was sent are let go when another page of the site answers. */
const SENT = "fabrica.sent";
function letGoOfSent() {
  try {
    const key = sessionStorage.getItem(SENT);
    if (!key || !document.body.dataset.person || document.querySelector("[data-problem]") || key.includes(`.${location.pathname}.`)) return;
    store.remove(key);
    sessionStorage.removeItem(SENT);
  } catch { /* off */ }
}

function startAutosave(form) {
  const key = `${DRAFTS}${document.body.dataset.person ?? ""}.${location.pathname}.${form.id}`;
  const url = form.dataset.autosave || form.action;
  const status = form.querySelector("[data-autosave-status]") ?? form.appendChild(make("p", "", { className: "autosave", role: "status" }));
  let saved = answersAsServed(form), timer = 0, wait = QUIET_MS, busy = false, leaving = false;

  const unsaved = () => !same(changes(form, saved), {});
  const later = (ms) => { clearTimeout(timer); timer = setTimeout(save, ms); };

  async function save() {
    if (busy) return later(QUIET_MS);
    if (!unsaved()) return undefined;
    const sent = answers(form);
    busy = true;
    status.textContent = words.saving;
    try {
      const answer = await fetch(url, { method: "POST", body: withoutFiles(form), headers: { "X-Autosave": "1" }, redirect: "manual", credentials: "same-origin" });
      if (answer.type === "opaqueredirect") throw Object.assign(new Error(words.signedOut), { final: true });
      const told = await toldBy(answer);
      if (answer.ok || told.draft_version !== undefined) take(form, told);
      if (!answer.ok) throw Object.assign(new Error([told.what, told.todo].filter(Boolean).join(" ")), { final: answer.status < 500 });
      saved = sent; wait = QUIET_MS;
      status.textContent = say(words.saved, new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }));
      if (unsaved()) later(QUIET_MS); else store.remove(key);
    } catch (problem) {
      const offline = problem instanceof TypeError;
      status.textContent = say(problem.final ? words.notSaved : words.retrying, offline ? words.offline : problem.message);
      if (!problem.final) { wait = Math.min(wait * 2, LONGEST_WAIT_MS); later(wait); }
    } finally { busy = false; }
    return undefined;
  }

  const served = form.cloneNode(true);
  fill(served, readKept(key));
  if (unsaved()) later(0);
  else if (!same(answers(served), saved)) offerToRestore(form, () => { fill(form, readKept(key)); later(0); }, () => store.remove(key));
  else store.remove(key);

  form.addEventListener("input", () => { store.set(key, JSON.stringify(changes(form, saved))); later(QUIET_MS); });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    leaving = true;
    clearTimeout(timer);
    try { sessionStorage.setItem(SENT, key); } catch { /* off */ }
  });
  addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
  addEventListener("beforeunload", (event) => { if (!leaving && unsaved()) event.preventDefault(); });
  addEventListener("online", () => { if (unsaved()) later(0); });
}

/* What an answer tells: JSON as it is, or the words of a page. */
async function toldBy(answer) {
  const text = await answer.text();
  try { return { what: answer.ok ? "" : answer.statusText, ...JSON.parse(text) }; } catch { /* a page, not JSON */ }
  const page = new DOMParser().parseFromString(text, "text/html");
  return { what: page.querySelector("[data-problem] .lead, .error-summary li")?.textContent.trim() || answer.statusText || String(answer.status) };
}

function offerToRestore(form, restore, discard) {
  const notice = make("div", "", { className: "notice tone-warning" });
  const choices = make("p", "", { className: "actions" });
  for (const [text, act] of [[words.restore, restore], [words.discard, discard]]) {
    const button = choices.appendChild(make("button", text, { type: "button", className: "button secondary" }));
    button.addEventListener("click", () => { act(); notice.remove(); });
  }
  notice.append(make("p", words.found), choices);
  form.prepend(notice);
}

/* Copy, count, confirm ---------------------------------------------------- */
function startCopy(button) {
  if (!navigator.clipboard) return;
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const wanted = button.dataset.copy;
    const source = wanted.startsWith("#") ? document.querySelector(wanted) : null;
    await navigator.clipboard.writeText(source ? source.value ?? source.textContent : wanted);
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

function startCounter(area) {
  const most = Number(area.dataset.maxLength ?? area.maxLength);
  if (!(most > 0)) return;
  const counter = make("p", "", { className: "hint counter" });
  const spoken = make("p", "", { className: "visually-hidden", role: "status" });
  area.removeAttribute("maxlength"); /* too long a text is shown and told, not cut off while pasting */
  area.after(counter, spoken);
  let timer = 0;
  const show = () => {
    const left = most - area.value.length;
    counter.textContent = say(left < 0 ? words.over : words.left, Math.abs(left).toLocaleString(document.documentElement.lang));
    counter.classList.toggle("over", left < 0);
    clearTimeout(timer);
    timer = setTimeout(() => { if (left < most / 10) spoken.textContent = counter.textContent; }, 1000);
  };
  area.addEventListener("input", show);
  show();
}

/* A question that depends on an earlier answer is shown where that was given; what was typed in it stays. */
function startWhen(part) {
  const form = part.closest("form"), wanted = new Set(part.dataset.whenIs.split(" "));
  const words = { true: "yes", false: "no" };
  const show = () => {
    const deciding = [...form.querySelectorAll(`[name="${CSS.escape(part.dataset.when)}"]`)].filter((one) => !one.closest("[hidden]"));
    const given = deciding.filter((one) => !["radio", "checkbox"].includes(one.type) || one.checked).map((one) => words[one.value] ?? one.value);
    part.hidden = !given.some((one) => wanted.has(one));
  };
  part.querySelector("[data-when-told]").hidden = true;
  form.addEventListener("input", show);
  form.addEventListener("fabrica:filled", show);
  show();
}

function ask(question, go) {
  const dialog = make("dialog", "", { className: "confirm" });
  const buttons = make("form", "", { method: "dialog", className: "actions" });
  const text = make("p", question, { id: "confirm-question" });
  buttons.append(make("button", words.confirm, { value: "yes", className: "button danger" }), make("button", words.cancel, { value: "no", className: "button secondary", autofocus: true }));
  dialog.setAttribute("aria-labelledby", text.id);
  dialog.append(text, buttons);
  dialog.addEventListener("close", () => { dialog.remove(); if (dialog.returnValue === "yes") go(); });
  document.body.append(dialog);
  dialog.showModal();
}

const confirmed = new WeakSet();
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || confirmed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(question, () => { confirmed.add(form); form.requestSubmit(submitter); });
}, { capture: true });

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]")) for (const key of store.keys()) if (key.startsWith(DRAFTS)) store.remove(key);
});

/* A part of a page that could not be loaded says so, once ------------------ */
document.addEventListener("htmx:responseError", async (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const text = page.querySelector("[data-problem] .lead")?.textContent.trim();
  if (text) document.getElementById("messages").replaceChildren(make("p", text, { className: "notice tone-bad" }));
});

/* Menus close with Escape and when focus goes elsewhere --------------------- */
function startMenu(menu) {
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); } });
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
}

const STARTERS = {
  "[data-theme-toggle]": startTheme,
  "form[data-autosave]": startAutosave,
  "[data-copy]": startCopy,
  "textarea[maxlength]:not([readonly]), textarea[data-max-length]": startCounter,
  "details.menu": startMenu,
  "[data-when]": startWhen,
};
function start(root) {
  for (const [selector, starter] of Object.entries(STARTERS)) {
    for (const found of root.querySelectorAll(selector)) {
      if (!found.dataset.started) { found.dataset.started = "yes"; starter(found); }
    }
  }
}
letGoOfSent();
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
document.querySelector("[data-focus-first]")?.focus();
