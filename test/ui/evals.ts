/** Small files that run in a second or two. */

/** One case passes, one fails. */
export const QUALITY = `name: Shop
endpoints:
  - name: clerk
    api: sim
    sim:
      ttft: 60ms
      itl: 3ms
      jitter: 0
      answer: script
      script:
        - { match: return, answer: You have 30 days. }
        - { match: ship, answer: It arrives on Monday. }
prompt: "Question: {{ question }}"
cases:
  - name: returns
    vars: { question: How do I return it? }
    assert:
      - contains: 30 days
  - name: shipping
    vars: { question: When does it ship? }
    assert:
      - contains: Friday
`;

/** With a load stage and an SLO that is missed by far, so that no busy machine changes its verdict. */
export const WITH_LOAD = `${QUALITY}load:
  - name: trickle
    pattern: constant
    rate: 10/s
    duration: 2s
slo:
  - ttft.p50 <= 2ms
`;

/** Everything passes. */
export const GREEN = QUALITY.replace('Friday', 'Monday');
