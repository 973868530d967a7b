/** Times as the reader's clock shows them; the server writes them in UTC. */

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** Puts every time in a part of the page in the reader's zone, with the exact one on hover. */
export function localise(part) {
  for (const element of part.querySelectorAll("time[datetime]"))
    showTime(element, new Date(element.dateTime), DAY);
}

/** Shows a moment to the minute. */
export function showMoment(element, moment) {
  element.dateTime = moment.toISOString();
  showTime(element, moment, MINUTE);
}

function showTime(element, moment, format) {
  element.textContent = format.format(moment);
  element.title = EXACT.format(moment);
}
