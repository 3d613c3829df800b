// Scalar's mock server; with a third word its store answers, by the handlers that its documentation writes into the document.
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { createMockServer } from "@scalar/mock-server";

const [file, port, remembering] = process.argv.slice(2);
const document = JSON.parse(readFileSync(file));

if (remembering) {
  const many = document.paths["/sessions"];
  const one = document.paths["/sessions/{id}"];
  many.get["x-handler"] = `
    const all = store.list("Session"), from = Number(req.query.offset ?? 0);
    return { data: all.slice(from, from + Number(req.query.limit ?? 10)), total: all.length };`;
  many.post["x-handler"] = `
    return store.create("Session", { ...req.body, status: "active", created_at: new Date().toISOString() });`;
  one.get["x-handler"] = `return store.get("Session", req.params.id);`;
  one.delete["x-handler"] = `return store.delete("Session", req.params.id);`;
}

const app = await createMockServer({ document, logger: false });
serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
