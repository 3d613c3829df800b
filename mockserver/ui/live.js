// Pages that move: buttons without a reload, and parts marked data-live made anew when something happened in the world.
"use strict";

const said = () => document.getElementById("said");
let hush;

// Tell people, screen readers included, what was done or why not.
function tell(words, bad = false) {
  const place = said();
  place.className = bad ? "said bad" : "said";
  place.setAttribute("role", bad ? "alert" : "status");
  place.hidden = false;
  place.textContent = words;
  clearTimeout(hush);
  hush = setTimeout(() => { place.hidden = true; }, bad ? 12000 : 4000);
}

// What has the focus, so that it can have it again in a part made anew.
function focused() {
  const at = document.activeElement;
  const part = at && at.closest("[data-live]");
  if (!part) return () => {};
  const all = [...part.querySelectorAll("a, button, input, select, summary, [tabindex]")];
  const name = at.getAttribute("aria-label") || at.textContent;
  const index = all.indexOf(at);
  return () => {
    const again = document.getElementById(part.id);
    if (!again || again.contains(document.activeElement)) return;
    const now = [...again.querySelectorAll("a, button, input, select, summary, [tabindex]")];
    const same = now.find((each) => (each.getAttribute("aria-label") || each.textContent) === name);
    const next = same || now[Math.min(index, now.length - 1)] || document.getElementById("content");
    next.focus({ preventScroll: true });
  };
}

function typing(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input, select");
}

// Lay a page freshly made over this one: only the parts that differ are touched.
function lay(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const refocus = focused();
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other && other.innerHTML !== part.innerHTML && !typing(part)) {
      const open = [...part.querySelectorAll("details")].map((each) => each.open);
      part.innerHTML = other.innerHTML;
      part.querySelectorAll("details").forEach((each, nth) => { each.open = Boolean(open[nth]); });
    }
  }
  refocus();
  start();
}

let looking = false;
let again = false;

async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    do {
      again = false;
      const reply = await fetch(location.href, { headers: { accept: "text/html" } });
      if (reply.ok) lay(await reply.text());
      await new Promise((done) => setTimeout(done, 250));
    } while (again);
  } catch { /* the server is gone; the stream says so when it is back */ } finally {
    looking = false;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  const button = form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "follow" });
    const text = await reply.text();
    if (reply.ok) {
      lay(text);
      tell(form.dataset.said);
    } else {
      tell(new DOMParser().parseFromString(text, "text/html").getElementById("said")?.textContent || `The server answered ${reply.status}`, true);
    }
  } catch {
    tell("The server does not answer", true);
  }
  button.removeAttribute("aria-busy");
});

document.getElementById("world-choice")?.addEventListener("change", (event) => event.target.form.submit());

// Clocks go on by themselves between two looks.
let began = 0;

function start() { began = performance.now(); }

function tick() {
  for (const clock of document.querySelectorAll("time[data-clock=running]")) {
    const at = new Date(Date.parse(clock.dateTime) + performance.now() - began).toISOString();
    const words = "face" in clock.dataset ? at.slice(11, 19) : `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
    if (clock.textContent !== words) clock.textContent = words;
  }
}

start();
setInterval(tick, 200);

if (document.body.dataset.follow) {
  const events = new EventSource(document.body.dataset.follow);
  events.addEventListener("exchange", look);
  events.addEventListener("change", look);
  let lost = false;
  events.addEventListener("error", () => { lost = true; });
  events.addEventListener("open", () => { if (lost) { lost = false; look(); } });
  document.documentElement.dataset.following = "yes";
}
