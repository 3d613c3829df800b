// openapi-backend as its documentation serves mocks: requests are checked, replies are the examples of the document.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { OpenAPIBackend } from "openapi-backend";

const [document, port] = process.argv.slice(2);

const told = (response, status, value) => {
  if (status === 204) return response.writeHead(204).end();
  const body = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
};

const api = new OpenAPIBackend({
  definition: JSON.parse(readFileSync(document)),
  handlers: {
    validationFail: (context, request, response) => told(response, 400, { errors: context.validation.errors }),
    notFound: (context, request, response) => told(response, 404, { error: "no such path" }),
    methodNotAllowed: (context, request, response) => told(response, 405, { error: "no such method" }),
    notImplemented: (context, request, response) => {
      const { status, mock } = context.api.mockResponseForOperation(context.operation.operationId);
      told(response, status, mock);
    },
  },
});
await api.init();

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
    api.handleRequest({ method: request.method, path: request.url, headers: request.headers, body }, request, response);
  });
}).listen(Number(port), "127.0.0.1");
