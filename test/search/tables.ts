import fc from "fast-check";
import type { RatedCandidate, RatingTable } from "../../src/search";

const WIDTHS = [8, 16];

/** Small random tables with pairwise costs: 1 to 4 blocks of 1 to 5 candidates, two widths, many ties. */
export function smallTables(): fc.Arbitrary<RatingTable> {
  const cost = fc.integer({ min: 0, max: 12 });
  const byWidth = fc.record({ 8: cost, 16: cost });
  const candidate = fc.record({
    score: fc.integer({ min: 0, max: 20 }),
    width: fc.constantFrom(...WIDTHS),
    cost: fc.record({ macs: byWidth, params: byWidth }),
  });
  const blocks = fc.array(fc.array(candidate, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
  return fc.record({ blocks, stem: cost, head: byWidth, headParams: byWidth }).map(
    ({ blocks, stem, head, headParams }): RatingTable => ({
      space: "small",
      stemWidth: 8,
      stemCost: { macs: stem, params: 1 },
      headCost: { macs: head, params: headParams },
      blocks: blocks.map((candidates, block) =>
        candidates.map((of, i): RatedCandidate => ({ block, cell: WIDTHS.indexOf(of.width), path: [i], ...of })),
      ),
    }),
  );
}
