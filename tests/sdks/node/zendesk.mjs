// The unmodified node-zendesk against a running mockserver. One line "ok …" a promise; the first broken one ends it.
import assert from "node:assert/strict";
import zendesk from "node-zendesk";

const { MOCK_URL, MOCK_TLS_URL, MOCK_CREDENTIALS } = process.env;
const { email, api_token, oauth_token } = JSON.parse(MOCK_CREDENTIALS);
const ok = (what) => console.log(`ok ${what}`);
const client = (base, more = {}) =>
  zendesk.createClient({
    username: email,
    token: api_token,
    subdomain: "example",
    endpointUri: `${base}/api/v2`,
    throwOriginalException: true,
    ...more,
  });
const admin = client(MOCK_URL);
const refused = (status) => (error) => {
  assert.equal(error.statusCode, status);
  assert.match(error.message, new RegExp(`^Zendesk Error \\(${status}\\)`));
  return true;
};

const { result: me } = await admin.users.me();
assert.equal(me.email, email);
assert.equal(me.role, "admin");
assert.equal(typeof me.authenticity_token, "string");
ok("me is the admin the credentials belong to");

const { result: nobody } = await client(MOCK_URL, { password: "wrong" }).users.me();
assert.deepEqual([nobody.id, nobody.name], [null, "Anonymous user"]);
ok("a wrong password makes me an anonymous user, not an error");

const sessions = await admin.sessions.list();
assert.ok(sessions.length > 100, `one offset page holds 100, got ${sessions.length}`);
assert.equal(new Set(sessions.map((session) => session.id)).size, sessions.length);
ok(`sessions are listed over several offset pages (${sessions.length})`);

const small = await client(MOCK_URL, { query: { per_page: 25 } }).sessions.list();
assert.deepEqual(small, sessions);
ok("pages of 25 hold what pages of 100 hold");

const byCursor = await client(MOCK_URL, { query: { "page[size]": 30 } }).sessions.list();
assert.deepEqual(byCursor.map((s) => s.id).sort(), sessions.map((s) => s.id).sort());
ok("cursor pages end on an empty page and hold the same sessions");

const users = await admin.users.list();
assert.ok(users.some((user) => user.id === me.id));
const agents = await admin.users.listWithFilter("role", "agent");
assert.ok(agents.length > 0 && agents.every((user) => user.role === "agent"));
ok(`users are listed (${users.length}) and filtered by role (${agents.length})`);

const count = (list) => list.reduce((all, { user_id }) => all.set(user_id, (all.get(user_id) ?? 0) + 1), new Map());
const [owner] = [...count(sessions)].filter(([id]) => id !== me.id).sort((a, b) => b[1] - a[1])[0];
const own = await admin.sessions.getByUserId(owner);
assert.deepEqual(own, sessions.filter((session) => session.user_id === owner));
ok(`sessions of one user (${own.length})`);

const [first, second] = own;
const { result: user } = await admin.users.show(owner);
assert.equal(user.id, owner);
const { result: shown } = await admin.sessions.getByUserIdBySessionId(owner, first.id);
assert.deepEqual([shown.session ?? shown].flat(2)[0], first);
ok("one session is shown as it was listed");

const { response: gone } = await admin.sessions.deleteByUserIdBySessionId(owner, first.id);
assert.equal(gone.status, 204);
await assert.rejects(
  client(MOCK_URL, { throwOriginalException: false }).sessions.getByUserIdBySessionId(owner, first.id),
  { message: "Request processing failed: Zendesk Error (404): Item not found" },
);
await assert.rejects(admin.sessions.getByUserIdBySessionId(owner, first.id), (error) => {
  assert.deepEqual(error.result, { error: "RecordNotFound", description: "Not found" });
  return refused(404)(error);
});
ok("an ended session is gone, with the client's typed 404");

if (second) {
  const { response } = await admin.sessions.bulkDeleteByUserId(owner);
  assert.equal(response.status, 204);
}
assert.deepEqual(await admin.sessions.getByUserId(owner), []);
assert.ok(!(await admin.sessions.list()).some((session) => session.user_id === owner));
ok("ending all sessions of a user leaves none of theirs");

await assert.rejects(client(MOCK_URL, { token: "wrong" }).sessions.list(), refused(401));
ok("a wrong API token is refused with 401");

const bearer = client(MOCK_URL, { useOAuth: true, token: oauth_token });
assert.equal((await bearer.users.me()).result.id, me.id);
await assert.rejects(client(MOCK_URL, { useOAuth: true, token: "wrong" }).sessions.list(), (error) => {
  assert.equal(error.result.error, "invalid_token");
  return refused(401)(error);
});
ok("OAuth tokens sign in, and wrong ones are refused");

const { response: out } = await admin.sessions.logMeOut();
assert.equal(out.status, 204);
assert.deepEqual(await admin.sessions.getByUserId("me"), []);
ok("logMeOut, which asks for users/me/sessions, ends the caller's own sessions");

if (MOCK_TLS_URL) {
  assert.equal((await client(MOCK_TLS_URL).users.me()).result.id, me.id);
  ok("TLS holds with the throw-away CA");
}
