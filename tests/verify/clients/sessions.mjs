// A client of WorkOS' sessions, right in every way but for the defect that is named: `sessions.mjs list [DEFECT]`.
import { setTimeout as sleep } from "node:timers/promises";

const defect = process.argv[3] ?? "";
const base = process.env.MOCKSERVER_URL;
const user = JSON.parse(process.env.MOCKSERVER_SUBJECT).id;
const key = JSON.parse(process.env.MOCKSERVER_CREDENTIALS).api_key;

class GaveUp extends Error {}

async function ask(path) {
  for (let attempt = 0; attempt < 3; attempt++) {
    let reply, text;
    try {
      const signal = defect === "waits for ever" ? undefined : AbortSignal.timeout(2000);
      reply = await fetch(base + path, { headers: { Authorization: `Bearer ${key}` }, signal });
      text = await reply.text();
    } catch (error) {
      if (defect === "does not catch") throw error;
      continue;
    }
    if (reply.status === 429 || reply.status === 503) {
      if (defect !== "does not wait") await sleep(1000 * Number(reply.headers.get("retry-after") ?? 1));
      continue;
    }
    if (reply.status >= 500) continue;
    if (!reply.ok) {
      if (defect === "takes errors for nothing") return { data: [], list_metadata: { after: null } };
      throw new GaveUp(String(reply.status));
    }
    return read(text, reply.headers.get("content-type") ?? "");
  }
  if (defect === "takes errors for nothing") return { data: [], list_metadata: { after: null } };
  throw new GaveUp("asked three times");
}

function read(text, media) {
  if (defect === "trusts every body") return JSON.parse(text);
  try {
    if (!media.includes("json")) throw new GaveUp("no JSON");
    const page = JSON.parse(text);
    if (defect === "believes any id") return page;
    if (!Array.isArray(page.data) || !("after" in page.list_metadata)) throw new GaveUp("no list");
    if (![null, "string"].includes(page.list_metadata.after === null ? null : typeof page.list_metadata.after)) throw new GaveUp("no cursor");
    for (const row of page.data) if (typeof row.id !== "string") throw new GaveUp("no id");
    return page;
  } catch (error) {
    throw new GaveUp(error.message);
  }
}

function id(row) {
  if (defect === "needs a browser") row.user_agent.toLowerCase();
  if (defect === "knows all ways in" && !["password", "sso", "oauth", "passkey", "magic_code", "external_auth", "cross_app_auth"].includes(row.auth_method)) throw new Error("unreachable");
  return row.id;
}

async function list() {
  const found = [];
  let after = null;
  do {
    const page = await ask(`/user_management/users/${user}/sessions?limit=50${after ? `&after=${after}` : ""}`);
    found.push(...page.data);
    after = defect === "reads one page" ? null : page.list_metadata.after;
    if (defect === "stops at a short page" && page.data.length < 50) break;
  } while (after);
  return found.filter((row) => defect !== "drops who came by other ways" || row.ip_address);
}

try {
  console.log(JSON.stringify((await list()).map(id)));
} catch (error) {
  if (!(error instanceof GaveUp)) throw error;
  console.error(`gave up: ${error.message}`);
  process.exit(75);
}
