// Ends a person's newest session by node-zendesk, and prints the ids of those that are left on the last line.
// Its own errors are caught; nothing else is. Needs scripts/install-node.
import {createRequire} from 'node:module';

const {createClient} = createRequire(new URL('../../tests/sdks/node/', import.meta.url))('node-zendesk');

const {email: username, api_token: token} = JSON.parse(process.env.MOCKSERVER_CREDENTIALS);
const {user_id: user} = JSON.parse(process.env.MOCKSERVER_SUBJECT);
const {sessions} = createClient({username, token, subdomain: 'example', endpointUri: `${process.env.MOCKSERVER_URL}/api/v2`});

try {
  const [first] = await sessions.getByUserId(user);
  if (first) {
    await sessions.getByUserIdBySessionId(user, first.id);
    await sessions.deleteByUserIdBySessionId(user, first.id);
  }
  console.log(JSON.stringify((await sessions.getByUserId(user)).map(session => session.id)));
} catch (reason) {
  if (!/^Request processing failed|^Zendesk/.test(reason.message) && reason.name !== 'FetchError') throw reason;
  console.error(`${reason.name}: ${reason.message}`);
  process.exitCode = 75;
}
