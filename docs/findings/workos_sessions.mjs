// Signs a person's newest session out by WorkOS' own Node SDK, and prints the ids of those that are left on the last line.
// Its own errors and those of fetch are caught; nothing else is. Needs scripts/install-node.
import dns from 'node:dns';
import {createRequire} from 'node:module';

const {WorkOS} = createRequire(new URL('../../tests/sdks/node/', import.meta.url))('@workos-inc/node');

const {api_key: key, client_id: clientId} = JSON.parse(process.env.MOCKSERVER_CREDENTIALS);
const {id: user} = JSON.parse(process.env.MOCKSERVER_SUBJECT);
const address = new URL(process.env.MOCKSERVER_URL);

// This SDK knows a host and a port but no path: the name of the host means the vendor, and the world travels as a header.
const lookup = dns.lookup;
dns.lookup = (name, options, answer) => lookup(name === 'workos.localhost' ? address.hostname : name, options, answer);
const config = {headers: {'Mock-World': address.pathname.split('/')[2]}};
const at = {apiHostname: 'workos.localhost', port: Number(address.port), https: false};
const {userManagement: people} = new WorkOS(key, {clientId, ...at, timeout: 3000, config});

const sessions = async () => (await people.listSessions(user)).autoPagination();
const own = reason => /Exception$|^HttpClientError$|^ParseError$/.test(reason.name) || /^(fetch failed|Unexpected error: )/.test(reason.message);

try {
  await people.getUser(user);
  const [newest] = await sessions();
  if (newest) await people.revokeSession({sessionId: newest.id});
  console.log(JSON.stringify((await sessions()).map(session => session.id)));
} catch (reason) {
  if (!own(reason)) throw reason;
  console.error(`${reason.name}: ${reason.message}`);
  process.exitCode = 75;
}
