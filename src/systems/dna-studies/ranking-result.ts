import type { StudySummary } from "./study-summary";

/** The leading figures of a study by name, to record; null where there is nothing to measure. */
export function rankingResult(summary: StudySummary): Record<string, number | null> {
  const { variants, measures, baselines, macsByBlock, spos, ridge, architectures, tuningNetworks } = summary;
  const [{ weighted, plain }] = variants;
  const own = measures.find(({ measure }) => measure === "relativeL1");
  return {
    tau_dna: weighted.tau,
    tau_dna_plain: plain.tau,
    tau_macs: baselines.macs.tau,
    tau_spos: spos?.spos.tau ?? null,
    concordance_dna: weighted.concordance,
    concordance_macs: baselines.macs.concordance,
    partial_tau_dna: weighted.partialTau,
    noise_ceiling: baselines.ceiling.tau,
    regret_dna: weighted.regret,
    regret_macs: baselines.macs.regret,
    tau_ridge: ridge?.tau ?? null,
    tau_macs_by_block: macsByBlock?.tau ?? null,
    tau_dna_on_spos_networks: spos?.dna.tau ?? null,
    tau_dna_plain_on_spos_networks: spos?.dnaPlain.tau ?? null,
    tau_relative_l1_on_spos_networks: spos?.paper.tau ?? null,
    tau_macs_on_spos_networks: spos?.macs.tau ?? null,
    networks_of_spos: spos?.networks ?? null,
    networks_reported: architectures - tuningNetworks,
    tau_relative_l1_plain: own?.plain.tau ?? null,
    tau_relative_l1_weighted: own?.weighted.tau ?? null,
  };
}

/** What a weighted rating was to reach. */
export interface RankingTargets {
  /** At least. */
  readonly tau: number;
  readonly concordance: number;
  /** At most, points. */
  readonly regret: number;
}

/** The targets beside what the first setting reaches, weighted; and its rivals', which it is to be above. */
export function targetsMet(
  { variants, baselines, macsByBlock, spos }: StudySummary,
  targets: RankingTargets,
): { readonly name: string; readonly value: number; readonly met: boolean }[] {
  const [{ weighted }] = variants;
  const above = (name: string, tau: number) => ({ name, value: weighted.tau - tau, met: weighted.tau > tau });
  return [
    { name: "tau", value: weighted.tau, met: weighted.tau >= targets.tau },
    { name: "equal-MACs concordance", value: weighted.concordance, met: weighted.concordance >= targets.concordance },
    { name: "regret", value: weighted.regret, met: weighted.regret <= targets.regret },
    ...(macsByBlock ? [above("tau above MACs by block, weighted with the same knowledge", macsByBlock.tau)] : []),
    above("tau above MACs alone", baselines.macs.tau),
    // On so few networks chance must be left out.
    ...(spos
      ? [
          {
            name: "tau above SPOS on the same networks",
            value: spos.ahead.dna.mean,
            met: spos.ahead.dna.interval[0] > 0,
          },
        ]
      : []),
  ];
}
