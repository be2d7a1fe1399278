/** How large an HTML report may become. What is beyond is left out, and the page says so. */
export interface HtmlLimits {
  /** Requests that are drawn and listed. */
  points: number;
  /** Requests with their record, prompt and answer. */
  requests: number;
  /** Characters of the JSON of those. */
  requestCharacters: number;
  /** Characters of the answers as they are listed. */
  answerCharacters: number;
  /** Characters of answers that are longer than a list shows. */
  wholeCharacters: number;
}

/** Of one document: about 35 MB where all of them are met, which a browser opens in seconds. */
export const HTML_LIMITS: HtmlLimits = {
  points: 200_000,
  requests: 5_000,
  requestCharacters: 12_000_000,
  answerCharacters: 4_000_000,
  wholeCharacters: 4_000_000,
};

/** What each of several runs may take, so that a document of fifty evals is as large as one of a single eval. */
export function shareOf(limits: HtmlLimits, runs: number): HtmlLimits {
  const part = (limit: number): number => Math.max(1, Math.floor(limit / Math.max(1, runs)));
  return {
    points: part(limits.points),
    requests: part(limits.requests),
    requestCharacters: part(limits.requestCharacters),
    answerCharacters: part(limits.answerCharacters),
    wholeCharacters: part(limits.wholeCharacters),
  };
}
