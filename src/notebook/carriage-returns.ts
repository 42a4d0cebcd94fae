/**
 * Printed text as a terminal shows it in the end: what comes behind a carriage return is written over the line's
 * beginning. A progress bar of 2,000 steps is one line.
 */
export function lastState(text: string): string {
  if (!text.includes("\r")) return text;
  return text.replace(/\r+\n/g, "\n").split("\n").map(lastLine).join("\n");
}

function lastLine(line: string): string {
  return line.split("\r").reduce((shown, next) => {
    // The width of what has control characters is not known, and most of such lines are written whole.
    if (next.includes("\u001b") || shown.includes("\u001b")) return next === "" ? shown : next;
    return next + shown.slice(next.length);
  });
}
