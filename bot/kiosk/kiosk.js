// What the page does beside what it does without a script: answers without a new page, a clock that wipes, a voice.
"use strict";

const find = (id) => document.getElementById(id);
const [said, asking, look, idle, told] = ["said", "asking", "look", "idle", "told"].map(find);
const word = (name) => find("words").content.querySelector(`[data-word=${name}]`).textContent;
const { idle: IDLE, warned: WARNED } = document.body.dataset;
const PING = 10_000; // The least time between two words to the house that somebody is here.
const PATIENCE = 15_000; // How long an answer may take until this screen says that there is none.
const AGAIN = 1000; // After which a house that could not be reached is tried once more.
const AWAIT = 3000; // Between two looks whether it is there again.

let asksAt = 0; // When the visitor is asked whether they are there; performance.now(), as all times here.
let toldAt = 0;
let visit = new AbortController(); // What was asked in an earlier visit is given up, and never shown in this one.
let awaiting = 0;

// --- asking ---

async function send(action, fields, pressed) {
  const mine = visit;
  document.body.setAttribute("aria-busy", "true");
  pressed?.classList.add("pressed");
  const slow = setTimeout(() => tell(word("wait")), 500);
  const page = await load(action, new URLSearchParams(fields), mine.signal);
  clearTimeout(slow);
  if (mine.signal.aborted) return;
  tell("");
  document.body.removeAttribute("aria-busy");
  if (!page) return showGone();
  const asked = new URLSearchParams(fields).get("question");
  show(page, asked);
}

async function load(action, body, ending) {
  for (const wait of [AGAIN, 0]) {
    try {
      const signal = AbortSignal.any([ending, AbortSignal.timeout(PATIENCE)]);
      const response = await fetch(action, { method: "POST", body, signal });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      return page.getElementById("said") && page;
    } catch {
      if (ending.aborted) return null;
      if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return null;
}

function show(page, asked) {
  hush();
  idle.close();
  document.body.dataset.kind = page.body.dataset.kind;
  said.replaceChildren(...page.getElementById("said").childNodes);
  asking.replaceChildren(...page.getElementById("asking").childNodes);
  if (asked && document.body.dataset.kind === "answer") repeat(asked);
  asksAt = performance.now() + page.getElementById("said").dataset.rest * 1000;
  dress();
  scrollTo(0, 0);
  (said.querySelector("h2") ?? find("question"))?.focus({ preventScroll: true });
  if (document.body.dataset.kind === "card") awaitHouse();
}

function repeat(asked) {
  const line = document.createElement("p");
  line.className = "asked";
  line.textContent = word("you_asked").replace("{question}", () => asked);
  said.querySelector("h2")?.after(line);
}

function tell(words) {
  told.textContent = words;
}

function showGone() {
  clear();
  document.body.dataset.kind = "card";
  said.append(find("gone").content.cloneNode(true));
  said.querySelector("h2").focus();
  awaitHouse();
}

function awaitHouse() {
  clearInterval(awaiting);
  awaiting = setInterval(async () => {
    if ((await reaches("/health")) && (await reaches("/reset", { method: "POST", body: new URLSearchParams() }))) {
      location.replace("/"); // And only with the earlier visit forgotten.
    }
  }, AWAIT);
}

function reaches(address, how) {
  return fetch(address, how).then((response) => response.ok, () => false);
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const action = new URL(form.action).pathname;
  if (action === "/reset") return startOver();
  if (form === look || document.body.hasAttribute("aria-busy")) return;
  if (form.id === "ask" && !find("question").value.trim()) {
    find("question").focus();
    return tell(word("no_question"));
  }
  const fields = new FormData(form, event.submitter);
  find("question")?.blur(); // A keyboard on the screen would cover the answer.
  send(action, fields, event.submitter);
});

// Who types without having touched the field means it.
document.addEventListener("keydown", (event) => {
  const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey;
  if (isLetter && !idle.open && !event.target.closest("input:not([type])")) find("question")?.focus();
});
document.addEventListener("input", () => tell(""));

// --- forgetting ---

function clear() {
  visit.abort();
  visit = new AbortController();
  hush();
  tell("");
  idle.close();
  document.body.removeAttribute("aria-busy");
  find("ask")?.reset();
  said.replaceChildren();
  asking.replaceChildren();
}

function wipe() {
  clear();
  look.reset();
  find("hide").checked = false;
}

function startOver() {
  wipe();
  send("/reset", {});
}

function isTouched() {
  const isAsked = document.body.dataset.kind !== "welcome" || Boolean(find("question")?.value);
  const isOpened = asking.querySelector("details[open]") !== null;
  const isDressed = [...look.elements, find("hide")].some((input) => input.checked !== input.defaultChecked);
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
    const tells = find("idle-tells");
    tells.textContent = tells.dataset.words.replace("{seconds}", Math.max(1, Math.ceil(left / 1000)));
    if (!idle.open) idle.showModal();
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
  const [read, paper, ask] = ["read", "print", "ask"].map(find);
  if (read) {
    read.hidden = !findVoice();
    read.textContent = word(globalThis.speechSynthesis?.speaking ? "read_no_more" : "read_aloud");
    read.onclick = toggleReading;
  }
  if (paper) {
    paper.hidden = false;
    paper.onclick = () => print();
  }
  if (ask) ask.noValidate = true; // The browser's own words are small.
}

find("hide").addEventListener("change", () => {
  hush();
  dress();
});
globalThis.speechSynthesis?.addEventListener("voiceschanged", dress);
asksAt = performance.now() + said.dataset.rest * 1000;
dress();
setInterval(lookAtClock, 500);
if (document.body.dataset.kind === "card") awaitHouse();
