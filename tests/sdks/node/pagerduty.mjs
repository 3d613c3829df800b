// PagerDuty's own Node client, unmodified, against the server that MOCK_URL, MOCK_TLS_URL and MOCK_CREDENTIALS describe.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import https from 'node:https';
import tls from 'node:tls';
import {api} from '@pagerduty/pdjs';

const {MOCK_URL, MOCK_TLS_URL, MOCK_CA, MOCK_CREDENTIALS} = process.env;
const credentials = JSON.parse(MOCK_CREDENTIALS);
const pd = api({token: credentials.api_key});

async function promise(what, check) {
  try {
    await check();
    console.log(`ok ${what}`);
  } catch (reason) {
    console.error(`not ok ${what}\n${reason?.stack ?? reason}`);
    process.exitCode = 1;
  }
}

// pdjs takes a whole address per call, which is its way to another server than api.pagerduty.com.
const at = path => `${MOCK_URL}/${path}`;
const get = (path, queryParameters) => pd({method: 'GET', url: at(path), queryParameters});
const end = path => pd({method: 'DELETE', url: at(path)});
const sessionsOf = async id => (await get(`users/${id}/sessions`)).data.user_sessions;

async function people(limit) {
  const seen = [];
  for (let reply = await get('users', {limit: String(limit)}); reply; reply = reply.next && (await reply.next())) {
    assert.equal(reply.response.status, 200);
    seen.push(...reply.data.users.map(user => user.id));
  }
  return seen;
}

async function busiest() {
  const found = [];
  for (const id of await people(100)) found.push({id, sessions: await sessionsOf(id)});
  return found.reduce((most, one) => (one.sessions.length > most.sessions.length ? one : most));
}

await promise('every person comes once however small the pages', async () => {
  const whole = await people(100);
  assert.ok(whole.length > 4);
  assert.deepEqual(await people(2), whole);
  assert.equal(new Set(whole).size, whole.length);
});

await promise('a session is shown, revoked and gone', async () => {
  const {id, sessions: [first, ...rest]} = await busiest();
  const path = `users/${id}/sessions/${first.type}/${first.id}`;
  assert.deepEqual((await get(path)).data.user_session, first);
  assert.equal((await end(path)).response.status, 204);
  assert.deepEqual(await sessionsOf(id), rest);
  const gone = await get(path);
  assert.equal(gone.response.status, 404);
  assert.deepEqual(gone.data, {error: {message: 'Not Found', code: 2100}});
});

await promise('all sessions of a person end at once', async () => {
  const {id, sessions} = await busiest();
  assert.ok(sessions.length > 0);
  assert.equal((await end(`users/${id}/sessions`)).response.status, 204);
  assert.deepEqual(await sessionsOf(id), []);
});

await promise('delegations come page by page behind their cursor', async () => {
  const {id} = await busiest();
  const path = `users/${id}/oauth_delegations`;
  const whole = (await get(path, {limit: '100'})).data.oauth_delegations;
  const paged = [];
  let cursor = null;
  do {
    const reply = await get(path, {limit: '1', ...(cursor && {cursor})});
    assert.equal(reply.next, undefined); // this client waits for a field `cursor` that PagerDuty does not send
    paged.push(...reply.data.oauth_delegations);
    cursor = reply.data.next_cursor;
  } while (cursor);
  assert.ok(whole.length > 1);
  assert.deepEqual(paged, whole);
});

await promise('a token signs in as a bearer', async () => {
  const bearer = api({token: credentials.oauth_token, tokenType: 'bearer'});
  const reply = await bearer({method: 'GET', url: at('users/me')});
  assert.equal(reply.response.status, 200);
});

await promise('a wrong key is told so', async () => {
  const reply = await api({token: 'nobodys_key_at_all_1', method: 'GET', url: at('users')});
  assert.equal(reply.response.status, 401);
  assert.equal(reply.data.error.code, 2006);
});

await promise('its own address works when the line leads to us, and all() collects every page', async () => {
  // all() only finds the records when the address holds ".com/", so it needs the vendor's own name.
  const {hostname, port} = new URL(MOCK_TLS_URL);
  const agent = new https.Agent();
  agent.createConnection = options =>
    tls.connect({...options, host: hostname, port, servername: 'localhost', ca: readFileSync(MOCK_CA)});
  const world = new URL(MOCK_TLS_URL).pathname.match(/^\/_world\/([^/]+)\//)?.[1];
  const home = api({token: credentials.api_key, agent, headers: world ? {'Mock-World': decodeURIComponent(world)} : {}});
  const {resource} = await home.all('users', {data: {limit: '2'}});
  assert.deepEqual(resource.map(user => user.id), await people(100));
});
