import fc from "fast-check";
import { CELL_OPS, type CellEdge, type CellGraph } from "../../../src/space";

/** Any cell of up to five nodes of one to three operations. */
export const anyCell: fc.Arbitrary<CellGraph> = fc
  .record({
    inputs: fc.constantFrom(1 as const, 2 as const),
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
    output: fc.constantFrom("unused" as const, "all" as const),
  })
  .chain(({ inputs, sizes, output }) =>
    fc
      .tuple(
        ...sizes.map((edges, i) =>
          fc.array(
            fc.record<CellEdge>({
              op: fc.constantFrom(...CELL_OPS),
              from: fc.integer({ min: 0, max: inputs + i - 1 }),
            }),
            { minLength: edges, maxLength: edges },
          ),
        ),
      )
      .map((nodes): CellGraph => ({ inputs, nodes, output })),
  );
