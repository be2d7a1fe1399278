import { basename } from 'node:path';
import type { Json } from '../../../protocol/plan';
import { quote } from '../excerpt';
import type { CodeReply, CodeRequest } from '../types';
import type { GuestReply } from './protocol';
import type { CallEnd, SandboxLimits } from './sandbox-process';
import { readVerdict, VERDICT_HINT } from './verdict';

const TRANSFORM_HINT = 'return the new output, as a text or anything that JSON can hold';
/** What JSON nests deeper cannot be stored again without fear for the stack. */
const DEEPEST = 500;
const LOGS_SHOWN = 300;

/** What came of a call, in words. */
export function replyOf(request: CodeRequest, end: CallEnd, limits: SandboxLimits): CodeReply {
  switch (end.kind) {
    case 'reply':
      return read(request, end.reply);
    case 'time':
      return error(`the code ran longer than ${limits.timeMs / 1000} s and was stopped`);
    case 'memory':
      return error(`the code used more than ${limits.memoryMb} MB of memory and was stopped`);
    case 'stopped':
      return error('the run was stopped before the code had ended');
    case 'died':
      return error(`the process of the code ended before it had a result: ${end.detail}`);
  }
}

function error(reason: string): CodeReply {
  return { kind: 'error', reason };
}

function read(request: CodeRequest, reply: GuestReply): CodeReply {
  const logged = reply.logs === undefined ? '' : `; it logged ${quote(reply.logs, LOGS_SHOWN)}`;
  const reason = reply.problem ?? wrongType(request, reply) ?? thrown(reply);
  if (reason !== undefined) return error(`${reason}${placeOf(request, reply)}${logged}`);
  if (reply.value === undefined) return error('the process of the code gave an empty reply');
  return { kind: 'value', value: reply.value as Json };
}

function wrongType({ kind }: CodeRequest, { wrong, value }: GuestReply): string | undefined {
  const hint = kind === 'assertion' ? VERDICT_HINT : TRANSFORM_HINT;
  if (wrong !== undefined) return `the code returned ${wrong}; ${hint}`;
  if (value === undefined) return undefined;
  if (isDeeper(value as Json)) return `the result is nested more than ${DEEPEST} deep`;
  if (kind === 'transform') return value === null ? `the code returned null; ${hint}` : undefined;
  const verdict = readVerdict(value as Json);
  return 'wrong' in verdict ? `the code returned ${verdict.wrong}; ${hint}` : undefined;
}

function thrown({ thrown }: GuestReply): string | undefined {
  if (thrown === undefined) return undefined;
  // The engine's own words speak to whoever embeds it.
  if (thrown.includes('dynamic import callback')) return 'the code threw Error: import() is not available in user code';
  const isUnknown =
    /^ReferenceError: (process|Buffer|global|URL|TextEncoder|TextDecoder|XMLHttpRequest|WebAssembly)\b/.test(thrown);
  return `the code threw ${thrown}${isUnknown ? ': user code has the language alone, nothing of Node or of a browser' : ''}`;
}

/** Where in the code, if that helps to find it. */
function placeOf({ code }: CodeRequest, { line }: GuestReply): string {
  if (code.file !== undefined) return ` (${basename(code.file)}${line === undefined ? '' : `, line ${line}`})`;
  return line === undefined || !code.source.trimEnd().includes('\n') ? '' : ` (line ${line})`;
}

function isDeeper(value: Json): boolean {
  let level: Json[] = [value];
  for (let depth = 0; depth <= DEEPEST; depth++) {
    level = level.flatMap((item) => (item === null || typeof item !== 'object' ? [] : Object.values(item)));
    if (level.length === 0) return false;
  }
  return true;
}
