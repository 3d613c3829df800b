// WorkOS's own Node client, unmodified, against the server that MOCK_URL and MOCK_CREDENTIALS describe.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import {once} from 'node:events';
import http from 'node:http';
import {WorkOS} from '@workos-inc/node';

const {MOCK_URL, MOCK_CREDENTIALS} = process.env;
const credentials = JSON.parse(MOCK_CREDENTIALS);
const base = new URL(MOCK_URL);

// The client knows a host and a port but no path, so it is told the host name that means this vendor. Browsers resolve
// names below localhost by themselves, Node asks the system, which may not.
const prefixed = base.pathname !== '/';
const hostname = prefixed ? 'workos.localhost' : base.hostname;
const lookup = dns.lookup;
dns.lookup = (name, options, answer) => lookup(name === 'workos.localhost' ? base.hostname : name, options, answer);

// A world of its own comes as /_world/NAME/… in the address, and travels as a header here.
const world = base.pathname.match(/^\/_world\/([^/]+)\//)?.[1];
const headers = world ? {'Mock-World': decodeURIComponent(world)} : {};

const clientOf = (apiKey, more = {}) =>
  new WorkOS(apiKey, {
    clientId: credentials.client_id,
    apiHostname: hostname,
    port: Number(base.port),
    https: false,
    config: {headers},
    ...more,
  });
const workos = clientOf(credentials.api_key);
const {userManagement: users} = workos;
const device = {ipAddress: '203.0.113.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'};
const cookiePassword = 'a-cookie-password-of-more-than-32-characters';
const sealed = {session: {sealSession: true, cookiePassword}};

async function promise(what, check) {
  try {
    await check();
    console.log(`ok ${what}`);
  } catch (reason) {
    console.error(`not ok ${what}\n${reason?.stack ?? reason}`);
    process.exitCode = 1;
  }
}

// Which of the two the client throws is the affair of its version; what WorkOS said is the same.
const said = reason => reason.rawData ?? reason;

async function pages(list) {
  const seen = [];
  let after;
  do {
    const page = await list({limit: 2, after});
    assert.ok(page.data.length <= 2);
    seen.push(...page.data.map(each => each.id));
    after = page.listMetadata.after;
  } while (after);
  return seen;
}

let made = 0;
async function newcomer(more = {}) {
  const email = `newcomer-${(made += 1)}@example.com`;
  const user = await users.createUser({email, password: 'correct-horse-battery-staple', emailVerified: true, ...more});
  return {user, email, signIn: (how = {}) => users.authenticateWithPassword({email, password: 'correct-horse-battery-staple', ...device, ...how})};
}

async function ended(cookie) {
  const {authenticated, reason} = await cookie.refresh();
  assert.deepEqual({authenticated, reason}, {authenticated: false, reason: 'invalid_grant'});
}

const ids = list => list.map(each => each.id);
const sessionsOf = async id => (await users.listSessions(id)).autoPagination();

await promise('every user comes once however small the pages', async () => {
  const whole = ids(await (await users.listUsers()).autoPagination());
  assert.ok(whole.length > 4);
  assert.equal(new Set(whole).size, whole.length);
  assert.deepEqual(await pages(options => users.listUsers(options)), whole);
});

await promise('hundreds of sessions come in several pages, newest first', async () => {
  const [hugo] = (await users.listUsers({email: 'hugo@example.com'})).data;
  const sessions = await sessionsOf(hugo.id);
  assert.ok(sessions.length > 200);
  assert.equal(new Set(ids(sessions)).size, sessions.length);
  const times = sessions.map(session => session.createdAt);
  assert.deepEqual(times, times.toSorted().toReversed());
  assert.ok(sessions.every(session => session.status === 'active' && session.userId === hugo.id));
});

await promise('a sign-in makes a session that says where it came from', async () => {
  const {user, signIn} = await newcomer();
  const {accessToken, authenticationMethod} = await signIn();
  assert.equal(authenticationMethod, 'Password');
  const [session, ...others] = await sessionsOf(user.id);
  assert.deepEqual(others, []);
  assert.equal(session.ipAddress, device.ipAddress);
  assert.equal(session.userAgent, device.userAgent);
  assert.equal(session.authMethod, 'password');
  assert.ok(!session.organizationId);
  assert.equal(JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url')).sid, session.id);
});

await promise('a revoked session is gone, cannot be renewed, and is told as an event', async () => {
  const {user, signIn} = await newcomer();
  const {refreshToken} = await signIn();
  const [session] = await sessionsOf(user.id);
  await users.revokeSession({sessionId: session.id});
  assert.deepEqual(await sessionsOf(user.id), []);
  await assert.rejects(users.authenticateWithRefreshToken({refreshToken}), reason => {
    assert.equal(reason.name, 'OauthException');
    assert.equal(reason.error, 'invalid_grant');
    return true;
  });
  const rangeStart = new Date(Date.now() - 60_000).toISOString();
  const {data} = await workos.events.listEvents({events: ['session.created', 'session.revoked'], rangeStart, limit: 100});
  const mine = data.filter(event => event.data.id === session.id);
  assert.deepEqual(mine.map(event => event.event), ['session.created', 'session.revoked']);
  assert.equal(mine[1].data.status, 'revoked');
});

await promise('an unknown session is a typed error', async () => {
  await assert.rejects(users.revokeSession({sessionId: 'session_01H93ZY4F80QPBEZ1R5B2SHQG8'}), reason => {
    assert.equal(reason.name, 'NotFoundException');
    assert.equal(reason.code, 'entity_not_found');
    assert.equal(reason.message, "Session not found: 'session_01H93ZY4F80QPBEZ1R5B2SHQG8'.");
    return true;
  });
});

await promise('a wrong key and a malformed call are typed errors', async () => {
  await assert.rejects(clientOf('sk_test_of_nobody').userManagement.listUsers(), {name: 'UnauthorizedException', status: 401});
  await assert.rejects(users.listUsers({limit: 101}), {name: 'UnprocessableEntityException', code: 'invalid_request_parameters'});
  await assert.rejects(users.createUser({email: 'nowhere'}), {name: 'UnprocessableEntityException'});
});

await promise('a sealed session is checked against the real keys, renewed, and ends where it was revoked', async () => {
  const {user, signIn} = await newcomer();
  const {sealedSession} = await signIn(sealed);
  const cookie = users.loadSealedSession({sessionData: sealedSession, cookiePassword});
  const checked = await cookie.authenticate();
  assert.equal(checked.authenticated, true);
  assert.equal(checked.user.id, user.id);
  const renewed = await cookie.refresh();
  assert.equal(renewed.authenticated, true);
  assert.equal(renewed.sessionId, checked.sessionId);
  const stale = users.loadSealedSession({sessionData: sealedSession, cookiePassword});
  await ended(stale);
  const out = new URL(await cookie.getLogoutUrl({returnTo: 'https://app.example.com/bye'}));
  const reply = await fetch(`${MOCK_URL}${out.pathname}${out.search}`, {redirect: 'manual'});
  assert.equal(reply.status, 302);
  assert.equal(reply.headers.get('location'), 'https://app.example.com/bye');
  assert.deepEqual(await sessionsOf(user.id), []);
  await ended(cookie);
});

await promise('a forged token does not pass', async () => {
  const {signIn} = await newcomer();
  const {user, accessToken, refreshToken} = await signIn();
  const [head, claims, signature] = accessToken.split('.');
  const other = `${head}.${claims}.${signature.slice(0, -6)}${signature.slice(-6) === 'AAAAAA' ? 'BBBBBB' : 'AAAAAA'}`;
  const sessionData = await users.sealSessionDataFromAuthenticationResponse({
    authenticationResponse: {user, accessToken: other, refreshToken},
    cookiePassword,
  });
  assert.deepEqual(await users.authenticateWithSessionCookie({sessionData, cookiePassword}), {authenticated: false, reason: 'invalid_jwt'});
});

await promise('the browser way leads back with a code that works once', async () => {
  const {user, email} = await newcomer();
  const {url, state, codeVerifier} = await users.getAuthorizationUrlWithPKCE({
    provider: 'authkit',
    redirectUri: 'https://app.example.com/callback',
    loginHint: email,
  });
  const at = new URL(url);
  const reply = await fetch(`${MOCK_URL}${at.pathname}${at.search}`, {redirect: 'manual'});
  assert.equal(reply.status, 302);
  const back = new URL(reply.headers.get('location'));
  assert.equal(back.origin + back.pathname, 'https://app.example.com/callback');
  assert.equal(back.searchParams.get('state'), state);
  const code = back.searchParams.get('code');
  const signedIn = await users.authenticateWithCode({code, codeVerifier, ...device});
  assert.equal(signedIn.user.id, user.id);
  await assert.rejects(users.authenticateWithCode({code, codeVerifier}), {name: 'OauthException', error: 'invalid_grant'});
});

await promise('a one-time code signs in once', async () => {
  const {user, email} = await newcomer();
  const {code} = await users.createMagicAuth({email});
  const signedIn = await users.authenticateWithMagicAuth({code, email, ...device});
  assert.equal(signedIn.user.id, user.id);
  assert.equal(signedIn.authenticationMethod, 'MagicAuth');
  await assert.rejects(users.authenticateWithMagicAuth({code, email}), reason => said(reason).code === 'one_time_code_previously_used');
});

await promise('who belongs to two organizations chooses one, and may switch', async () => {
  const {user, signIn} = await newcomer();
  const first = await workos.organizations.createOrganization({name: 'First'});
  const second = await workos.organizations.createOrganization({name: 'Second'});
  await users.createOrganizationMembership({userId: user.id, organizationId: first.id});
  await users.createOrganizationMembership({userId: user.id, organizationId: second.id, roleSlug: 'admin'});
  const step = await signIn().then(assert.fail, said);
  assert.equal(step.code, 'organization_selection_required');
  assert.deepEqual(ids(step.organizations).toSorted(), [first.id, second.id].toSorted());
  const chosen = await users.authenticateWithOrganizationSelection({
    pendingAuthenticationToken: step.pending_authentication_token,
    organizationId: first.id,
    ...device,
    ...sealed,
  });
  assert.equal(chosen.organizationId, first.id);
  const cookie = users.loadSealedSession({sessionData: chosen.sealedSession, cookiePassword});
  const switched = await cookie.refresh({organizationId: second.id});
  assert.equal(switched.organizationId, second.id);
  assert.equal(switched.role, 'admin');
  assert.ok(switched.permissions.length > 0);
});

await promise('an event arrives at a webhook, signed', async () => {
  const arrivals = [];
  const receiver = http.createServer(async (request, response) => {
    const chunks = await request.toArray();
    arrivals.push({payload: JSON.parse(Buffer.concat(chunks)), sigHeader: request.headers['workos-signature']});
    response.end();
    receiver.emit('arrival');
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  try {
    const {data: endpoint} = await workos.post('/webhook_endpoints', {
      endpoint_url: `http://127.0.0.1:${receiver.address().port}/hook`,
      events: ['session.created'],
    });
    const {signIn} = await newcomer();
    const arrival = once(receiver, 'arrival', {signal: AbortSignal.timeout(10_000)});
    await signIn();
    if (arrivals.length === 0) await arrival;
    const event = await workos.webhooks.constructEvent({...arrivals[0], secret: endpoint.secret});
    assert.equal(event.event, 'session.created');
    await assert.rejects(workos.webhooks.constructEvent({...arrivals[0], secret: 'whsec_other'}), {name: 'SignatureVerificationException'});
    await workos.delete(`/webhook_endpoints/${endpoint.id}`);
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
});
