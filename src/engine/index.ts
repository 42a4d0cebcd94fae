export { tf } from "./tf";
