// What the page does beside what it does without a script: answers without a new page, a clock that wipes, a voice.
"use strict";

const find = (id) => document.getElementById(id);
const [said, asking, look, idle] = ["said", "asking", "look", "idle"].map(find);
const word = (name) => find("words").content.querySelector(`[data-word=${name}]`).textContent;
const { idle: IDLE, warned: WARNED } = document.body.dataset;
const PING = 10_000; // The least time between two words to the house that somebody is here.
const PATIENCE = 15_000; // How long an answer may take until this screen says that there is none.

let asksAt = 0; // When the visitor is asked whether they are there; performance.now(), as all times here.
let toldAt = 0;
let visit = 0; // What was asked in an earlier visit must not be shown in this one.

// --- asking ---

async function send(action, fields) {
  const mine = visit;
  document.body.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => (find("wait").textContent = word("wait")), 500);
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(action, { method: "POST", body: new URLSearchParams(fields), signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (mine !== visit) return;
    if (!page.getElementById("said")) throw new Error("no screen");
    show(page);
  } catch {
    if (mine === visit) showGone();
  } finally {
    clearTimeout(slow);
    find("wait").textContent = "";
    if (mine === visit) document.body.removeAttribute("aria-busy");
  }
}

function show(page) {
  hush();
  document.body.dataset.kind = page.body.dataset.kind;
  said.replaceChildren(...page.getElementById("said").childNodes);
  asking.replaceChildren(...page.getElementById("asking").childNodes);
  said.dataset.rest = page.getElementById("said").dataset.rest;
  asksAt = performance.now() + said.dataset.rest * 1000;
  dress();
  scrollTo(0, 0);
  (said.querySelector("h2") ?? find("question"))?.focus({ preventScroll: true });
}

function showGone() {
  wipe();
  document.body.dataset.kind = "card";
  said.append(find("gone").content.cloneNode(true));
  awaitHouse();
}

function awaitHouse() {
  const timer = setInterval(async () => {
    try {
      if ((await fetch("/health")).ok) {
        clearInterval(timer);
        location.replace("/");
      }
    } catch {
      // Still gone.
    }
  }, 3000);
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (form === look || document.body.hasAttribute("aria-busy")) return;
  const action = new URL(form.action).pathname;
  if (action === "/reset") return startOver();
  const fields = new FormData(form, event.submitter);
  find("question")?.blur();
  send(action, fields);
});

// Who types without having touched the field means it.
document.addEventListener("keydown", (event) => {
  const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey;
  if (isLetter && !idle.open && !event.target.closest("input")) find("question")?.focus();
});

// --- forgetting ---

function wipe() {
  visit += 1;
  hush();
  idle.close();
  document.body.removeAttribute("aria-busy");
  find("ask")?.reset();
  look.reset();
  said.replaceChildren();
  asking.replaceChildren();
}

function startOver() {
  wipe();
  send("/reset", {});
}

function isTouched() {
  const isAsked = document.body.dataset.kind !== "welcome" || Boolean(find("question")?.value);
  const isOpened = asking.querySelector("details[open]") !== null;
  const isDressed = [...look.elements].some((input) => input.checked !== input.defaultChecked);
  return isAsked || isOpened || isDressed;
}

function noteTouch() {
  if (idle.open) return;
  const now = performance.now();
  asksAt = Math.max(asksAt, now + IDLE * 1000);
  if (now - toldAt > PING && document.body.dataset.kind !== "welcome") {
    toldAt = now;
    fetch("/stay", { method: "POST", redirect: "manual", body: new URLSearchParams() }).catch(() => {});
  }
}

function stay() {
  idle.close();
  toldAt = -PING;
  asksAt = 0;
  noteTouch();
}

function lookAtClock() {
  if (globalThis.speechSynthesis?.speaking) noteTouch();
  const left = asksAt + WARNED * 1000 - performance.now();
  if (document.body.dataset.kind === "card" || !isTouched()) {
    asksAt = performance.now() + IDLE * 1000;
  } else if (left <= 0) {
    startOver();
  } else if (left <= WARNED * 1000) {
    if (!idle.open) idle.showModal();
    find("idle-left").textContent = Math.ceil(left / 1000);
  }
}

for (const kind of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) {
  document.addEventListener(kind, noteTouch, { passive: true });
}
find("stay").addEventListener("click", stay);
find("leave").addEventListener("click", startOver);
idle.addEventListener("cancel", stay);
idle.addEventListener("pointerdown", (event) => event.target === idle && stay()); // Beside the buttons is a touch, too.
addEventListener("pagehide", wipe);
addEventListener("pageshow", (event) => event.persisted && location.replace("/"));

// --- voice and paper ---

function findVoice() {
  const wanted = document.documentElement.lang.split("-")[0];
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  return voices.find((voice) => voice.localService && voice.lang.toLowerCase().startsWith(wanted));
}

function hush() {
  globalThis.speechSynthesis?.cancel();
}

function toggleReading() {
  if (speechSynthesis.speaking) {
    hush();
    return dress();
  }
  const speech = new SpeechSynthesisUtterance(said.innerText);
  speech.voice = findVoice();
  speech.lang = speech.voice.lang;
  speech.onstart = speech.onend = speech.onerror = dress;
  speechSynthesis.speak(speech);
}

function dress() {
  const read = find("read");
  if (!read) return;
  read.hidden = !findVoice();
  read.textContent = word(globalThis.speechSynthesis?.speaking ? "unread" : "read");
  read.onclick = toggleReading;
  find("print").hidden = false;
  find("print").onclick = () => print();
}

globalThis.speechSynthesis?.addEventListener("voiceschanged", dress);
asksAt = performance.now() + said.dataset.rest * 1000;
dress();
setInterval(lookAtClock, 500);
if (document.body.dataset.kind === "card") awaitHouse();
