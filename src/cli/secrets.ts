import type { EndpointPlan } from '../protocol/plan';
import { CliError } from './exit-code';

/**
 * The API keys of the endpoints, by endpoint name, from the environment variables that the files name. Throws CliError that
 * names every variable that is missing: a run that fails at its first request with a 401 says less and may have cost something.
 */
export function collectSecrets(
  endpoints: readonly EndpointPlan[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const secrets: Record<string, string> = {};
  const missing = new Map<string, string[]>();
  for (const { name, apiKeyEnv } of endpoints) {
    if (apiKeyEnv === undefined) continue;
    const key = env[apiKeyEnv];
    if (key !== undefined && key !== '') secrets[name] = key;
    else missing.set(apiKeyEnv, [...new Set([...(missing.get(apiKeyEnv) ?? []), name])]);
  }
  if (missing.size > 0) {
    const list = [...missing].map(([variable, names]) => `${variable} (API key of ${names.join(', ')})`).join(' and ');
    throw new CliError(
      `Not set in the environment: ${list}. Set ${missing.size === 1 ? 'it' : 'them'}, or leave the endpoint out with --endpoint.`,
    );
  }
  return secrets;
}
