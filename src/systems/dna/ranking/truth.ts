export * from "../../../benchmark/nas-bench-macro";
