// Drives the unmodified @azure/arm-desktopvirtualization and @azure/identity against MOCK_TLS_URL; one line per promise.
import assert from "node:assert/strict";
import { DesktopVirtualizationAPIClient } from "@azure/arm-desktopvirtualization";
import { ClientSecretCredential } from "@azure/identity";

const endpoint = process.env.MOCK_TLS_URL;
const { tenant_id: tenant, client_id: id, client_secret: secret, subscription_id: subscription } = JSON.parse(process.env.MOCK_CREDENTIALS);
const authority = { authorityHost: new URL(endpoint).origin, disableInstanceDiscovery: true };
const client = new DesktopVirtualizationAPIClient(new ClientSecretCredential(tenant, id, secret, authority), subscription, { endpoint });

const all = async (pages) => { const out = []; for await (const item of pages) out.push(item); return out; };
const refused = async (promise) => promise.then(() => assert.fail("nothing was refused"), (error) => error);
const ok = (what) => console.log(`ok ${what}`);

const token = await new ClientSecretCredential(tenant, id, secret, authority).getToken("https://management.azure.com/.default");
assert.ok(token.token && token.expiresOnTimestamp > Date.now());
ok("signs in with a client secret");

const wrong = await refused(new ClientSecretCredential(tenant, id, "wrong", authority).getToken("https://management.azure.com/.default"));
assert.equal(wrong.name, "AuthenticationRequiredError"); // what @azure/identity makes of any OAuth error
assert.match(wrong.message, /invalid_client.*AADSTS7000215: Invalid client secret provided/s);
ok("meets its typed error with a wrong secret");

const pools = await all(client.hostPools.list());
assert.ok(pools.length >= 1);
const byGroup = new Map(pools.map((pool) => [pool.id, pool.id.split("/")[4]]));
assert.deepEqual(await all(client.hostPools.list({ pageSize: 1 })).then((some) => some.map((pool) => pool.id)), pools.map((pool) => pool.id));
ok("lists host pools, one a page as well");

let busiest = { sessions: [] };
for (const pool of pools) {
  const sessions = await all(client.userSessions.listByHostPool(byGroup.get(pool.id), pool.name));
  if (sessions.length > busiest.sessions.length) busiest = { pool, sessions };
}
const [group, pool] = [byGroup.get(busiest.pool.id), busiest.pool.name];
assert.ok(busiest.sessions.length > 4);
assert.equal((await client.hostPools.get(group, pool)).name, pool);
ok("shows a host pool");

const pages = [];
for await (const page of client.userSessions.listByHostPool(group, pool, { pageSize: 3 }).byPage()) pages.push(page.length);
assert.ok(pages.length > 1 && pages.slice(0, -1).every((size) => size === 3));
const paged = await all(client.userSessions.listByHostPool(group, pool, { pageSize: 3 }));
assert.deepEqual(paged.map((session) => session.id), busiest.sessions.map((session) => session.id));
ok("lists user sessions over several pages");

const [first] = busiest.sessions;
const [, host, number] = first.name.split("/");
const filter = `userPrincipalName eq '${first.userPrincipalName}'`;
const theirs = await all(client.userSessions.listByHostPool(group, pool, { filter, pageSize: 1 }));
assert.deepEqual(theirs.map((session) => session.id), busiest.sessions.filter((each) => each.userPrincipalName === first.userPrincipalName).map((each) => each.id));
ok("filters by person, over pages");

const onHost = await all(client.userSessions.list(group, pool, host));
assert.ok(onHost.some((session) => session.name === first.name));
const hosts = await all(client.sessionHosts.list(group, pool));
assert.ok(hosts.some((each) => each.name === `${pool}/${host}`));
assert.equal((await client.sessionHosts.get(group, pool, host)).sessions, onHost.length);
ok("lists session hosts and the sessions of one");

const drained = await client.sessionHosts.update(group, pool, host, { sessionHost: { allowNewSession: false } });
assert.equal(drained.allowNewSession, false);
assert.equal((await client.sessionHosts.get(group, pool, host)).allowNewSession, false);
ok("drains a session host");

const shown = await client.userSessions.get(group, pool, host, number);
assert.equal(shown.name, first.name);
assert.ok(shown.createTime instanceof Date);
await client.userSessions.sendMessage(group, pool, host, number, { sendMessage: { messageTitle: "Hello", messageBody: "Please save your work." } });
await client.userSessions.disconnect(group, pool, host, number);
assert.equal((await client.userSessions.get(group, pool, host, number)).sessionState, "Disconnected");
ok("shows, writes to and disconnects a session");

await client.userSessions.delete(group, pool, host, number, { force: true });
const gone = await refused(client.userSessions.get(group, pool, host, number));
assert.deepEqual([gone.name, gone.statusCode, gone.code], ["RestError", 404, "404"]);
assert.match(gone.message, /ActivityId: .* Error: User session does not exist/);
const left = await all(client.userSessions.listByHostPool(group, pool));
assert.ok(!left.some((session) => session.name === first.name) && left.length === busiest.sessions.length - 1);
ok("revokes a session, sees it gone and meets RestError");

await client.userSessions.delete(group, pool, host, number);
ok("may revoke it twice");

await client.sessionHosts.delete(group, pool, host, { force: true });
const missing = await refused(client.sessionHosts.get(group, pool, host));
assert.match(missing.message, /SessionHost does not exist/);
ok("removes a session host with its sessions");

const unknown = await refused(client.hostPools.get(group, "no-such-pool"));
assert.deepEqual([unknown.statusCode, unknown.code], [404, "ResourceNotFound"]);
const old = new DesktopVirtualizationAPIClient(new ClientSecretCredential(tenant, id, secret, authority), subscription, { endpoint, apiVersion: "2019-01-01" });
assert.equal((await refused(old.userSessions.listByHostPool(group, pool).next())).code, "NoRegisteredProviderFound");
ok("meets the front door's typed errors");
