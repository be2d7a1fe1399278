/** Code of what is said of a file none of whose endpoints can be asked; no longer true once another one is chosen. */
export const NO_ENDPOINT = 'no-runnable-endpoint';
