export * from "../../../benchmark/tables";
