/** Talking to the API: one function for JSON and forms, one for a file with progress. */

const NETWORK = "Network error. Please check your connection and try again.";
const OTHER = "Something went wrong. Please try again.";

/** The answers that mean: nobody is logged in any more. */
const LOGGED_OUT = new Set(["not_authenticated", "invalid_token", "session_ended"]);

/** What the API, or the way to it, says went wrong (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {object} problem
   * @param {number} problem.status 0 when there was no answer
   * @param {string} problem.code for programs
   * @param {string} problem.detail for people
   * @param {{pointer: string, code: string, detail: string}[]} [problem.errors] by field
   * @param {number} [problem.retryAfter] seconds
   */
  constructor({ status, code, detail, errors = [], retryAfter = 0 }) {
    super(detail);
    Object.assign(this, { name: "Problem", status, code, detail, errors, retryAfter });
  }
}

/**
 * Sends a request to the API.
 *
 * Its mode is the default one, "cors": with any other the pages' Referrer-Policy makes browsers
 * send `Origin: null`, which the API takes for somebody else's page.
 *
 * @param {string} method
 * @param {string} path
 * @param {{json?: object, form?: Record<string, string>, headers?: Record<string, string>}} [sent]
 * @returns {Promise<{data: any, tag: string | null}>} the answer's body and its ETag
 * @throws {Problem}
 */
export async function request(method, path, { json, form, headers = {} } = {}) {
  const body = form ? new URLSearchParams(form) : json && JSON.stringify(json);
  const type = json ? { "Content-Type": "application/json" } : {};
  let response;
  try {
    response = await fetch(path, {
      method,
      body,
      cache: "no-store",
      headers: { ...type, ...headers },
    });
    return answer(response.status, await response.text(), (name) => response.headers.get(name));
  } catch (error) {
    throw error instanceof Problem ? error : unreachable();
  }
}

/**
 * Sends a file, and tells how far it got: fetch cannot.
 *
 * @param {string} method
 * @param {string} path
 * @param {File} file
 * @param {(percent: number) => void} progress
 * @returns {Promise<{data: any, tag: string | null}>}
 * @throws {Problem}
 */
export function upload(method, path, file, progress) {
  const form = new FormData();
  form.append("file", file);
  const sending = new XMLHttpRequest();
  sending.open(method, path);
  sending.upload.addEventListener("progress", ({ loaded, total }) =>
    progress((100 * loaded) / total),
  );
  return new Promise((resolve, reject) => {
    sending.addEventListener("load", () => {
      try {
        resolve(
          answer(sending.status, sending.responseText, (name) => sending.getResponseHeader(name)),
        );
      } catch (error) {
        reject(error);
      }
    });
    sending.addEventListener("error", () => reject(unreachable()));
    sending.send(form);
  });
}

/**
 * Goes to another page. The promise never settles, so that whoever waits for it stays busy.
 *
 * @param {string} path
 * @returns {Promise<never>}
 */
export function go(path) {
  location.assign(path);
  return new Promise(() => {});
}

function answer(status, text, header) {
  const data = parsed(text);
  if (status >= 200 && status < 300) return { data, tag: header("ETag") };
  const problem = new Problem({
    status,
    code: data?.code ?? "unknown",
    detail: data?.detail ?? OTHER,
    errors: data?.errors,
    retryAfter: Number(header("Retry-After")) || 0,
  });
  if (status === 401 && LOGGED_OUT.has(problem.code)) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw problem;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no content, or a proxy's page
  }
}

function unreachable() {
  return new Problem({ status: 0, code: "network_error", detail: NETWORK });
}
