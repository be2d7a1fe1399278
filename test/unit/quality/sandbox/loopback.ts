import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Servers that count what reaches them: TCP, UDP and a socket of the file system. */
export class Loopback {
  reached = 0;
  private readonly servers: Server[] = [];
  private readonly udp = createSocket('udp4');

  constructor(readonly socketPath: string) {
    this.udp.on('message', () => this.reached++);
  }

  async listen(): Promise<number> {
    const port = await this.serve({ port: 0, host: '127.0.0.1' });
    await this.serve({ path: this.socketPath });
    await new Promise<void>((resolve) => this.udp.bind(port, '127.0.0.1', resolve));
    return port;
  }

  async close(): Promise<void> {
    for (const server of this.servers) await new Promise((resolve) => server.close(resolve));
    await new Promise<void>((resolve) => this.udp.close(resolve));
  }

  private async serve(address: { port: number; host: string } | { path: string }): Promise<number> {
    const server = createServer((socket) => {
      this.reached++;
      // An answer that no protocol accepts, so that every client gives up.
      socket
        .on('error', () => socket.destroy())
        .resume()
        .end('no');
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(address, resolve));
    return (server.address() as AddressInfo).port;
  }
}
