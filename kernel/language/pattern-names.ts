import type * as TypeScript from "@tslab/typescript-for-tslab";

/**
 * Hides the property names of destructuring patterns, `raw` in `({ raw: r }) => r`, from tslab.
 *
 * tslab puts `exports.` before every name whose symbol an earlier cell declared, and the symbol of such a name is the
 * property in the type of that cell: `{ exports.raw: r }` is no JavaScript, or binds `exports` when it is read again. A
 * name the compiler made has no symbol. It is printed the same, and the text that positions refer to is not touched.
 */
export function hidePatternNames(ts: typeof TypeScript): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  const { factory } = ts;
  return (context) => {
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      const visited = ts.visitEachChild(node, visit, context);
      if (!ts.isBindingElement(visited)) return visited;
      const { dotDotDotToken, propertyName, name, initializer } = visited;
      if (!propertyName || !ts.isIdentifier(propertyName)) return visited;
      const hidden = ts.setTextRange(factory.createIdentifier(propertyName.text), propertyName);
      return factory.updateBindingElement(visited, dotDotDotToken, hidden, name, initializer);
    };
    return (source) => ts.visitEachChild(source, visit, context);
  };
}
