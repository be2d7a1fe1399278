/**
 * undici's parts by their own paths. Its index pulls in fetch, WebSocket, caches and mocks: imported whole it makes the
 * worker's bundle several times as large. The version is pinned exactly in package.json.
 */
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';
  export = Client;
}

declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export = buildConnector;
}

declare module 'undici/lib/core/symbols.js' {
  const symbols: { readonly kConnect: unique symbol; readonly kParser: unique symbol };
  export = symbols;
}
