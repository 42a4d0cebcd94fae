import type * as Typescript from "typescript";
import { typescript } from "./typescript";

/** What a parameter may be, as far as its declaration tells; `any` where it does not. */
export type ParameterType =
  | { readonly kind: "any" }
  /** A value that neither JSON nor text can give: `5n`, `new Date(0)`, a function. */
  | { readonly kind: "code"; readonly source: string }
  | { readonly kind: "text" | "number" | "boolean" | "null" | "undefined" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "list"; readonly of: ParameterType }
  | { readonly kind: "object"; readonly of: ReadonlyMap<string, ParameterType> }
  | { readonly kind: "record"; readonly of: ParameterType }
  | { readonly kind: "union"; readonly of: readonly ParameterType[] };

/** A variable of a notebook's cell tagged `parameters`. */
export interface DeclaredParameter {
  /** The type as it is written down, undefined where the default alone tells it. */
  readonly annotation: string | undefined;
  readonly type: ParameterType;
}

const ANY: ParameterType = { kind: "any" };
const TEXT: ParameterType = { kind: "text" };
const NUMBER: ParameterType = { kind: "number" };
const BOOLEAN: ParameterType = { kind: "boolean" };

/** The variables that a cell declares at its top, in order: their types as annotated, else as their defaults have them. */
export function declarationsOf(source: string): Map<string, DeclaredParameter> {
  const ts = typescript();
  const file = ts.createSourceFile("parameters.ts", source, ts.ScriptTarget.ES2022, true);
  const declared = new Map<string, DeclaredParameter>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, type, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name)) continue;
      const byDefault = initializer ? ofDefault(initializer, declared) : ANY;
      const found = type ? likeDefault(ofAnnotation(type), byDefault) : byDefault;
      declared.set(name.text, { annotation: type?.getText(file), type: found });
    }
  }
  return declared;
}

/** What is text by default stays text where the type allows it: `string | number` says nothing of how `1.10` is meant. */
function likeDefault(annotated: ParameterType, byDefault: ParameterType): ParameterType {
  if (byDefault.kind !== "text") return annotated;
  if (annotated.kind === "any") return TEXT;
  if (annotated.kind !== "union" || !annotated.of.some(({ kind }) => kind === "text")) return annotated;
  return { kind: "union", of: annotated.of.filter(({ kind }) => ["text", "null", "undefined"].includes(kind)) };
}

function ofAnnotation(node: Typescript.TypeNode): ParameterType {
  const ts = typescript();
  if (ts.isParenthesizedTypeNode(node)) return ofAnnotation(node.type);
  if (ts.isArrayTypeNode(node)) return { kind: "list", of: ofAnnotation(node.elementType) };
  if (ts.isTypeOperatorNode(node) && node.operator === ts.SyntaxKind.ReadonlyKeyword) return ofAnnotation(node.type);
  if (ts.isUnionTypeNode(node)) return { kind: "union", of: node.types.map(ofAnnotation) };
  if (ts.isLiteralTypeNode(node)) return ofLiteral(node.literal);
  if (ts.isTypeReferenceNode(node)) {
    const [name, parts = []] = [node.typeName.getText(), node.typeArguments];
    if (["Array", "ReadonlyArray"].includes(name) && parts.length === 1) {
      return { kind: "list", of: ofAnnotation(parts[0]) };
    }
    if (name === "Record" && parts.length === 2) return { kind: "record", of: ofAnnotation(parts[1]) };
    return ANY;
  }
  switch (node.kind) {
    case ts.SyntaxKind.StringKeyword:
      return TEXT;
    case ts.SyntaxKind.NumberKeyword:
      return NUMBER;
    case ts.SyntaxKind.BooleanKeyword:
      return BOOLEAN;
    case ts.SyntaxKind.UndefinedKeyword:
      return { kind: "undefined" };
    default:
      return ANY; // the compiler will check it, for the declaration is repeated with the new value
  }
}

function ofLiteral(node: Typescript.Node): ParameterType {
  const ts = typescript();
  if (ts.isStringLiteralLike(node)) return { kind: "literal", value: node.text };
  if (ts.isNumericLiteral(node)) return { kind: "literal", value: Number(node.text) };
  if (ts.isPrefixUnaryExpression(node)) return { kind: "literal", value: Number(node.getText()) };
  if (node.kind === ts.SyntaxKind.TrueKeyword) return { kind: "literal", value: true };
  if (node.kind === ts.SyntaxKind.FalseKeyword) return { kind: "literal", value: false };
  return node.kind === ts.SyntaxKind.NullKeyword ? { kind: "null" } : ANY;
}

