/** The statement that makes the compiler know all names of the package in every cell. */
export function preludeImport(packageName: string, names: readonly string[]): string {
  return `import { ${names.join(", ")} } from ${JSON.stringify(packageName)};`;
}

/**
 * Puts the values behind the names into the cells' scope without loading the package.
 *
 * The scope gets a prototype whose getters load the package at the first use of any name, so that a kernel is ready
 * before TensorFlow.js is read. A cell that declares a variable of the same name hides the prelude's, as it should.
 */
export function bindPrelude(scope: object, names: readonly string[], load: () => Record<string, unknown>): void {
  const prototype = {};
  for (const name of names) {
    Object.defineProperty(prototype, name, {
      get: () => load()[name],
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
  Object.setPrototypeOf(scope, prototype);
}
