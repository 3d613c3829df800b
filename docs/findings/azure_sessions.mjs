// Signs the first session of a host pool out by the Azure SDK for Node, and prints the ids of those that are left on the last line.
// Its own errors are caught; nothing else is. Needs scripts/install-node.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const installed = createRequire(new URL('../../tests/sdks/node/', import.meta.url));
const {DesktopVirtualizationAPIClient} = installed('@azure/arm-desktopvirtualization');

const {access_token: token} = JSON.parse(process.env.MOCKSERVER_CREDENTIALS);
const {subscriptionId, resourceGroupName: group, hostPoolName: pool} = JSON.parse(process.env.MOCKSERVER_SUBJECT);
const known = {getToken: async () => ({token, expiresOnTimestamp: Date.now() + 3_600_000})};
const {userSessions} = new DesktopVirtualizationAPIClient(known, subscriptionId, {
  endpoint: process.env.MOCKSERVER_TLS_URL,
  tlsOptions: {ca: readFileSync(process.env.MOCKSERVER_CA)},
  retryOptions: {maxRetries: 2},
});

const options = {requestOptions: {timeout: 3000}};
const sessions = async () => {
  const found = [];
  for await (const session of userSessions.listByHostPool(group, pool, options)) found.push(session);
  return found;
};

try {
  const [first] = await sessions();
  if (first) {
    const [, host, number] = first.name.split('/');
    await userSessions.get(group, pool, host, number, options);
    await userSessions.delete(group, pool, host, number, options);
  }
  console.log(JSON.stringify((await sessions()).map(session => session.id)));
} catch (reason) {
  if (!['RestError', 'AbortError'].includes(reason.name)) throw reason;
  console.error(`${reason.name}: ${reason.message}`);
  process.exitCode = 75;
}
