// Ports on loopback: one that nobody listens on, and servers that listen on one.
import { once } from "node:events";
import { createServer } from "node:net";

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Lets a server listen on a port of its own; neither it nor who talks with it keeps a program from its end. */
export async function listening(server) {
  server.on("connection", (socket) => socket.unref());
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return server;
}