/** The type of a default: literals and what is commonly computed from them; `any` for all else. */
function ofDefault(node: Typescript.Expression, earlier: ReadonlyMap<string, DeclaredParameter>): ParameterType {
  const ts = typescript();
  const of = (part: Typescript.Expression) => ofDefault(part, earlier);
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node)) return of(node.expression);
  if (ts.isAsExpression(node)) return node.type.getText() === "const" ? of(node.expression) : ofAnnotation(node.type);
  if (ts.isSatisfiesExpression(node)) return of(node.expression);
  if (isCodeAlone(node)) return { kind: "code", source: node.getText() };
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return TEXT;
  if (ts.isNumericLiteral(node)) return NUMBER;
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) return BOOLEAN;
  if (ts.isIdentifier(node))
    return earlier.get(node.text)?.type ?? (["Infinity", "NaN"].includes(node.text) ? NUMBER : ANY);
  if (ts.isPrefixUnaryExpression(node)) {
    if (node.operator === ts.SyntaxKind.ExclamationToken) return BOOLEAN;
    return of(node.operand).kind === "number" ? NUMBER : ANY;
  }
  if (ts.isConditionalExpression(node)) return common([of(node.whenTrue), of(node.whenFalse)]);
  if (ts.isBinaryExpression(node)) return ofOperation(node, of);
  if (ts.isCallExpression(node)) return ofCall(node);
  if (ts.isArrayLiteralExpression(node)) return { kind: "list", of: common(node.elements.map(of)) };
  if (ts.isObjectLiteralExpression(node)) {
    const parts = node.properties.map((part) => {
      const name = part.name && (ts.isIdentifier(part.name) || ts.isStringLiteral(part.name)) ? part.name.text : null;
      return ts.isPropertyAssignment(part) && name !== null ? ([name, of(part.initializer)] as const) : undefined;
    });
    return parts.every((part) => part !== undefined) ? { kind: "object", of: new Map(parts) } : ANY;
  }
  return ANY;
}

/** Whether a default is of a kind that neither JSON nor text has. */
function isCodeAlone(node: Typescript.Expression): boolean {
  const ts = typescript();
  if (ts.isPrefixUnaryExpression(node)) return isCodeAlone(node.operand);
  return (
    ts.isBigIntLiteral(node) ||
    ts.isNewExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) ||
    ts.isClassExpression(node) ||
    ts.isRegularExpressionLiteral(node)
  );
}

function ofOperation(
  { left, right, operatorToken }: Typescript.BinaryExpression,
  of: (node: Typescript.Expression) => ParameterType,
): ParameterType {
  const sides = [of(left), of(right)];
  switch (operatorToken.getText()) {
    case "+":
      if (sides.some(({ kind }) => kind === "text")) return TEXT;
      return sides.every(({ kind }) => kind === "number") ? NUMBER : ANY;
    case "-":
    case "*":
    case "/":
    case "%":
    case "**":
      return sides.every(({ kind }) => kind === "number") ? NUMBER : ANY;
    case "??":
    case "||":
      // `process.env.NAME ?? "none"`: texts are all that the environment has.
      if (left.getText().startsWith("process.env.")) return common([TEXT, sides[1]]);
      return common(sides);
    case "&&":
      return common(sides);
    case "===":
    case "!==":
    case "==":
    case "!=":
    case "<":
    case ">":
    case "<=":
    case ">=":
      return BOOLEAN;
    default:
      return ANY;
  }
}

function ofCall({ expression }: Typescript.CallExpression): ParameterType {
  const name = expression.getText();
  if (/^(Number|parseInt|parseFloat|Number\.parse(Int|Float)|Math\.\w+)$/.test(name)) return NUMBER;
  if (name === "String") return TEXT;
  return name === "Boolean" ? BOOLEAN : ANY;
}

/** What holds for all of them. */
function common(types: readonly ParameterType[]): ParameterType {
  if (types.length === 0) return ANY;
  const [first, ...rest] = types;
  return rest.every((type) => written(type) === written(first)) ? first : ANY;
}

/** A type in words: "text", "a number", "a list of numbers". */
export function written(type: ParameterType): string {
  switch (type.kind) {
    case "any":
      return "any value";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "code":
      return `a value like ${type.source.slice(0, 40)}`;
    case "literal":
      return JSON.stringify(type.value);
    case "list":
      return type.of.kind === "any" ? "a list" : `a list, each item ${written(type.of)}`;
    case "object":
      return `an object { ${[...type.of].map(([name, of]) => `${name}: ${written(of)}`).join(", ")} }`;
    case "record":
      return "an object";
    case "union":
      return type.of.map(written).join(" or ");
    default:
      return type.kind;
  }
}
