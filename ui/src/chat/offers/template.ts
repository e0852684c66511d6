// Filling the blanks of an address pattern (RFC 6570, levels 1 to 3, one value a name).

const EXPRESSION = /\{([+#./;?&]?)([^{}]+)\}/g;

export function expanded(pattern: string, values: Record<string, string>): string {
  return pattern.replace(EXPRESSION, (_, operator: string, names: string) => {
    const given = names
      .split(",")
      .map((name) => name.replace(/(\*|:\d+)$/, ""))
      .filter((name) => values[name]);
    if (given.length === 0) return "";
    const open = operator === "+" || operator === "#";
    const value = (name: string) => (open ? encodeURI(values[name] ?? "") : encodeURIComponent(values[name] ?? ""));
    const named = (name: string) => `${name}=${value(name)}`;
    switch (operator) {
      case "?":
      case "&":
        return operator + given.map(named).join("&");
      case ";":
        return given.map((name) => `;${named(name)}`).join("");
      case ".":
      case "/":
        return given.map((name) => operator + value(name)).join("");
      default:
        return (operator === "#" ? "#" : "") + given.map(value).join(",");
    }
  });
}
