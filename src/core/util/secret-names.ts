/** Names of headers and query parameters whose values are secrets, such as `authorization` and `x-api-key`. */
export const SECRET_NAME = /auth|key|token|secret|cookie/i;
