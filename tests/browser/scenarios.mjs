// What people do with the dashboard, each in a world of its own: node scenarios.mjs NAME
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { ask, call, credentials, ok, open, pages } from "./browser.mjs";

const farid = "people/farid@example.com";
const shown = (page, vendor) => page.locator(`#sessions-${vendor} li`).count();
const until = (page, what, value) => page.waitForFunction(what, value);

const scenarios = {
  async revoke() {
    const { page, close } = await open();
    const [here, there] = [await page(farid), await page(farid)];
    const first = here.locator("#sessions-workos li").first();
    const id = await first.getAttribute("data-session");
    const before = await shown(there, "workos");
    await first.getByRole("button", { name: `Revoke workos session ${id}` }).click();
    await there.locator(`[data-session="${id}"]`).waitFor({ state: "detached" });
    assert.equal(await shown(there, "workos"), before - 1);
    assert.equal(await here.locator("#said").textContent(), `Session ${id} is revoked`);
    ok("a revoked session vanishes in the second window");
    const told = await ask("GET", "/people/farid@example.com");
    assert.ok(!told.vendors.workos.some((each) => each.id === id));
    const exchange = (await ask("GET", "/journal?operation=revokeSession")).exchanges.at(-1);
    assert.equal(exchange.response.status, 200);
    ok("by the vendor's own operation");
    here.on("dialog", (dialog) => dialog.accept());
    await here.getByRole("button", { name: /^Sign out everywhere/ }).click();
    await until(there, () => document.querySelectorAll("[data-session]").length === 0);
    ok("signed out everywhere, seen in the second window");
    await close();
  },

  async clock() {
    const { page, close } = await open();
    const ends = Object.values((await ask("GET", "/people/farid@example.com")).vendors).flat().filter((each) => each.until);
    const first = ends.sort((a, b) => a.until.localeCompare(b.until))[0];
    const person = await page(farid);
    await person.locator(`[data-session="${first.id}"]`).waitFor();
    const clock = await page("clock");
    await clock.getByRole("button", { name: "Freeze it" }).click();
    await clock.getByText("standing still").first().waitFor();
    const still = await clock.locator(".face").textContent();
    await clock.waitForTimeout(1200);
    assert.equal(await clock.locator(".face").textContent(), still);
    ok("a frozen clock stands still");
    await clock.getByLabel("Stand still at").fill(new Date(Date.parse(first.until) - 60000).toISOString());
    await clock.getByRole("button", { name: "Set" }).click();
    await until(person, (day) => document.querySelector("#now").textContent.includes(day), new Date(Date.parse(first.until) - 60000).toISOString().slice(0, 10));
    assert.equal(await person.locator(`[data-session="${first.id}"]`).count(), 1);
    ok("a minute before its end the session is there");
    await clock.getByRole("button", { name: "Jump 15 minutes ahead" }).click();
    await person.locator(`[data-session="${first.id}"]`).waitFor({ state: "detached" });
    ok("after the jump it has expired");
    await clock.getByRole("button", { name: "Let it run" }).click();
    await clock.getByText("running").first().waitFor();
    const going = await clock.locator(".face").textContent();
    await until(clock, (text) => document.querySelector(".face").textContent !== text, going);
    ok("let go, it runs");
    await close();
  },

  async faults() {
    const { page, close } = await open();
    const faults = await page("faults");
    await faults.getByRole("switch", { name: "rate limited, workos" }).click();
    await faults.locator('[aria-label="rate limited, workos"][aria-checked="true"]').waitFor();
    const journal = await page("journal");
    const client = spawn(process.env.PYTHON, [process.env.OFFBOARD, "farid@example.com", "--url", process.env.MOCK_URL, "--world", process.env.MOCK_WORLD, "--pace", "0"]);
    let said = "";
    client.stderr.on("data", (data) => { said += data; });
    const code = new Promise((done) => client.on("exit", done));
    await journal.locator("tr", { hasText: "429" }).first().waitFor({ timeout: 20000 });
    ok("the refusals of the client are in the journal while it works");
    await until(journal, () => true);
    await faults.getByRole("switch", { name: "rate limited, workos" }).click();
    assert.equal(await code, 0, said);
    assert.match(said, /workos: waiting [\d.]+ s: .*429/);
    assert.match(said, /24 sessions ended/);
    ok("the client waited as it was told, and did its job");
    await faults.getByText("slow:").click();
    const form = faults.locator("details[open]");
    await form.getByLabel("Seconds").fill("0.4");
    await form.getByLabel("Vendor").selectOption("pagerduty");
    await form.getByRole("button", { name: "Switch on" }).click();
    await faults.locator("#faults tr", { hasText: "seconds 0.4" }).waitFor();
    const began = performance.now();
    await call("GET", "/pagerduty/users");
    assert.ok(performance.now() - began > 390);
    ok("a slow vendor is slow");
    await form.getByLabel("Seconds").fill("soon");
    await form.getByRole("button", { name: "Switch on" }).click();
    await faults.locator('#said[role="alert"]', { hasText: "seconds" }).waitFor();
    ok("what cannot be is said");
    await close().catch((error) => { if (!/400/.test(error.message)) throw error; });
  },

  async journal() {
    const { page, close } = await open();
    const journal = await page("journal");
    const { api_key: key } = await credentials("workos");
    await call("GET", "/workos/user_management/users?limit=500", { authorization: `Bearer ${key}` });
    const row = journal.locator("tr", { hasText: "limit=500" });
    await row.waitFor();
    await row.getByText("broken").waitFor();
    await row.getByText("query limit").waitFor();
    const place = await row.locator(".findings .code").textContent();
    assert.match(place, /^#\/.*maximum$/);
    ok("a breach appears by itself, with its place in the contract");
    await row.getByRole("link").click();
    await journal.getByRole("heading", { name: "Where the contract was left" }).waitFor();
    assert.equal(await journal.locator("ol pre").first().textContent(), "100");
    ok("its page shows the very rule");
    await call("GET", "/workos/user_management/user");
    await journal.goto(`${pages}/journal?verdict=unmatched`);
    await journal.getByText("GET /user_management/users", { exact: false }).first().waitFor();
    ok("a call that matches nothing is shown beside the nearest operation");
    const har = await (await fetch(new URL(await journal.getByRole("link", { name: "As HAR" }).getAttribute("href"), process.env.MOCK_URL))).json();
    assert.equal(har.log.entries.length, 1);
    ok("the filtered journal leaves as HAR");
    await close();
  },

  async worlds() {
    const { page, close } = await open();
    const worlds = await page("worlds");
    await worlds.getByRole("textbox", { name: "Checkpoint" }).fill("before");
    await worlds.getByRole("button", { name: "Keep this moment" }).click();
    await worlds.locator("#checkpoints tr", { hasText: "before" }).waitFor();
    const person = await page(farid);
    const count = await shown(person, "pagerduty");
    await person.locator("#sessions-pagerduty li button").first().click();
    await until(person, (n) => document.querySelectorAll("#sessions-pagerduty li").length === n, count - 1);
    await worlds.getByRole("link", { name: "What changed since" }).click();
    await worlds.locator("#diff tr", { hasText: "pagerduty sessions" }).getByText("removed").waitFor();
    ok("the difference names the session that is gone");
    await worlds.getByRole("button", { name: "Rewind to before" }).click();
    await until(person, (n) => document.querySelectorAll("#sessions-pagerduty li").length === n, count);
    ok("rewound, it is back in the other window");
    await close();
  },

  async contract() {
    const { page, close } = await open();
    const contract = await page("contract");
    const tile = contract.locator("a.tile", { has: contract.getByText("listUsers", { exact: true }) });
    assert.ok((await tile.count()) >= 2);
    const { api_key: key } = await credentials("workos");
    await call("GET", "/workos/user_management/users", { authorization: `Bearer ${key}` });
    await contract.locator("#map-workos a.tile.good", { hasText: "listUsers" }).waitFor();
    ok("an operation that was called is lit on the map");
    await contract.locator("#map-workos a.tile.good", { hasText: "listUsers" }).click();
    await contract.locator("tr", { hasText: "/workos/user_management/users" }).waitFor();
    ok("and leads to its calls");
    await close();
  },

  async keyboard() {
    const { page, close } = await open();
    const person = await page(farid);
    await person.keyboard.press("Tab");
    assert.equal(await person.evaluate(() => document.activeElement.textContent), "Skip to the content");
    await person.keyboard.press("Enter");
    ok("the first stop skips the menu");
    const count = await shown(person, "zendesk");
    for (let stops = 0; stops < 80; stops += 1) {
      await person.keyboard.press("Tab");
      const label = await person.evaluate(() => document.activeElement.getAttribute("aria-label") || "");
      if (label.startsWith("Revoke zendesk")) break;
    }
    await person.keyboard.press("Enter");
    await until(person, (n) => document.querySelectorAll("#sessions-zendesk li").length === n, count - 1);
    await person.waitForFunction(() => (document.activeElement.getAttribute("aria-label") || "").startsWith("Revoke zendesk"));
    ok("a session is revoked by keyboard alone, and the focus stands at the next");
    await close();
  },

  async "without-javascript"() {
    const { page, close } = await open({ javaScriptEnabled: false });
    const person = await page(farid);
    const count = await shown(person, "zendesk");
    await person.locator("#sessions-zendesk li button").first().click();
    await person.waitForLoadState();
    assert.equal(await shown(person, "zendesk"), count - 1);
    ok("forms work without JavaScript");
    await person.goto(`${pages}/faults`);
    await person.getByRole("switch", { name: "bad day, zendesk" }).click();
    assert.equal(await person.getByRole("switch", { name: "bad day, zendesk" }).getAttribute("aria-checked"), "true");
    ok("and so do switches");
    await close();
  },

  async escaping() {
    const { page, close } = await open();
    const nasty = "<img src=x onerror=alert(1)>";
    await call("GET", `/workos/${encodeURIComponent(nasty)}/x`, { "x-test": "<script>alert(2)</script>", "user-agent": nasty });
    const journal = await page("journal");
    let dialogs = 0;
    journal.on("dialog", (dialog) => { dialogs += 1; dialog.dismiss(); });
    await journal.getByRole("link", { name: /^Exchange/ }).first().click();
    await journal.getByText("headers").first().click();
    await journal.getByText(nasty).first().waitFor();
    for (const path of [`people?q=${encodeURIComponent(nasty)}`, `people/${encodeURIComponent(nasty)}`, `journal?text=${encodeURIComponent(nasty)}`, `worlds?since=${encodeURIComponent(nasty)}`]) {
      await journal.goto(`${pages}/${path}`);
      assert.equal(await journal.locator("img").count(), 0, path);
    }
    assert.equal(dialogs, 0);
    ok("markup in the data stays text");
    await close().catch((error) => { if (!/404/.test(error.message)) throw error; });
  },

  async axe() {
    const source = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
    const { api_key: key } = await credentials("workos");
    await call("GET", "/workos/user_management/users?limit=500", { authorization: `Bearer ${key}` });
    await call("GET", "/workos/user_management/user");
    await ask("POST", "/checkpoints", { name: "one" });
    await ask("POST", "/faults", { effect: "slow", seconds: 0.1 });
    await ask("PUT", "/clock", { freeze: true });
    await ask("POST", "/people/farid@example.com/revoke", { vendor: "zendesk" });
    const paths = ["", "people", farid, "journal", "journal/1", "clock", "faults", "worlds?since=one", "contract", "webhooks"];
    for (const [colorScheme, width] of [["light", 1280], ["dark", 1280], ["light", 390]]) {
      const { context, close } = await open({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const page = await context.newPage();
      for (const path of paths) {
        await page.goto(`${pages}/${path}`);
        await page.evaluate(source);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const told = violations.map((each) => `${each.impact} ${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
        assert.deepEqual(told, [], `${path || "overview"}, ${colorScheme}, ${width} wide`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 1, `${path || "overview"} is ${wide}px wider than a window of ${width}`);
      }
      await close();
      ok(`${paths.length} pages, ${colorScheme}, ${width} wide: nothing found`);
    }
  },

  async pictures() {
    const folder = process.env.PICTURES;
    const { context, close } = await open({ viewport: { width: 1200, height: 800 } });
    const page = await context.newPage();
    const take = async (path, name, ready) => {
      await page.goto(`${pages}/${path}`);
      if (ready) await page.locator(ready).first().waitFor();
      await page.screenshot({ path: `${folder}/${name}.png` });
    };
    await take("people", "people");
    await take(farid, "person");
    await ask("POST", "/checkpoints", { name: "before" });
    await ask("PUT", "/packs/rate%20limited", { on: true, vendor: "workos" });
    await take("faults", "faults");
    await ask("DELETE", "/faults");
    await ask("POST", "/faults", { effect: "slow", vendor: "zendesk", seconds: 0.02, spread: 1, tail: true });
    const client = spawn(process.env.PYTHON, [process.env.OFFBOARD, "farid@example.com", "--url", process.env.MOCK_URL, "--world", process.env.MOCK_WORLD, "--pace", "0"]);
    const code = await new Promise((done) => client.on("exit", done));
    assert.equal(code, 0);
    const { api_key: key } = await credentials("workos");
    await ask("DELETE", "/faults");
    await call("GET", "/workos/user_management/users?limit=500", { authorization: `Bearer ${key}` });
    await take("journal", "journal");
    await take("", "overview");
    await take(farid, "signed-out");
    await take("worlds?since=before", "worlds");
    await take("contract", "contract");
    await ask("PUT", "/clock", { freeze: "2026-12-24T09:00:00Z" });
    await take("clock", "clock");
    await context.close();
    await close();
    ok(`pictures are in ${folder}`);
  },
};

await scenarios[process.argv[2]]();
