// Requests that change something: JSON, with the CSRF token and a time limit.

const RETRY_MS = 400;

export const post = (url, body, options) => send("POST", url, body, options);
export const patch = (url, body, options) => send("PATCH", url, body, options);

/** A fresh operation id: sent with a change, the change is undone by it and never done twice. */
export function newOperation() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Send JSON. Returns {status, data}; `status` 0 means that no answer came, and then `timedOut`
 * tells whether the limit passed. A session that ended leads to the login page.
 */
export async function send(method, url, body, { operation = "", ...options } = {}) {
  const answer = await attempt(method, url, body, { ...options, operation });
  // No answer to a request with an operation: it may have been done, and repeating it is safe.
  if (answer.status !== 0 || answer.timedOut || !operation) return answer;
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  return attempt(method, url, body, { ...options, operation });
}

async function attempt(method, url, body, { seconds = 30, operation = "" }) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), seconds * 1000);
  try {
    const response = await fetch(url, {
      method,
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
        ...(operation && { "Idempotency-Key": operation }),
      },
      body: JSON.stringify(body),
      signal: limit.signal,
    });
    if (response.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    return { status: response.status, data: await json(response) };
  } catch {
    return { status: 0, data: {}, timedOut: limit.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

async function json(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}
