package answers;

import answers.Node.Call;
import answers.Node.Num;
import answers.Node.Sym;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Expressions in the notation of Answers; variables become {@code x0, x1, ...}, so that no name has a meaning there. */
final class SymjaText {

    private static final int MAX_LENGTH = 4000;
    private static final Map<String, String> FUNCTIONS = Map.ofEntries(Map.entry("sin", "Sin"), Map.entry("cos", "Cos"),
            Map.entry("tan", "Tan"), Map.entry("cot", "Cot"), Map.entry("sec", "Sec"), Map.entry("csc", "Csc"),
            Map.entry("arcsin", "ArcSin"), Map.entry("arccos", "ArcCos"), Map.entry("arctan", "ArcTan"), Map.entry("sinh", "Sinh"),
            Map.entry("cosh", "Cosh"), Map.entry("tanh", "Tanh"), Map.entry("ln", "Log"), Map.entry("log", "Log"),
            Map.entry("lg", "Log10"), Map.entry("exp", "Exp"), Map.entry("abs", "Abs"), Map.entry("sqrt", "Sqrt"),
            Map.entry("max", "Max"), Map.entry("min", "Min"), Map.entry("floor", "Floor"), Map.entry("ceil", "Ceiling"),
            Map.entry("binom", "Binomial"), Map.entry("!", "Factorial"), Map.entry("Re", "Re"), Map.entry("Im", "Im"));
    private static final Set<String> INFIX = Set.of("+", "*", "/", "^");

    private final Map<String, String> names = new HashMap<>();
    private int variables;
    private int bound;

    /** How many variables have been named. */
    int variables() {
        return variables;
    }

    /** The text; empty if there is something in it that is not put to computer algebra. */
    Optional<String> of(Node node) {
        try {
            String text = text(node);
            return text.length() > MAX_LENGTH ? Optional.empty() : Optional.of(text);
        } catch (LatexLexer.Unreadable e) {
            return Optional.empty();
        }
    }

    private String text(Node node) {
        if (node instanceof Num num) {
            return "(" + num.value() + ")";
        } else if (node instanceof Sym sym) {
            return symbol(sym.name());
        } else if (node instanceof Call call) {
            return call(call.op(), call.args());
        }
        throw new LatexLexer.Unreadable("no expression");
    }

    private String symbol(String name) {
        if (names.containsKey(name)) {
            return names.get(name);
        }
        return switch (name) {
            case "pi" -> "Pi";
            case "e" -> "E";
            case "i" -> "I";
            default -> {
                if (Numeric.CONSTANTS.contains(name)) {
                    throw new LatexLexer.Unreadable(name);
                }
                names.put(name, "x" + variables++);
                yield names.get(name);
            }
        };
    }

    private String call(String op, List<Node> args) {
        if (FUNCTIONS.containsKey(op)) {
            return FUNCTIONS.get(op) + args.stream().map(this::text).reduce((a, b) -> a + "," + b).map(a -> "(" + a + ")").orElse("()");
        } else if (INFIX.contains(op)) {
            return "(" + text(args.get(0)) + op + text(args.get(1)) + ")";
        }
        return switch (op) {
            case "neg" -> "(-" + text(args.get(0)) + ")";
            case "percent" -> "(" + text(args.get(0)) + "/100)";
            case "degree" -> "(" + text(args.get(0)) + "*Pi/180)";
            case "ratio" -> "(" + text(args.get(0)) + "/" + text(args.get(1)) + ")";
            case "logb" -> "(Log(" + text(args.get(0)) + ")/Log(" + text(args.get(1)) + "))";
            case "root" -> root(args);
            case "apply", "index" -> unknown(args);
            case "sum", "prod", "int" -> bounded(op, args);
            default -> throw new LatexLexer.Unreadable(op);
        };
    }

    private String root(List<Node> args) {
        boolean odd = args.get(1) instanceof Num n && n.value().isInteger() && n.value().numerator().testBit(0);
        return odd && Numeric.constant(args.get(0)) < 0 ? "(-((-(" + text(args.get(0)) + "))^(1/" + text(args.get(1)) + ")))"
                : "(" + text(args.get(0)) + "^(1/" + text(args.get(1)) + "))";
    }

    /** As in {@link Numeric}: some smooth function. */
    private String unknown(List<Node> args) {
        StringBuilder inner = new StringBuilder(Numeric.coordinate(args.get(0).canonical(), 0).toString());
        for (int i = 1; i < args.size(); i++) {
            inner.append("+(").append(13 + 4 * i).append("/10)*").append(text(args.get(i)));
        }
        return "(3+Sin(" + inner + "))";
    }

    private String bounded(String op, List<Node> args) {
        if (!(args.get(0) instanceof Sym variable)) {
            throw new LatexLexer.Unreadable(op);
        }
        String low = text(args.get(1));
        String high = args.get(2).equals(new Sym("oo")) ? "Infinity" : text(args.get(2));
        String before = names.get(variable.name());
        String name = "k" + bound++;
        names.put(variable.name(), name);
        String body = text(args.get(3));
        names.remove(variable.name());
        if (before != null) {
            names.put(variable.name(), before);
        }
        String function = op.equals("sum") ? "Sum" : op.equals("prod") ? "Product" : "Integrate";
        return function + "(" + body + ",{" + name + "," + low + "," + high + "})";
    }
}
