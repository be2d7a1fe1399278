/** An error as an OpenAI-compatible server answers it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: { type?: string; param?: string | null; code?: string | null } = {},
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The body: `{"error": {"message", "type", "param", "code"}}`. */
  toBody(): string {
    return errorBody(this.message, this.fields.type ?? typeOfStatus(this.status), this.fields);
  }
}

/** The JSON of an error, as a body or as the data of an event in the middle of a stream. */
export function errorBody(
  message: string,
  type: string,
  fields: { param?: string | null; code?: string | null } = {},
): string {
  return JSON.stringify({ error: { message, type, param: fields.param ?? null, code: fields.code ?? null } });
}

function typeOfStatus(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
