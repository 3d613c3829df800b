// Revokes a person's newest session by PagerDuty's own Node SDK, and prints the ids of those that are left on the last line.
// What it rejects with (the reply) and errors of fetch are caught; nothing else is. Needs scripts/install-node.
import {createRequire} from 'node:module';

const {api} = createRequire(new URL('../../tests/sdks/node/', import.meta.url))('@pagerduty/pdjs');

const {api_key: token} = JSON.parse(process.env.MOCKSERVER_CREDENTIALS);
const {id: user} = JSON.parse(process.env.MOCKSERVER_SUBJECT);
const path = `${process.env.MOCKSERVER_URL}/users/${user}/sessions`;

// It tells of every status as a success: to look at it is up to its user.
const ask = async (method, url) => {
  const reply = await api({token, method, url, retryTimeout: 1000});
  if (!reply.response.ok) throw reply;
  return reply.data;
};

try {
  const {user_sessions: [first]} = await ask('GET', path);
  if (first) {
    await ask('GET', `${path}/${first.type}/${first.id}`);
    await ask('DELETE', `${path}/${first.type}/${first.id}`);
  }
  console.log(JSON.stringify((await ask('GET', path)).user_sessions.map(session => session.id)));
} catch (reason) {
  if (!reason.response && reason.name !== 'FetchError') throw reason;
  console.error(reason.response ? `status ${reason.response.status}` : `${reason.name}: ${reason.message}`);
  process.exitCode = 75;
}
