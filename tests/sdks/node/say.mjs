// What all the scripts share: the requests that they are told to make, and how they tell what they saw, as JSON lines.
import { writeSync } from 'node:fs';

/** Prints a line at once. */
export function say(seen) {
  writeSync(1, `${JSON.stringify(seen)}\n`);
}

/** An error in the terms that the tests compare. */
export function described(error) {
  const { status, statusCode, code, message } = error;
  return { class: error.constructor.name, status: status ?? statusCode, code, message };
}

/**
 * Makes each request that the command line names, `ask` for a whole answer, `stream` for one that comes in pieces.
 * Each gives the text that its SDK calls whole, or throws.
 */
export async function makeRequests(kinds) {
  for (const request of process.argv.slice(2)) {
    try {
      say({ whole: await kinds[request]() });
    } catch (error) {
      say({ failed: described(error) });
    }
  }
}
