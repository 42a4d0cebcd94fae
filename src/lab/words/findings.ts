import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { escapeHtml } from "../../viz/escape-html";

/**
 * Sentences on what a run found, made from its values: text typed into a notebook would claim them of every other run, too.
 */
export class Findings implements Displayable {
  constructor(readonly sentences: readonly string[]) {}

  [DISPLAY](): MimeBundle {
    const items = this.sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("\n");
    return {
      "text/html": `<ul class="blockwise-findings">\n${items}\n</ul>`,
      "text/plain": this.sentences.map((sentence) => `- ${sentence}`).join("\n"),
    };
  }
}

/** A list of sentences; what is undefined or false is left out, so that a sentence can depend on what is there. */
export function findings(sentences: readonly (string | undefined | false)[]): Findings {
  return new Findings(sentences.flatMap((sentence) => (typeof sentence === "string" ? [sentence] : [])));
}
