package answers;

import answers.LatexLexer.Type;
import answers.LatexLexer.Unreadable;
import answers.Node.Call;
import answers.Node.Num;
import answers.Node.Sequence;
import answers.Node.Sym;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What begins with a command: fractions, roots, functions, sums, matrices. */
final class LatexCommands {

    private final Parser in;

    LatexCommands(Parser in) {
        this.in = in;
    }

    Node read(String name) {
        return switch (name) {
            case "frac" -> Node.call("/", in.atom(), in.atom());
            case "binom" -> Node.call("binom", in.atom(), in.atom());
            case "sqrt" -> root();
            case "sum", "prod", "int" -> bounded(name);
            case "begin matrix", "begin det" -> matrix(name.substring(6));
            default -> {
                if (!Vocabulary.FUNCTIONS.contains(name)) {
                    throw new Unreadable(name + " is out of place");
                }
                yield function(name);
            }
        };
    }

    private Node root() {
        Node degree = null;
        if (in.accept("[")) {
            degree = in.sum();
            in.expect("]");
        }
        Node radicand = in.atom();
        return degree == null ? Node.call("sqrt", radicand) : Node.call("root", radicand, degree);
    }

    private Node function(String name) {
        Node base = in.accept("_") ? in.atom() : null;
        Node exponent = in.accept("^") ? (in.is("-") ? in.factor(true) : in.atom()) : null;
        base = base == null && in.accept("_") ? in.atom() : base;
        Node argument = in.is("(") || in.is("{") || in.is("[") || in.is("|") ? in.atom() : argument();
        List<Node> arguments = argument instanceof Sequence sequence ? sequence.items() : List.of(argument);
        Node call = base == null ? new Call(name, arguments) : Node.call("logb", argument, base);
        if (base != null && !name.equals("log")) {
            throw new Unreadable(name + " with an index");
        }
        if (exponent instanceof Num num && num.value().equals(Rational.of(-1))) {
            return new Call("arc" + name, arguments);
        }
        return exponent == null ? call : Node.call("^", call, exponent);
    }

    /** The factors behind a function up to the next function or sign: sin 2x. */
    private Node argument() {
        Node node = in.factor(true);
        while (in.peek().type() == Type.NAME || in.peek().type() == Type.COMMAND && Set.of("frac", "sqrt").contains(in.peek().text())) {
            node = Node.call("*", node, in.factor(false));
        }
        if (in.is("/") && in.tokens.get(in.at + 1).type() == Type.NUMBER) {
            in.at++;
            node = Node.call("/", node, in.factor(false));
        }
        return node;
    }

    /** A sum, product or integral with bounds: {@code in.sum(variable, low, high, body)}. */
    private Node bounded(String name) {
        in.expect("_");
        boolean brace = in.accept("{");
        Node variable = new Sym("");
        if (!name.equals("int")) {
            variable = in.atom();
            in.expect("=");
        }
        Node low = brace ? in.sum() : in.atom();
        if (brace) {
            in.expect("}");
        }
        in.expect("^");
        Node high = in.atom();
        Node body = name.equals("int") ? in.sum() : in.product();
        return name.equals("int") ? integral(low, high, body) : Node.call(name, variable, low, high, body);
    }

    private Node integral(Node low, Node high, Node body) {
        if (body instanceof Call product && product.op().equals("*") && product.args().get(1) instanceof Sym variable) {
            Node rest = product.args().get(0);
            if (rest.equals(new Sym("d"))) {
                return Node.call("int", variable, low, high, Node.integer(1));
            } else if (rest instanceof Call inner && inner.op().equals("*") && inner.args().get(1).equals(new Sym("d"))) {
                return Node.call("int", variable, low, high, inner.args().get(0));
            }
        }
        throw new Unreadable("an integral without dx");
    }

    private Node matrix(String kind) {
        List<List<Node>> rows = new ArrayList<>();
        List<Node> row = new ArrayList<>();
        while (!in.peek().text().startsWith("end ")) {
            row.add(in.relation());
            if (!in.accept("&")) {
                rows.add(List.copyOf(row));
                row.clear();
                if (!in.peek().text().startsWith("end ")) {
                    in.expect("\\\\");
                    while (in.accept("\\\\")) {
                        continue;
                    }
                }
            }
        }
        in.at++;
        if (rows.isEmpty() || rows.stream().anyMatch(r -> r.size() != rows.get(0).size())) {
            throw new Unreadable("rows of different lengths");
        }
        Node matrix = new Node.Matrix(List.copyOf(rows));
        if (rows.size() == 1 && rows.get(0).size() == 1) {
            return rows.get(0).get(0);
        }
        return kind.equals("det") ? Node.call("det", matrix) : matrix;
    }
}
