/** Most single-character changes after which a name still counts as a misspelling: two, and one for short names. */
function mostChanges(name: string): number {
  return name.length <= 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
}

/**
 * The known name that `given` most probably is a misspelling of, undefined when none is near: fewest insertions, deletions,
 * replacements and swaps of neighbours (optimal string alignment), upper and lower case alike; else the one whose initials it
 * is, "lr" for learningRate.
 */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  let nearest: string | undefined;
  let least = mostChanges(given) + 1;
  for (const name of names) {
    const changes = distance(given.toLowerCase(), name.toLowerCase());
    if (changes < least) [nearest, least] = [name, changes];
  }
  return nearest ?? names.find((name) => initials(name) === given.toLowerCase());
}

/** "lr" of learningRate: how options are often called elsewhere. */
function initials(name: string): string | undefined {
  const letters = name.replace(/[a-z0-9]+/g, (word, at) => (at === 0 ? word[0] : "")).toLowerCase();
  return letters.length > 1 ? letters : undefined;
}

function distance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2] + 1 : replaced;
      row.push(Math.min(replaced, swapped, last[j] + 1, row[j - 1] + 1));
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
