// A hello function in Node, listening on the Unix socket it is given: what nginx stands in front of.
import { createServer } from "node:http";

createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": 6 });
  response.end("Hello\n");
}).listen(process.argv[2]);
