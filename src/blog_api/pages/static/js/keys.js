/** Returns an Idempotency-Key that nobody guesses. On plain http there is no crypto.randomUUID. */
export function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
