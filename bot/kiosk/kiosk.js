// What the page does beside what it does without a script: answers without a new page, a clock that wipes, a voice.
"use strict";

const find = (id) => document.getElementById(id);
const [said, asking, look, hide, idle, told] = ["said", "asking", "look", "hide", "idle", "told"].map(find);
const word = (name) => find("wording").content.querySelector(`[data-word=${name}]`).textContent;
const shown = document.body.dataset; // Its `kind` says what the screen shows.
const IDLE = shown.idle * 1000;
const WARNED = shown.warned * 1000;
const LOOK = 500; // Between two looks at the clock; milliseconds, as all of these.
const PING = 10_000; // The least time between two words to the house that somebody is here.
const PATIENCE = 15_000; // How long an answer may take until this screen says that there is none.
const AGAIN = 1000; // After which a house that could not be reached is tried once more.
const AWAIT = 3000; // Between two looks whether it is there again.
const STANDS = 30_000; // How long it is told that it is gone, in any case: whom to call has to be read.
const LONGEST_READING = 300_000; // How long a voice counts as a listener: some never say that they have ended.

let visit = new AbortController(); // What was asked in an earlier visit is given up, and never shown in this one.
let asksAt = 0; // When the visitor is asked whether they are there, by performance.now().
let toldAt = 0; // When the house was last told that they are.
let readsUntil = 0;
let awaiting = 0;
let slept = Date.now() - performance.now(); // Grows while the machine sleeps: the one clock then stands, the other goes.

// --- asking ---

async function send(fields, pressed) {
  const { signal } = visit;
  document.body.setAttribute("aria-busy", "true");
  pressed?.classList.add("pressed");
  const slow = setTimeout(() => signal.aborted || tell(word("wait")), 500);
  const answer = await load("/ask", fields, signal);
  clearTimeout(slow);
  if (signal.aborted) return;
  document.body.removeAttribute("aria-busy");
  pressed?.classList.remove("pressed");
  if (answer?.status === 429) return tell(`${word("too_fast")} ${word("emergency")}`);
  tell("");
  if (!answer?.page) return showGone();
  show(answer.page, fields.get("question"));
}

