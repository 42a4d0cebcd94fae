export * from "./rate-by-spos";
export * from "./ratings-file";
