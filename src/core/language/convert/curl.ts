/** A curl command as a request. */
import type { Json } from '../../../protocol/plan';
import type { PastedRequest, Reading } from './pasted';
import { shellWords } from './shell-words';

/** Options with a value that say nothing about the request. */
const WITH_VALUE = new Set(
  '-o --output -m --max-time --connect-timeout -w --write-out --retry --retry-delay -A --user-agent -e --referer --cacert -E --cert --key -x --proxy -b --cookie -c --cookie-jar -F --form --resolve -T --upload-file -K --config --limit-rate --proxy-user -U'.split(
    ' ',
  ),
);

export function isCurl(text: string): boolean {
  return /(?:^|\n)\s*(?:\$\s+)?(?:!\s*)?curl(?:\.exe)?\s/.test(text);
}

export function readCurl(text: string): Reading {
  const start = /(?:^|\n)\s*(?:\$\s+)?(?:!\s*)?(?=curl(?:\.exe)?\s)/.exec(text);
  const words = shellWords(text.slice((start?.index ?? 0) + (start?.[0].length ?? 0))).slice(1);
  const request: PastedRequest = { headers: {}, body: {}, notes: [], variables: new Map() };
  const data: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const [option, inline] = splitOption(words[index] ?? '');
    const value = (): string => inline ?? words[++index] ?? '';
    switch (option) {
      case '-H':
      case '--header':
        addHeader(request, value());
        break;
      case '-d':
      case '--data':
      case '--data-raw':
      case '--data-binary':
      case '--data-ascii':
      case '--json':
        data.push(value());
        break;
      case '--url':
        request.url = value();
        break;
      case '-X':
      case '--request':
        value();
        break;
      case '-u':
      case '--user':
        value();
        request.hadKey = true;
        request.notes.push('The login of "-u" is left out.');
        break;
      default:
        if (option.startsWith('-')) {
          if (WITH_VALUE.has(option)) value();
          if (option === '-x' || option === '--proxy') request.notes.push('The proxy is left out.');
          if (option === '-k' || option === '--insecure')
            request.notes.push('"-k" is left out: name the certificate authority with "tls.ca" instead.');
        } else if (request.url === undefined) {
          request.url = option;
        }
    }
  }
  if (request.url === undefined) return { ok: false, reason: 'The curl command names no address.' };
  if (!/^\w+:\/\//.test(request.url)) request.url = `http://${request.url}`;
  return withBody(request, data);
}

/** `-dBODY` and `--data=BODY` hold their value themselves. */
function splitOption(word: string): [string, string | undefined] {
  const long = /^(--[\w-]+)=([\s\S]*)$/.exec(word);
  if (long !== null) return [long[1] ?? '', long[2]];
  const short = /^(-[HdXux])([\s\S]+)$/.exec(word);
  return short === null ? [word, undefined] : [short[1] ?? '', short[2]];
}

function addHeader(request: PastedRequest, line: string): void {
  const colon = line.indexOf(':');
  if (colon > 0) request.headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
}

function withBody(request: PastedRequest, data: readonly string[]): Reading {
  const [first] = data;
  if (first === undefined)
    return { ok: false, reason: 'The curl command sends no body, so it says nothing about a prompt.' };
  if (first.startsWith('@'))
    return { ok: false, reason: `The body is in the file ${first.slice(1)}: paste its content instead.` };
  const body = parseJson(data.join('&'));
  if (body === undefined) return { ok: false, reason: 'The body of the curl command is not JSON.' };
  request.body = body;
  return { ok: true, request };
}

/** A JSON object; undefined for anything else. */
export function parseJson(text: string): { [key: string]: Json } | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    // Not JSON: the caller says so in its own words.
    return undefined;
  }
}
