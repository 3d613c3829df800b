// A browser for the scenarios: Chromium without a network but for the server under test, and what they all do with it.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const server = process.env.MOCK_URL;
const world = process.env.MOCK_WORLD;
export const pages = `${server}/_mockserver/ui/${world}`;
export const control = `${server}/_mockserver/worlds/${world}`;

export async function open(options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(8000);
  const seen = { elsewhere: [], errors: [] };
  context.on("request", (request) => {
    if (!request.url().startsWith(server) && !request.url().startsWith("data:")) seen.elsewhere.push(request.url());
  });
  const page = async (path) => {
    const made = await context.newPage();
    made.on("pageerror", (error) => seen.errors.push(error.message));
    made.on("console", (message) => { if (message.type() === "error") seen.errors.push(message.text()); });
    await made.goto(`${pages}/${path}`);
    return made;
  };
  // What holds in every scenario: nothing was asked of anybody else, and no script failed nor did the policy have to stop one.
  const close = async () => {
    await browser.close();
    assert.deepEqual(seen.elsewhere, [], "asked somebody else");
    assert.deepEqual(seen.errors, [], "errors in the page");
  };
  return { context, page, close, seen };
}

// One request to the control API of the scenario's world.
export async function ask(method, path, body) {
  const reply = await fetch(control + path, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
  assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
  return reply.status === 204 ? null : reply.json();
}

// One call to a vendor, in the scenario's world.
export async function call(method, path, headers = {}) {
  const reply = await fetch(server + path, { method, headers: { "Mock-World": world, ...headers } });
  await reply.arrayBuffer();
  return reply.status;
}

export async function credentials(vendor) {
  const index = await (await fetch(`${server}/_mockserver/`)).json();
  return index.vendors[vendor].credentials;
}

export const ok = (words) => console.log(`ok ${words}`);
