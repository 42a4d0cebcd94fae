export * from "../../../benchmark/nas-bench-201";