async function load(action, fields, ending) {
  for (const wait of [AGAIN, 0]) {
    try {
      const signal = AbortSignal.any([ending, AbortSignal.timeout(PATIENCE)]);
      const response = await fetch(action, { method: "POST", body: new URLSearchParams(fields), signal });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      return { status: response.status, page: page.getElementById("said") && page };
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
  shown.kind = page.body.dataset.kind;
  if (shown.kind === "welcome") return renew(); // Its visitor has left.
  said.replaceChildren(...page.getElementById("said").childNodes);
  asking.replaceChildren(...page.getElementById("asking").childNodes);
  if (shown.kind === "answer") repeat(asked);
  wind(page.getElementById("said").dataset.rest * 1000);
  dress();
  scrollTo(0, 0);
  (said.querySelector("h2") ?? find("question"))?.focus({ preventScroll: true });
  if (shown.kind === "card") awaitHouse(AWAIT);
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
  end();
  shown.kind = "card";
  said.append(find("gone").content.cloneNode(true));
  said.querySelector("h2").focus();
  awaitHouse(STANDS);
}

// A card that stands while nothing can be asked goes once it can, and only with the earlier visit forgotten.
function awaitHouse(first) {
  const { signal } = visit;
  clearTimeout(awaiting);
  awaiting = setTimeout(async () => {
    const isBack = (await reaches("/health", "GET")) && (await reaches("/reset", "POST"));
    if (signal.aborted) return;
    if (isBack) renew();
    else awaitHouse(AWAIT);
  }, first);
}

function reaches(address, method) {
  return fetch(address, { method, signal: AbortSignal.timeout(PATIENCE) }).then(
    (response) => response.ok,
    () => false,
  );
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const action = new URL(form.action).pathname;
  if (action === "/reset") return startOver();
  if (action === "/stay") return renew();
  if (form === look || document.body.hasAttribute("aria-busy")) return;
  if (form.id === "ask" && !find("question").value.trim()) {
    find("question").focus();
    return tell(word("no_question"));
  }
  const fields = new FormData(form, event.submitter);
  find("question")?.blur(); // A keyboard on the screen would cover the answer.
  send(fields, event.submitter);
});

// Who types without having touched the field means it.
document.addEventListener("keydown", (event) => {
  const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey;
  if (isLetter && !idle.open && !event.target.closest("input:not([type])")) find("question")?.focus();
});
document.addEventListener("input", () => tell(""));

// --- forgetting ---

// All that a visitor left on this screen; how it looks stays for one who is still there.
function end() {
  visit.abort();
  visit = new AbortController();
  clearTimeout(awaiting);
  hush();
  tell("");
  idle.close();
  document.body.removeAttribute("aria-busy");
  find("ask")?.reset();
  said.replaceChildren();
  asking.replaceChildren();
  shown.kind = "ended";
  wind(IDLE);
}

function wipe() {
  end();
  look.reset();
  hide.checked = false;
}

async function startOver() {
  wipe();
  const { signal } = visit;
  const answer = await load("/reset", {}, signal);
  if (signal.aborted) return;
  if (answer?.page) renew();
  else showGone();
}

// A new page, rather than one of which a part might be left over: it brings the pack's newest words, too.
function renew() {
  location.replace("/");
}

function isTouched() {
  const isAsked = shown.kind !== "welcome" || Boolean(find("question")?.value);
  const isOpened = asking.querySelector("details[open]") !== null;
  const isDressed = [...look.elements, hide].some((input) => input.checked !== input.defaultChecked);
  return isAsked || isOpened || isDressed;
}

function wind(rest) {
  asksAt = performance.now() + rest;
}

function noteTouch(event) {
  if (idle.open || event?.repeat) return; // A key on which something lies is nobody.
  const now = performance.now();
  asksAt = Math.max(asksAt, now + IDLE);
  if (now - toldAt > PING && shown.kind !== "welcome") {
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
  if (isReading()) noteTouch();
  const left = asksAt + WARNED - performance.now();
  if (shown.kind === "card") wind(IDLE);
  else if (!isTouched()) left <= WARNED && refresh();
  else if (left <= 0 || hasSlept()) startOver();
  else if (left <= WARNED) warn(Math.max(1, Math.ceil(left / 1000)));
}

// A screen that nobody touches keeps up with the house: its words may have been edited, or it may be gone.
async function refresh() {
  wind(IDLE);
  const isThere = await reaches("/health", "GET");
  if (isTouched()) return;
  if (isThere) renew();
  else showGone();
}

function warn(seconds) {
  const tells = find("idle-tells");
  tells.textContent = tells.dataset.words.replace("{seconds}", seconds);
  if (!idle.open) idle.showModal();
}

function hasSlept() {
  const before = slept;
  slept = Date.now() - performance.now();
  return slept - before > IDLE + WARNED;
}

for (const kind of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) {
  document.addEventListener(kind, noteTouch, { passive: true });
}
// What one visitor copied the next could paste, and a menu may offer to search the web for it.
for (const kind of ["copy", "cut", "contextmenu", "dragstart"]) {
  document.addEventListener(kind, (event) => event.preventDefault());
}
find("stay").addEventListener("click", stay);
find("leave").addEventListener("click", startOver);
idle.addEventListener("cancel", stay);
idle.addEventListener("click", (event) => event.target === idle && stay()); // Beside the buttons is a touch, too.
addEventListener("pagehide", wipe);
addEventListener("pageshow", (event) => event.persisted && renew());

// --- voice and paper ---

function findVoice() {
  const wanted = document.documentElement.lang.split("-")[0];
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  return voices.find((voice) => voice.localService && voice.lang.toLowerCase().startsWith(wanted));
}

function isReading() {
  const isSpeaking = Boolean(globalThis.speechSynthesis?.speaking);
  if (isSpeaking && performance.now() > readsUntil) hush();
  return isSpeaking && performance.now() <= readsUntil;
}

function hush() {
  globalThis.speechSynthesis?.cancel();
}

function toggleReading() {
  if (speechSynthesis.speaking) {
    hush();
    return dress();
  }
  const lines = [...said.children].filter((it) => !it.matches(".asked")); // What was typed is not for the waiting room.
  const speech = new SpeechSynthesisUtterance(lines.map((it) => it.innerText).join("\n"));
  speech.voice = findVoice();
  speech.lang = speech.voice.lang;
  speech.onstart = speech.onend = speech.onerror = dress;
  readsUntil = performance.now() + LONGEST_READING;
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

hide.addEventListener("change", () => {
  hush();
  dress();
});
globalThis.speechSynthesis?.addEventListener("voiceschanged", dress);
// The rest of a screen that asks whether somebody is there is the rest of the warning.
wind(said.dataset.rest * 1000 - (shown.kind === "still_here" ? WARNED : 0));
dress();
setInterval(lookAtClock, LOOK);
if (shown.kind === "card") awaitHouse(AWAIT);
