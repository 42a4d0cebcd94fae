import { describe, expect, it } from "vitest";
import { formPattern, glossary } from "../../src/notebook/glossary";
import { withTerms } from "../../src/notebook/page-terms";

const page = (body: string) => `<html><head></head><body>${body}</body></html>`;

describe("the glossary", () => {
  it("explains what newcomers asked for", () => {
    const known = glossary().flatMap(({ forms }) => forms.map((form) => form.toLowerCase()));
    const asked = ["MBConv", "squeeze-excite", "SiLU", "front", "timm", "tau-b", "rho", "tau given MACs", "bootstrap"];
    asked.push("canonical paths", "relativeL1", "mse", "regret", "FLOPs", "supernet", "SPOS", "recalibration", "seed");
    for (const term of asked) expect(known, term).toContain(term.toLowerCase());
    const forms = glossary().flatMap((term) => term.forms);
    expect(new Set(forms).size).toBe(forms.length);
    for (const { name, meaning } of glossary()) expect(meaning.length, name).toBeGreaterThan(30);
  });

  it("finds whole words, plurals, and abbreviations as they are written", () => {
    const of = (name: string) => formPattern(glossary().find((term) => term.name === name)!);
    expect(of("Front").test("the front of")).toBe(true);
    expect(of("Front").test("confront")).toBe(false);
    expect(of("Supernet").test("its supernets learn")).toBe(true);
    expect(of("FLOPs").test("of MACs")).toBe(true);
    expect(of("FLOPs").test("macs")).toBe(false);
    expect(of("tau-b").test("Kendall's tau")).toBe(true);
  });
});

describe("withTerms", () => {
  it("links the first use of each term and lists what is used, tables included, and nothing else", () => {
    const html = withTerms(
      page(
        "<p>An <code>MBConv</code> with SiLU, and SiLU again.</p><p>SiLU</p><table><tr><td>regret</td></tr></table>",
      ),
    );
    expect(html.match(/class="blockwise-term"/g)).toHaveLength(1);
    expect(html).toContain('with <a class="blockwise-term" href="#term-silu">SiLU</a>, and SiLU again');
    expect([...html.matchAll(/<dt id="([^"]+)"/g)].map(([, id]) => id)).toEqual(["term-silu", "term-regret"]);
  });

  it("leaves a page without terms as it is, and never breaks tags", () => {
    expect(withTerms(page("<p>words</p>"))).toBe(page("<p>words</p>"));
    const html = withTerms(page('<p><a href="front.html">front</a> <img alt="the front"> &amp; front</p>'));
    expect(html).toContain('<a href="front.html">front</a> <img alt="the front"> &amp; <a class="blockwise-term"');
  });
});
