/** undici's agent by its own path, for the reason given in `src/core/load/undici-deep.d.ts`: its index is several times as large. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export = Agent;
}
