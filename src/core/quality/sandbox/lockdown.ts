import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import inspector from 'node:inspector';
import Module from 'node:module';
import net from 'node:net';
import v8 from 'node:v8';
import vm from 'node:vm';
import workerThreads from 'node:worker_threads';

/**
 * Takes from this process, for good, whatever could reach beyond it. User code runs in a context without objects of the process;
 * this is for the day on which it finds one all the same: there is then no module, no socket, no file, no process and no way to
 * compile code out there. Node's permission model, where the runtime has it, denies files, processes, workers and addons once
 * more; the network it does not deny before Node 25.
 *
 * http, https, tls, http2, `fetch` and WebSocket all connect through `net.Socket` and resolve through `dns`, and none of them can
 * be loaded afterwards.
 *
 * To be called when everything that the process still needs has been taken out of these modules.
 */
export function lockDown(): void {
  for (const module of [
    net,
    dgram,
    dns,
    dns.promises,
    childProcess,
    workerThreads,
    inspector,
    fs,
    fs.promises,
    v8,
    Module,
  ]) {
    disarm(module, true);
  }
  // The classes of `vm` stay whole: they are what runs the code.
  disarm(vm, false);
  disarmProcess();
  bareGlobals();
}

function denied(): never {
  throw new Error('this is not available in user code');
}

/** Replaces the functions and accessors of a module, and the methods of its classes, by one that throws. */
function disarm(module: object, classesToo: boolean): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    const value: unknown = descriptor.value;
    if (typeof value === 'function') {
      const { prototype } = value as { prototype?: unknown };
      if (classesToo && typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
        disarm(prototype, false);
      }
    } else if (descriptor.get === undefined) continue;
    replace(module, name, denied);
  }
}

function replace(owner: object, name: PropertyKey, value: unknown): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  if (descriptor?.configurable === true) {
    Object.defineProperty(owner, name, { value, writable: false, enumerable: false, configurable: false });
  } else if (descriptor?.writable === true) Reflect.set(owner, name, value);
}

/** Node's own code uses these of the process until its end; the rest of its functions and accessors goes. */
const KEPT = new Set([
  'nextTick',
  '_tickCallback',
  '_fatalException',
  'emitWarning',
  'exit',
  'reallyExit',
  '_exiting',
  'exitCode',
  'hrtime',
]);

function disarmProcess(): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const name of Object.getOwnPropertyNames(process)) {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    if (KEPT.has(name)) continue;
    if (descriptor?.get !== undefined) replace(process, name, undefined);
    else if (typeof descriptor?.value === 'function') replace(process, name, denied);
  }
  for (const name of ['report', 'permission', 'mainModule', 'channel']) replace(process, name, undefined);
}

/** Leaves of the globals what a bare context has: the language. */
function bareGlobals(): void {
  const language = new Set(languageGlobals);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!language.has(name) || name === 'console' || name === 'WebAssembly') Reflect.deleteProperty(globalThis, name);
  }
}

const languageGlobals = vm.runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[];
